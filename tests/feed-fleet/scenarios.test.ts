import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { FeedFleet } from "./feed-fleet.ts";
import { median, type Report, runScenario } from "./scenario.ts";

const SUCCESS_LEAST = 0.9999;
const AMPLIFICATION_MOST = 1.2;
const BURST = 30;

describe("a feed whose history has three instances, under a steady load", () => {
  it("loses no call when one is killed, and tries only those again that it had", async () => {
    await using fleet = await FeedFleet.start();
    const report = await runScenario(fleet, (load) => {
      load.burst(BURST);
      process.kill(fleet.pids[0]!, "SIGKILL");
    });
    assertKept(report);
    const { sent, outstanding } = report;
    assert.ok(sent.retries > 0 && sent.retries <= outstanding, textOf(report));
  });
});

function assertKept(report: Report): void {
  const { success, sent, settled, normalMs } = report;
  assert.ok(success >= SUCCESS_LEAST, textOf(report));
  assert.ok(sent.amplification <= AMPLIFICATION_MOST, textOf(report));
  // Of the windows the middle one: whatever else the machine does is late in one or two of them, a
  // fault that is not got over in all.
  assert.ok(median(settled) <= normalMs, textOf(report));
}

function textOf(report: Report): string {
  return JSON.stringify({ ...report, failed: report.failed.slice(0, 5) }, undefined, 1);
}
