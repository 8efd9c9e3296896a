/** What becomes of those who wait when the queue does not get shorter. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { PRIORITY, priorityKey, SeededRandom, ServiceError, stack } from "@holdfast/core";
import { VirtualClock } from "@holdfast/sim";
import { deadlineFilter } from "../deadline/filter.ts";
import { FixedCapacity, type LoadedCall, runLoad } from "../load-shed/testing/loaded-service.ts";
import { HeldService, settled, watch } from "../testing/held-service.ts";
import { ConcurrencyLimit } from "./filter.ts";
import type { ConcurrencyLimitOptions } from "./options.ts";

const SERVICES: readonly Site[] = [
  { workers: 8, workMs: 10, forMs: 4_000 },
  { workers: 10, workMs: 1_000, forMs: 200_000 },
];

describe("a queue that does not empty", () => {
  it("is served first come, first served, while it is a burst", async () => {
    const { far, call, free } = await queued(20);
    for (let turn = 0; turn < 3; turn++) await free(1);
    call("late");
    await free(1);
    assert.deepEqual(far.names, ["0", "1", "2", "3", "4"]);
  });

  it("serves the newest once it has been standing", async () => {
    const { far, call, free } = await queued(20);
    for (let turn = 0; turn < 12; turn++) await free(10);
    call("late");
    await free(1);
    assert.equal(far.names.at(-1), "late");
  });

  it("refuses who waited for longer than half the time of the work, all but the last", async () => {
    const { limit, outcomes, free } = await queued(20);
    for (let turn = 0; turn < 10; turn++) await free(10);
    const refused = outcomes.filter(({ settled: how }) => how === "rejected");
    assert.equal(limit.snapshot().queued, 1);
    assert.equal(limit.snapshot().refused, refused.length);
    assert.ok(refused.length > 3);
    for (const { error } of refused) {
      assert.ok(error instanceof ServiceError);
      assert.deepEqual([error.code, error.workStarted], ["overloaded", "no"]);
      assert.match(error.message, /waited 1\d\d\.\d ms for a slot, more than 5\.0 ms/);
    }
  });

  it("serves the most important first once it has been standing, and not before", async () => {
    const { far, limit, free } = await queued(20);
    const calls = (prefix: string): void => {
      for (const [name, priority] of Object.entries(PRIORITY)) {
        const context = far.context().withValue(priorityKey, priority);
        watch(limit.filter(context, `${prefix} ${name}`, far.service));
      }
    };
    far.clock.advance(1);
    calls("burst");
    for (let turn = 0; turn < 10; turn++) await free(10);
    assert.deepEqual(far.names.slice(1, 10), ["1", "2", "3", "4", "5", "6", "7", "8", "9"]);
    assert.equal(far.names.at(-1), "burst critical");
    calls("late");
    for (let turn = 0; turn < 4; turn++) await free(1);
    const order = ["critical", "important", "normal", "sheddable"];
    assert.deepEqual(
      far.names.slice(-4),
      order.map((name) => `late ${name}`),
    );
  });

  it("takes a priority that nobody knows for a normal one", async () => {
    const { far, limit, free } = await queued(1);
    const context = far.context().withValue(priorityKey, 17 as 1);
    watch(limit.filter(context, "odd", far.service));
    await free(1);
    assert.deepEqual(far.names, ["0", "odd"]);
  });

  it("is a burst again after it has been empty", async () => {
    const { far, limit, call, free } = await queued(20);
    for (let turn = 0; turn < 14; turn++) await free(10);
    assert.equal(limit.snapshot().queued, 0);
    far.clock.advance(2_000);
    const before = far.names.length;
    for (const name of ["x", "y", "z"]) call(name);
    await free(1);
    assert.deepEqual(far.names.slice(before), ["x", "y"]);
  });

  for (const service of SERVICES) {
    for (const load of [0.8, 0.9, 1, 1.5, 2]) {
      const title = `${service.workers} × ${service.workMs} ms, load ${load}`;
      it(`keeps the throughput and the latency: ${title}`, async (test) => {
        const ours = await run(service, load, {});
        const oldest = await run(service, load, { queueStandingMs: Infinity });
        const newest = await run(service, load, { queuePatienceMs: 60_000 });
        test.diagnostic(`${title} | ${cells(oldest)} | ${cells(newest)} | ${cells(ours)}`);
        assert.equal(ours.late, 0, "nobody waits in vain");
        assert.ok(ours.goodput >= Math.min(load * 0.92, 0.95) - (load === 1 ? 0.07 : 0));
        assert.ok(ours.p99 <= 3, `${ours.p99}`);
        if (load > 1) {
          assert.ok(ours.goodput > 0.97 && ours.p99 < 2 && ours.refusedP99 < 1.5);
          assert.ok(oldest.goodput < 0.1 && oldest.late > 0.9, "first come, served too late");
          assert.ok(newest.late > 0.2, "the oldest wait for nothing");
        }
      });
    }
  }
});

/** The time until callers give up is twenty times that of the work. */
interface Site {
  readonly workers: number;
  readonly workMs: number;
  readonly forMs: number;
}

/** In parts of the capacity, of the time of the work, and of all calls. */
interface Relative {
  readonly goodput: number;
  readonly p50: number;
  readonly p99: number;
  readonly refusedP99: number;
  readonly late: number;
}

function cells({ goodput, p50, p99, late }: Relative): string {
  const percent = (part: number): string => `${(part * 100).toFixed(0)} %`;
  return `${percent(goodput)} / ${p50.toFixed(1)} / ${p99.toFixed(1)} / ${percent(late)}`;
}

/** One slot, and so many calls of which all but one wait; each 10 ms the next may be let in. */
async function queued(calls: number) {
  const far = new HeldService();
  const limit = new ConcurrencyLimit<string, string>({ callsMax: 1, queueMax: 100 });
  const call = (name: string) => watch(limit.filter(far.context(), name, far.service));
  const outcomes = Array.from({ length: calls }, (_, index) => call(String(index)));
  const free = async (afterMs: number): Promise<void> => {
    far.clock.advance(afterMs);
    far.calls.at(-1)!.answer("fine");
    await settled();
  };
  await settled();
  return { far, limit, call, outcomes, free };
}

async function run(
  { workers, workMs, forMs }: Site,
  load: number,
  options: Partial<ConcurrencyLimitOptions>,
): Promise<Relative> {
  const clock = new VirtualClock();
  const random = new SeededRandom(5);
  const work = random.stream("work");
  const far = new FixedCapacity(clock, workers, () => workMs * (0.8 + 0.4 * work.next()));
  const limit = new ConcurrencyLimit<LoadedCall, string>({ callsMax: workers, ...options });
  const guarded = stack<LoadedCall, string>(
    [
      { role: "deadline", why: "", filter: deadlineFilter() },
      { role: "concurrency-limit", why: "", filter: limit.filter },
    ],
    far.service,
  );
  const capacity = (workers * 1000) / workMs;
  const times = { forMs, measuredFromMs: forMs / 4, timeoutMs: 20 * workMs };
  const result = await runLoad(
    clock,
    guarded,
    { callsPerSecond: load * capacity, ...times },
    random,
  );
  return {
    goodput: result.goodputPerSecond / capacity,
    p50: result.p50Ms / workMs,
    p99: result.p99Ms / workMs,
    refusedP99: result.refusedP99Ms / workMs,
    late: result.late / result.calls,
  };
}
