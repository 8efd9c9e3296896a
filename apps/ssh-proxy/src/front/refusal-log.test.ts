import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ManualClock, MemoryLogger } from "holdfast";
import { RefusalLog } from "./refusal-log.ts";

function start() {
  const clock = new ManualClock();
  const logger = new MemoryLogger();
  const log = new RefusalLog(clock, logger);
  const refuse = (count: number, reason = "penalty"): void => {
    for (let done = 0; done < count; done++) log.refused(reason, "why not");
  };
  const sums = (): unknown[] =>
    logger.lines.map(({ fields }) => fields?.["more"]).filter((more) => more !== undefined);
  return { clock, logger, log, refuse, sums };
}

describe("the log of refusals", () => {
  it("says each, while they are few", () => {
    const { clock, logger, refuse, sums } = start();
    refuse(10);
    clock.advance(1_000);
    refuse(10);
    clock.advance(5_000);
    assert.equal(logger.lines.length, 20);
    assert.deepEqual(logger.lines[0]!.fields, { reason: "penalty", why: "why not" });
    assert.deepEqual(sums(), []);
  });

  it("counts the rest of each second, for each reason", () => {
    const { clock, logger, refuse, sums } = start();
    refuse(1_000);
    refuse(15, "source");
    assert.equal(logger.lines.length, 20);
    clock.advance(1_000);
    assert.deepEqual(sums(), [990, 5]);
    refuse(1);
    assert.equal(logger.lines.length, 23, "a new second begins anew");
  });

  it("says at its end what it has counted, and leaves no timer", () => {
    const { clock, log, refuse, sums } = start();
    refuse(12);
    log.close();
    assert.deepEqual(sums(), [2]);
    refuse(3);
    log.close();
    clock.advance(5_000);
    assert.deepEqual(sums(), [2]);
  });
});
