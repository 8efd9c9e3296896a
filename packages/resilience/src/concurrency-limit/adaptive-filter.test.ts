import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type Service, ServiceError, SeededRandom, stack } from "@holdfast/core";
import { VirtualClock } from "@holdfast/sim";
import { deadlineFilter } from "../deadline/filter.ts";
import { FixedCapacity, type LoadedCall, runLoad } from "../load-shed/testing/loaded-service.ts";
import { HeldService, settled, watch } from "../testing/held-service.ts";
import { AdaptiveConcurrencyLimit } from "./adaptive-filter.ts";
import type { AdaptiveConcurrencyLimitOptions } from "./options.ts";

describe("the adaptive concurrency limit", () => {
  it("begins with the limit it is given, and queues and refuses above it", async () => {
    const { far, limit, call } = limited({ callsInitial: 4, queueMax: 1 });
    const outcomes = ["a", "b", "c", "d", "e", "f"].map((name) => call(name));
    await settled();
    assert.deepEqual(far.names, ["a", "b", "c", "d"]);
    assert.equal((outcomes[5]!.error as ServiceError).code, "overloaded");
    assert.equal((outcomes[5]!.error as ServiceError).workStarted, "no");
    far.held("a").answer("fine");
    await settled();
    assert.deepEqual(far.names, ["a", "b", "c", "d", "e"]);
    assert.equal(outcomes[0]!.value, "fine");
    const { calls, queued, refused } = limit.snapshot();
    assert.deepEqual({ calls, queued, refused }, { calls: 4, queued: 0, refused: 1 });
  });

  it("frees the slot when the work ends, not when the caller has given up", async () => {
    const { far, limit } = limited({});
    const guarded = stack<string, string>(
      [
        { role: "deadline", why: "", filter: deadlineFilter() },
        { role: "concurrency-limit", why: "", filter: limit.filter },
      ],
      far.service,
    );
    const outcome = watch(guarded(far.context(10), "a"));
    await far.clock.advanceAndSettle(10);
    assert.equal(outcome.settled, "rejected");
    assert.equal(limit.snapshot().calls, 1);
    far.held("a").fail(new Error("late"));
    await settled();
    assert.equal(limit.snapshot().calls, 0);
  });

  it("gives up waiting at the deadline, and passes on what work throws", async () => {
    const { far, limit, call } = limited({ callsInitial: 4, queueMax: 1 });
    for (const name of ["a", "b", "c", "d"]) call(name);
    const waiting = call("e", 20);
    await far.clock.advanceAndSettle(20);
    assert.equal((waiting.error as ServiceError).code, "deadline-exceeded");
    far.held("a").answer("fine");
    await settled();
    const throwing: Service<string, string> = () => {
      throw new Error("thrown");
    };
    await assert.rejects(limit.filter(far.context(), "b", throwing), /thrown/);
    assert.equal(limit.snapshot().calls, 3);
  });

  it("takes quick failures for no measure of the work", async () => {
    const { far, limit, call } = limited({ windowMs: 1, windowCallsMin: 1 });
    const fail = async (name: string, afterMs: number, error: Error): Promise<void> => {
      call(name);
      far.clock.advance(afterMs);
      far.held(name).fail(error);
      await settled();
    };
    await fail("a", 2, new Error("no luck"));
    await fail("b", 2, new ServiceError("unavailable", "nobody there"));
    assert.equal(limit.snapshot().latencyMs, 0);
    await fail("c", 30, new ServiceError("deadline-exceeded", "too late"));
    await fail("d", 30, new ServiceError("deadline-exceeded", "too late"));
    assert.equal(limit.snapshot().latencyMs, 30);
  });

  it("finds the capacity of a service, and refuses what is above it", async () => {
    const { limit, result } = await overload({}, 2);
    assert.ok(Math.abs(limit.snapshot().limit - 20) <= 6, `${limit.snapshot().limit}`);
    assert.ok(Math.abs(limit.snapshot().baseMs - 10) < 1, `${limit.snapshot().baseMs}`);
    assert.ok(result.goodputPerSecond > 0.95 * 2_000, `${result.goodputPerSecond}`);
    assert.ok(limit.snapshot().probes > 0);
  });

  it("lets everything pass in dark mode, and says what it would have done", async () => {
    const { limit, result } = await overload({ mode: "dark", queueMax: 10 }, 2);
    const { refused, wouldRefuse, probes, calls } = limit.snapshot();
    assert.deepEqual({ refused, probes, calls }, { refused: 0, probes: 0, calls: 0 });
    assert.equal(result.refused, 0);
    assert.ok(wouldRefuse > 100);
  });

  it("changes its range while it runs, and keeps what it has learnt", async () => {
    const { limit, call, far } = limited({});
    for (let index = 0; index < 30; index++) call(`call ${index}`);
    assert.equal(far.names.length, 20);
    limit.configure({ callsMin: 25, callsMax: 50 });
    await settled();
    assert.equal(limit.snapshot().limit, 25);
    assert.equal(far.names.length, 25);
    limit.configure({ callsMin: 2, callsMax: 10 });
    assert.equal(limit.snapshot().limit, 10);
    assert.throws(() => limit.configure({ callsMin: 11 }), /callsMin is 11, above callsMax/);
    assert.equal(limit.options.callsMin, 2);
  });

  it("refuses options that make no sense", () => {
    for (const options of [
      { callsMin: 0 },
      { callsMax: 0 },
      { callsInitial: 3 },
      { callsInitial: 2_000 },
      { smoothing: 0 },
      { smoothing: 1.1 },
      { toleranceRatio: 0.9 },
      { windowMs: 0 },
      { windowCallsMin: 0 },
      { probeIntervalMs: 0 },
      { queueMax: -1 },
    ]) {
      assert.throws(
        () => new AdaptiveConcurrencyLimit(options),
        RangeError,
        JSON.stringify(options),
      );
    }
  });
});

function limited(options: Partial<AdaptiveConcurrencyLimitOptions>) {
  const far = new HeldService();
  const limit = new AdaptiveConcurrencyLimit<string, string>(options);
  const call = (name: string, timeoutMs?: number) =>
    watch(limit.filter(far.context(timeoutMs), name, far.service));
  return { far, limit, call };
}

/** 20 workers and 10 ms, for four seconds. */
async function overload(options: Partial<AdaptiveConcurrencyLimitOptions>, load: number) {
  const clock = new VirtualClock();
  const random = new SeededRandom(3);
  const work = random.stream("work");
  const far = new FixedCapacity(clock, 20, () => 8 + 4 * work.next());
  const limit = new AdaptiveConcurrencyLimit<LoadedCall, string>(options);
  const service: Service<LoadedCall, string> = (context, call) =>
    limit.filter(context, call, far.service);
  const times = { forMs: 4_000, measuredFromMs: 2_000, timeoutMs: 10_000 };
  const result = await runLoad(clock, service, { callsPerSecond: load * 2_000, ...times }, random);
  return { limit, result };
}
