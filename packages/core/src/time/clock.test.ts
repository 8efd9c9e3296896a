import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { after, every, sleep } from "./clock.ts";
import { ManualClock } from "./manual-clock.ts";

describe("ManualClock", () => {
  it("stands still until it is moved, and then by exactly that much", () => {
    const clock = new ManualClock(1_000_000);
    assert.deepEqual([clock.nowMs(), clock.epochMs()], [0, 1_000_000]);
    clock.advance(12.5);
    assert.deepEqual([clock.nowMs(), clock.epochMs()], [12.5, 1_000_012.5]);
  });

  it("shows every entry the time at which it was due, also one that schedules more", () => {
    const clock = new ManualClock();
    const seen: number[] = [];
    after(clock, 10, () => {
      seen.push(clock.nowMs());
      after(clock, 5, () => seen.push(clock.nowMs()));
    });
    clock.advance(100);
    assert.deepEqual(seen, [10, 15]);
    assert.equal(clock.nowMs(), 100);
  });

  it("is never early when a due time has a fraction", () => {
    const clock = new ManualClock();
    const seen: number[] = [];
    after(clock, 10.2, () => seen.push(clock.nowMs()));
    clock.advance(10.9);
    assert.deepEqual(seen, []);
    clock.advance(0.1);
    assert.deepEqual(seen, [11]);
  });

  it("lets what waits for a promise go on between two moments", async () => {
    const clock = new ManualClock();
    const seen: number[] = [];
    const waiting = (async (): Promise<void> => {
      for (let round = 0; round < 3; round++) {
        await sleep(clock, 10);
        seen.push(clock.nowMs());
      }
    })();
    await clock.advanceAndSettle(100);
    await waiting;
    assert.deepEqual(seen, [10, 20, 30]);
    assert.equal(clock.nowMs(), 100);
  });

  it("calls after the turn what was asked for in it", async () => {
    const clock = new ManualClock();
    const seen: string[] = [];
    clock.afterTurn(() => seen.push("after"));
    await Promise.resolve();
    seen.push("turn");
    await clock.advanceAndSettle(0);
    assert.deepEqual(seen, ["turn", "after"]);
  });
});

describe("after", () => {
  it("calls once, and not after it was taken back", () => {
    const clock = new ManualClock();
    let called = 0;
    const takeBack = after(clock, 10, () => called++);
    after(clock, 10, () => called++);
    takeBack();
    takeBack();
    clock.advance(1_000);
    assert.equal(called, 1);
    assert.equal(clock.scheduledCount, 0);
  });
});

describe("every", () => {
  it("calls again and again until it is taken back, also from inside", () => {
    const clock = new ManualClock();
    const seen: number[] = [];
    const stop = every(clock, 10, () => {
      seen.push(clock.nowMs());
      if (seen.length === 3) stop();
    });
    clock.advance(1_000);
    assert.deepEqual(seen, [10, 20, 30]);
    assert.equal(clock.scheduledCount, 0);
  });
});
