/** What becomes of those who wait when the queue does not get shorter. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { SeededRandom, ServiceError, stack } from "@holdfast/core";
import { VirtualClock } from "@holdfast/sim";
import { deadlineFilter } from "../deadline/filter.ts";
import {
  FixedCapacity,
  type LoadedCall,
  type LoadResult,
  runLoad,
} from "../load-shed/testing/loaded-service.ts";
import { HeldService, settled, watch } from "../testing/held-service.ts";
import { ConcurrencyLimit } from "./filter.ts";
import type { ConcurrencyLimitOptions } from "./options.ts";

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

  it("keeps the throughput and the latency whatever comes", async () => {
    for (const { workers, workMs, forMs } of [
      { workers: 8, workMs: 10, forMs: 3_000 },
      { workers: 10, workMs: 1_000, forMs: 200_000 },
    ]) {
      for (const load of [1.5, 3]) {
        const { goodputPerSecond, p99Ms, refusedP99Ms, late } = await overload(
          { workers, workMs, forMs, load },
          {},
        );
        const what = `${workers} × ${workMs} ms, load ${load}`;
        assert.ok(goodputPerSecond * workMs >= 0.95 * workers * 1000, what);
        assert.ok(p99Ms <= 2 * workMs, `${what}: ${p99Ms}`);
        assert.ok(refusedP99Ms <= 1.5 * workMs, `${what}: ${refusedP99Ms}`);
        assert.equal(late, 0);
      }
    }
  });

  it("serves nobody in time when it is first come, first served", async () => {
    const service = { workers: 8, workMs: 10, forMs: 3_000, load: 1.5 };
    const result = await overload(service, { queueStandingMs: Infinity });
    assert.ok(result.goodputPerSecond < 0.1 * 800);
    assert.ok(result.late > 0.9 * result.calls);
  });
});

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

async function overload(
  service: { workers: number; workMs: number; forMs: number; load: number },
  options: Partial<ConcurrencyLimitOptions>,
): Promise<LoadResult> {
  const { workers, workMs, forMs, load } = service;
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
  const callsPerSecond = (load * workers * 1000) / workMs;
  const times = { forMs, measuredFromMs: forMs / 4, timeoutMs: 20 * workMs };
  return runLoad(clock, guarded, { callsPerSecond, ...times }, random);
}
