import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  createContext,
  ManualClock,
  type Priority,
  PRIORITY,
  priorityKey,
  retriesKey,
  SeededRandom,
  ServiceError,
} from "@holdfast/core";
import { watch, settled } from "../testing/held-service.ts";
import { LoadShed } from "./filter.ts";
import type { LoadShedOptions } from "./options.ts";

describe("the load shedder", () => {
  it("lets everything pass while the process is well, with one timer for all calls", () => {
    const { clock, shed, send } = rig();
    assert.equal(clock.scheduledCount, 0);
    for (let call = 0; call < 100; call++) assert.equal(send(), undefined);
    assert.equal(clock.scheduledCount, 1);
    clock.advance(90);
    for (let call = 0; call < 100; call++) assert.equal(send(), undefined);
    assert.equal(shed.snapshot().share, 0);
  });

  it("lets its timer go when no calls come", () => {
    const { clock, send } = rig();
    send();
    clock.advance(300);
    assert.equal(clock.scheduledCount, 0);
    send();
    assert.equal(clock.scheduledCount, 1);
  });

  it("drops calls while the event loop is late, more and more of them", () => {
    const { clock, shed, run } = rig();
    clock.lateMs = 100;
    const ratios = [1, 2, 3, 4, 5].map(() => run(500).shedRatio);
    assert.deepEqual(ratios, ratios.toSorted());
    assert.ok(ratios[0]! < 0.2 && ratios[4]! > 0.5, ratios.join());
    const { loopDelayMs, pressure, share } = shed.snapshot();
    assert.ok(Math.abs(loopDelayMs - 100) < 5, `${loopDelayMs}`);
    assert.ok(pressure > 3 && share > 0.5);
  });

  it("does not mind one pause of the process", () => {
    const { clock, shed, run } = rig();
    run(500);
    clock.lateMs = 80;
    clock.advance(20);
    clock.lateMs = 0;
    run(500);
    assert.equal(shed.snapshot().share, 0);
  });

  it("drops calls while the queue does not empty", () => {
    const { signals, run } = rig();
    signals.queueAgeMs = 99;
    assert.equal(run(1_000).shedRatio, 0);
    signals.queueAgeMs = 300;
    assert.ok(run(1_000).shedRatio > 0.1);
  });

  it("drops calls while the event loop has nothing in reserve, where that is measured", () => {
    const { signals, run } = rig();
    signals.utilization = 0.97;
    assert.equal(run(1_000).shedRatio, 0);
    signals.utilization = 1;
    assert.ok(run(2_000).shedRatio > 0.03);
  });

  it("stays as it is near the target, and comes back slowly below it", () => {
    const { signals, shed, run } = rig();
    signals.queueAgeMs = 500;
    run(1_000);
    const { share } = shed.snapshot();
    signals.queueAgeMs = 80;
    run(1_000);
    assert.equal(shed.snapshot().share, share);
    signals.queueAgeMs = 60;
    run(1_000);
    const later = shed.snapshot().share;
    assert.ok(later < share && later > share - 0.15, `${share} to ${later}`);
    run(10_000);
    assert.equal(shed.snapshot().share, 0);
    assert.equal(run(1_000).shedRatio, 0);
  });

  it("never drops more than it may", () => {
    const { signals, shed, run } = rig({ shareMax: 0.4 });
    signals.queueAgeMs = 10_000;
    run(10_000);
    assert.equal(shed.snapshot().share, 0.4);
  });

  it("drops the least important first, and retries before first tries", () => {
    const { signals, shed, send, clock } = rig();
    signals.queueAgeMs = 500;
    const kinds = [
      [PRIORITY.sheddable, 0],
      [PRIORITY.normal, 2],
      [PRIORITY.normal, 1],
      [PRIORITY.normal, 0],
      [PRIORITY.important, 0],
      [PRIORITY.critical, 0],
    ] as const;
    const firstMs = kinds.map(() => Infinity);
    for (let ms = 0; ms < 10_000; ms++) {
      clock.advance(1);
      for (const [at, [priority, retries]] of kinds.entries()) {
        const isShed = send(priority, retries) !== undefined;
        if (isShed && firstMs[at] === Infinity) firstMs[at] = ms;
      }
    }
    assert.deepEqual(
      firstMs,
      firstMs.toSorted((a, b) => a - b),
    );
    assert.ok(firstMs[0]! < 400 && firstMs[4]! > firstMs[0]!);
    assert.equal(firstMs[5], Infinity, "nobody drops what is critical");
    const { shareByPriority, shedByPriority } = shed.snapshot();
    assert.equal(shareByPriority.sheddable, 1);
    assert.equal(shareByPriority.critical, 0);
    assert.ok(shedByPriority.sheddable > shedByPriority.important);
    assert.equal(shedByPriority.critical, 0);
  });

  it("takes a priority that nobody knows for a normal one", () => {
    const { signals, shed, send, run } = rig();
    signals.queueAgeMs = 500;
    run(3_000);
    const before = shed.snapshot().shedByPriority.normal;
    for (let call = 0; call < 100; call++) send(17 as Priority, -1);
    assert.ok(shed.snapshot().shedByPriority.normal > before + 20);
    assert.equal(shed.snapshot().shareByPriority.critical, 0);
  });

  it("says that no work began, and when to come again, to each another time", () => {
    const { signals, send, run } = rig({ retryAfterMs: 1_000 });
    signals.queueAgeMs = 500;
    run(3_000);
    const errors = Array.from({ length: 200 }, () => send()).filter((error) => error !== undefined);
    const laterMs = errors.map(({ retryAfterMs }) => retryAfterMs!);
    assert.ok(laterMs.every((ms) => ms >= 500 && ms < 1_500));
    assert.ok(Math.max(...laterMs) - Math.min(...laterMs) > 500);
    const { code, workStarted, retryable, message } = errors[0]!;
    assert.deepEqual([code, workStarted, retryable], ["overloaded", "no", true]);
    assert.match(message, /\d\d % of the calls of priority normal are dropped/);
  });

  it("lets everything pass in dark mode, and counts what it would drop", () => {
    const { signals, shed, run } = rig({ mode: "dark" });
    signals.queueAgeMs = 500;
    assert.equal(run(2_000).shedRatio, 0);
    assert.ok(shed.snapshot().shedByPriority.normal > 100);
  });

  it("does nothing when it is off, from one moment to the next", () => {
    const { clock, signals, shed, run } = rig();
    signals.queueAgeMs = 500;
    assert.ok(run(2_000).shedRatio > 0);
    shed.configure({ mode: "off" });
    assert.equal(clock.scheduledCount, 0);
    assert.equal(run(2_000).shedRatio, 0);
    assert.equal(clock.scheduledCount, 0);
    shed.configure({ mode: "on" });
    assert.ok(run(2_000).shedRatio > 0);
  });

  it("follows new targets while it runs, and refuses those that make no sense", () => {
    const { signals, shed, run } = rig();
    signals.queueAgeMs = 50;
    assert.equal(run(1_000).shedRatio, 0);
    shed.configure({ queueAgeTargetMs: 20 });
    assert.ok(run(1_000).shedRatio > 0);
    assert.throws(() => shed.configure({ queueAgeTargetMs: 0 }), RangeError);
    assert.equal(shed.options.queueAgeTargetMs, 20);
  });

  it("drops the same calls when a run is repeated from its seed", () => {
    const runs = [1, 2].map(() => {
      const { signals, run } = rig();
      signals.queueAgeMs = 300;
      return run(2_000).shed;
    });
    assert.equal(runs[0], runs[1]);
  });

  it("refuses as a filter without calling what is below", async () => {
    const { clock, signals, shed, run } = rig({ shareMax: 1 });
    signals.queueAgeMs = 1_000;
    run(20_000);
    let called = 0;
    const outcomes = Array.from({ length: 50 }, () =>
      watch(
        shed.filter(createContext({ clock }), "call", () => {
          called++;
          return Promise.resolve("fine");
        }),
      ),
    );
    await settled();
    assert.equal(outcomes.filter(({ settled: how }) => how === "resolved").length, called);
    assert.ok(called < 5, `${called}`);
  });

  it("refuses options that make no sense", () => {
    for (const options of [
      { loopDelayTargetMs: 0 },
      { queueAgeTargetMs: -1 },
      { loopUtilizationTarget: NaN },
      { shareMax: 1.1 },
      { retryAfterMs: -1 },
      { samplePeriodMs: 0 },
      { adjustPeriodMs: 20, samplePeriodMs: 30 },
      { mode: "maybe" as "on" },
    ]) {
      assert.throws(() => rig(options), RangeError, JSON.stringify(options));
    }
  });
});

/** Timers come so much later than they should. */
class LateClock extends ManualClock {
  lateMs = 0;

  override nowMs(): number {
    return super.nowMs() + this.lateMs;
  }
}

function rig(options: Partial<LoadShedOptions> = {}) {
  const clock = new LateClock();
  const signals = { queueAgeMs: 0, utilization: 0 };
  const shed = new LoadShed<string, string>(
    {
      clock,
      random: new SeededRandom(1),
      queueAgeMs: () => signals.queueAgeMs,
      loopUtilization: () => signals.utilization,
    },
    options,
  );
  const send = (priority: Priority = PRIORITY.normal, retries = 0): ServiceError | undefined => {
    const context = createContext({ clock })
      .withValue(priorityKey, priority)
      .withValue(retriesKey, retries);
    try {
      shed.enter(context);
      return undefined;
    } catch (error) {
      assert.ok(error instanceof ServiceError);
      return error;
    }
  };
  /** A call each millisecond. */
  const run = (forMs: number): { shed: number; shedRatio: number } => {
    let dropped = 0;
    for (let ms = 0; ms < forMs; ms++) {
      clock.advance(1);
      if (send() !== undefined) dropped++;
    }
    return { shed: dropped, shedRatio: dropped / forMs };
  };
  return { clock, signals, shed, send, run };
}
