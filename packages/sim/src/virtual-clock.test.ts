import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { after, every, sleep } from "@holdfast/core";
import { VirtualClock } from "./virtual-clock.ts";

describe("VirtualClock", () => {
  it("stands still until it is told to move", () => {
    const clock = new VirtualClock();
    const epochMs = clock.epochMs();
    assert.equal(clock.nowMs(), 0);
    clock.advance(1500);
    assert.equal(clock.nowMs(), 1500);
    assert.equal(clock.epochMs(), epochMs + 1500);
  });

  it("calls what is due in order of time, each at its time, never early", () => {
    const clock = new VirtualClock();
    const called: [string, number][] = [];
    for (const [name, dueMs] of [
      ["late", 70_000.5],
      ["soon", 0.1],
      ["middle", 12.34],
    ] as const) {
      after(clock, dueMs, () => called.push([name, clock.nowMs()]));
    }
    clock.advance(70_000);
    assert.deepEqual(
      called.map(([name]) => name),
      ["soon", "middle"],
    );
    clock.advance(1);
    assert.equal(called.length, 3);
    for (const [index, dueMs] of [0.1, 12.34, 70_000.5].entries()) {
      const [, calledMs] = called[index]!;
      assert.ok(calledMs >= dueMs && calledMs <= dueMs + 1 / 64, `${calledMs} for ${dueMs}`);
    }
    assert.equal(clock.scheduledCount, 0);
  });

  it("lets promises go on before time does", async () => {
    const clock = new VirtualClock();
    const seen: number[] = [];
    const work = async (): Promise<void> => {
      for (let round = 0; round < 5; round++) {
        await sleep(clock, 10);
        for (let hop = 0; hop < 50; hop++) await Promise.resolve();
        seen.push(clock.nowMs());
      }
    };
    const done = work();
    await clock.run(1000);
    await done;
    assert.deepEqual(seen, [10, 20, 30, 40, 50]);
    assert.equal(clock.nowMs(), 1000);
  });

  it("lets no time pass before afterTurn, however deep it is asked for", async () => {
    const clock = new VirtualClock();
    const seen: number[] = [];
    after(clock, 5, () => {
      void Promise.resolve().then(() => {
        clock.afterTurn(() => {
          seen.push(clock.nowMs());
          clock.afterTurn(() => seen.push(clock.nowMs()));
        });
      });
    });
    after(clock, 5.02, () => seen.push(-1));
    await clock.run(10);
    assert.deepEqual(seen, [5, 5, -1]);
  });

  it("runs afterTurn for those who do not drive it, too", async () => {
    const clock = new VirtualClock();
    await new Promise<void>((resolve) => {
      clock.afterTurn(resolve);
    });
    assert.equal(clock.nowMs(), 0);
  });

  it("runs until idle, and says so when it never is", async () => {
    const clock = new VirtualClock();
    after(clock, 10, () => after(clock, 20, () => {}));
    await clock.runUntilIdle(1000);
    assert.equal(clock.nowMs(), 30);
    const stop = every(clock, 100, () => {});
    await assert.rejects(clock.runUntilIdle(1000), /1 timers are still scheduled after 1000 ms/);
    stop();
    await clock.runUntilIdle(1000);
  });

  it("fails the run in which something due throws", async () => {
    const clock = new VirtualClock();
    after(clock, 1, () => {
      throw new Error("due and wrong");
    });
    await assert.rejects(clock.run(10), /due and wrong/);
  });
});
