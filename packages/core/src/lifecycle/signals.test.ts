import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import { describe, it } from "node:test";
import { ManualClock } from "../time/manual-clock.ts";
import { Lifecycle } from "./lifecycle.ts";
import type { LifecyclePart, ShutdownReport } from "./part.ts";
import { handleSignals } from "./signals.ts";

class FakeProcess extends EventEmitter {
  readonly exits: number[] = [];

  exit(code: number): void {
    this.exits.push(code);
  }
}

async function fixture(part: Partial<LifecyclePart>): Promise<{
  clock: ManualClock;
  process: FakeProcess;
  lifecycle: Lifecycle;
  reports: ShutdownReport[];
  takeAway: () => void;
}> {
  const clock = new ManualClock();
  const process = new FakeProcess();
  const lifecycle = new Lifecycle([{ name: "server", ...part }], { clock });
  const reports: ShutdownReport[] = [];
  const onStopped = (report: ShutdownReport): void => void reports.push(report);
  const takeAway = handleSignals(process, lifecycle, { onStopped });
  await lifecycle.start();
  return { clock, process, lifecycle, reports, takeAway };
}

describe("handleSignals", () => {
  it("drains at the first signal and exits with 0 after the report", async () => {
    for (const signal of ["SIGTERM", "SIGINT"]) {
      const { clock, process, reports } = await fixture({ drain: () => ({ cut: 2 }) });
      process.emit(signal);
      await clock.advanceAndSettle(0);
      assert.deepEqual(process.exits, [0]);
      assert.deepEqual([reports[0]?.reason, reports[0]?.cut], [signal, 2]);
    }
  });

  it("exits at once at the second signal", async () => {
    const { clock, process, takeAway } = await fixture({ drain: () => new Promise(() => {}) });
    process.emit("SIGTERM");
    await clock.advanceAndSettle(0);
    assert.deepEqual(process.exits, []);
    process.emit("SIGTERM");
    assert.deepEqual(process.exits, [143]);
    process.emit("SIGINT");
    assert.deepEqual(process.exits, [143, 130]);
    takeAway();
  });

  it("exits with 1 when a part failed", async () => {
    const stop = (): Promise<void> => Promise.reject(new Error("cannot flush"));
    const { clock, process } = await fixture({ stop });
    process.emit("SIGTERM");
    await clock.advanceAndSettle(0);
    assert.deepEqual(process.exits, [1]);
  });

  it("exits too when the lifecycle ends for another reason", async () => {
    const { clock, process, lifecycle, reports } = await fixture({});
    await lifecycle.shutdown("asked by an operator");
    await clock.advanceAndSettle(0);
    assert.deepEqual(process.exits, [0]);
    assert.equal(reports[0]?.reason, "asked by an operator");
  });

  it("leaves nothing behind when it is taken away", async () => {
    const { clock, process, lifecycle, takeAway } = await fixture({});
    takeAway();
    assert.deepEqual(process.eventNames(), []);
    await lifecycle.stop("end of the test");
    await clock.advanceAndSettle(0);
    assert.deepEqual(process.exits, []);
  });
});
