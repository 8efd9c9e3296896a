import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  type Context,
  type LiveOptions,
  SeededRandom,
  ServiceError,
  type Settler,
} from "@holdfast/core";
import fc from "fast-check";
import { HeldService, settled, watch } from "../testing/held-service.ts";
import { keyedCalls } from "../testing/keyed-calls.ts";
import type { FaultEffect } from "./effect.ts";
import { Fault } from "./filter.ts";
import { completeFaultOptions, type FaultLiveOptions, type FaultRule } from "./options.ts";

const DROP: FaultEffect = { kind: "drop" };

describe("a fault", () => {
  it("does nothing until somebody orders it", async () => {
    const { far, call, fault } = faulty();
    const context = far.context();
    call("get a", context);
    assert.equal(far.calls[0]!.context, context);
    assert.deepEqual(fault.snapshot().active, []);
  });

  it("fails a call with the code it is told, and says that it was on purpose", async () => {
    const { far, call, inject } = faulty();
    inject({ kind: "error", code: "unavailable", workStarted: "no" });
    const outcome = call("get a");
    await settled();
    const { code, message, workStarted } = outcome.error as ServiceError;
    assert.deepEqual([code, workStarted], ["unavailable", "no"]);
    assert.match(message, /fault one: failed on purpose/);
    assert.equal(far.calls.length, 0);
  });

  it("makes a call later", async () => {
    const { far, call, inject } = faulty();
    inject({ kind: "delay", delayMs: 200 });
    const outcome = call("get a");
    await far.clock.advanceAndSettle(199);
    assert.equal(far.calls.length, 0);
    await far.clock.advanceAndSettle(1);
    far.calls[0]!.answer("fine");
    await settled();
    assert.equal(outcome.value, "fine");
    assert.equal(far.clock.scheduledCount, 0);
  });

  it("ends a late call with its caller, and it was never made", async () => {
    const { far, call, inject } = faulty();
    inject({ kind: "delay", delayMs: 200 });
    const outcome = call("get a", far.context(100));
    await far.clock.advanceAndSettle(300);
    const { code, workStarted } = outcome.error as ServiceError;
    assert.deepEqual([code, workStarted], ["deadline-exceeded", "no"]);
    assert.equal(far.calls.length, 0);
    assert.equal(far.clock.scheduledCount, 0);
  });

  it("lets nobody answer a dropped call until its deadline", async () => {
    const { far, call, inject } = faulty();
    inject(DROP);
    const outcome = call("get a", far.context(500));
    await far.clock.advanceAndSettle(499);
    assert.equal(outcome.settled, "no");
    await far.clock.advanceAndSettle(1);
    const { code, workStarted } = outcome.error as ServiceError;
    assert.deepEqual([code, workStarted], ["deadline-exceeded", "maybe"]);
    assert.equal(far.calls.length, 0);
  });

  it("ends a dropped call without a deadline when it is over itself", async () => {
    const { far, call, inject } = faulty();
    inject(DROP, { ttlMs: 1_000 });
    const outcome = call("get a");
    await far.clock.advanceAndSettle(1_000);
    assert.match(String(outcome.error), /fault one: dropped on purpose, and the fault is over/);
    assert.equal(far.clock.scheduledCount, 0);
  });

  it("holds an answer back, a failure too", async () => {
    const { far, call, inject } = faulty();
    inject({ kind: "slow-read", delayMs: 300 });
    const outcomes = [call("get a"), call("get b")];
    far.calls[0]!.answer("fine");
    const error = new Error("no luck");
    far.calls[1]!.fail(error);
    await settled();
    await far.clock.advanceAndSettle(299);
    assert.deepEqual(
      outcomes.map(({ settled: how }) => how),
      ["no", "no"],
    );
    await far.clock.advanceAndSettle(1);
    assert.deepEqual([outcomes[0]!.value, outcomes[1]!.error], ["fine", error]);
  });

  it("hits the share of calls that it is told to", async () => {
    const { far, call, inject, fault } = faulty();
    inject(DROP, { share: 0.2 });
    for (let count = 0; count < 1_000; count++) call("get a", far.context(10));
    const hits = 1_000 - far.calls.length;
    assert.ok(hits > 150 && hits < 250, `${hits}`);
    assert.equal(fault.snapshot().hits, hits);
    await far.clock.advanceAndSettle(10);
  });

  for (const [match, hit] of [
    [{}, ["get a", "getAll b", "put c"]],
    [{ method: "get" }, ["get a"]],
    [{ method: "get*" }, ["get a", "getAll b"]],
    [{ callee: "hist*", method: "put" }, ["put c"]],
    [{ caller: "other" }, []],
    [{ callee: "history", caller: "feed" }, ["get a", "getAll b", "put c"]],
  ] as const) {
    it(`hits ${hit.length === 0 ? "nothing" : hit.join(", ")} for ${JSON.stringify(match)}`, () => {
      const { far, call, inject } = faulty();
      inject(DROP, { match });
      const calls = ["get a", "getAll b", "put c"];
      for (const each of calls) call(each);
      assert.deepEqual(
        calls.filter((each) => !far.names.includes(each)),
        hit,
      );
    });
  }

  it("is over after its time to live, and shows how long it has", () => {
    const { far, call, inject, fault } = faulty();
    inject(DROP, { ttlMs: 1_000 });
    far.clock.advance(400);
    call("get a");
    const [state] = fault.snapshot().active;
    assert.deepEqual([state!.id, state!.leftMs, state!.hits], ["one", 600, 1]);
    far.clock.advance(600);
    call("get b");
    assert.deepEqual(far.names, ["get b"]);
    assert.deepEqual(fault.snapshot().active, []);
    assert.equal(fault.snapshot().hits, 1);
  });

  it("can be ended early, replaced, and cleared with the others", () => {
    const { far, call, inject, fault } = faulty();
    const end = inject(DROP);
    inject({ kind: "error", code: "internal" });
    assert.equal(fault.snapshot().active.length, 1, "the same id");
    end();
    assert.equal(fault.snapshot().active.length, 1, "another one stands there now");
    fault.inject({ id: "two", effect: DROP, ttlMs: 1_000 });
    fault.clear();
    call("get a");
    assert.deepEqual(far.names, ["get a"]);
  });

  it("is refused when it makes no sense, or when there are too many", () => {
    const { fault } = faulty({ faultsMax: 2, ttlMaxMs: 5_000 });
    const refused = (rule: Partial<FaultRule>, pattern: RegExp): void =>
      assert.throws(() => fault.inject({ id: "x", effect: DROP, ttlMs: 1_000, ...rule }), pattern);
    refused({ ttlMs: 5_001 }, /ttlMs of x is 5001; it must be from 1 to ttlMaxMs 5000/);
    refused({ ttlMs: NaN }, /ttlMs of x is NaN/);
    refused({ share: 0 }, /share of x is 0/);
    refused({ id: "" }, /id has 0 letters/);
    refused({ effect: { kind: "delay", delayMs: 0 } }, /delayMs of x is 0/);
    refused({ effect: { kind: "error", code: "odd" as "internal" } }, /code of x is odd/);
    for (const id of ["one", "two"]) fault.inject({ id, effect: DROP, ttlMs: 1_000 });
    refused({}, /x would be fault 3 of 2/);
    assert.throws(() => completeFaultOptions({ ttlMaxMs: 0 }), /ttlMaxMs is 0/);
  });
});

describe("a fault of the configuration", () => {
  const ordered = (more: Partial<FaultLiveOptions> = {}) => {
    let options: FaultLiveOptions = completeFaultOptions({});
    const made = faulty({ ttlMaxMs: 10_000 }, { version: 0, of: () => options });
    const { clock } = made.far;
    const order = (ttlMs: number): void => {
      const untilEpochMs = clock.epochMs() + ttlMs;
      options = completeFaultOptions({ kind: "drop", untilEpochMs, ...more });
    };
    return { ...made, order };
  };

  it("lives until the moment that it names, and no longer than it may", () => {
    for (const [ttlMs, livesMs] of [
      [2_000, 2_000],
      [999_999, 10_000],
    ] as const) {
      const { far, call, order, fault } = ordered();
      order(ttlMs);
      call("get a");
      assert.equal(fault.snapshot().active[0]!.leftMs, livesMs);
      far.clock.advance(livesMs - 1);
      call("get b");
      assert.deepEqual(far.names, []);
      far.clock.advance(1);
      call("get c");
      assert.deepEqual(far.names, ["get c"]);
      assert.deepEqual(fault.snapshot().active, []);
    }
  });

  it("does not come back when its moment has passed", () => {
    const { far, call, order } = ordered();
    order(-1);
    call("get a");
    assert.deepEqual(far.names, ["get a"]);
  });

  it("does what it says to the share that it says", async () => {
    const { far, call, order } = ordered({ kind: "error", code: "overloaded", share: 0.5 });
    order(1_000);
    const outcomes = Array.from({ length: 100 }, () => call("get a"));
    await settled();
    const failed = outcomes.filter(({ settled: how }) => how === "rejected");
    assert.equal(failed.length + far.calls.length, 100);
    assert.ok(failed.length > 25 && failed.length < 75);
    assert.equal((failed[0]!.error as ServiceError).code, "overloaded");
  });
});

it("leaves no call without an end and no timer behind, on any schedule", () => {
  const effects = fc.constantFrom<FaultEffect>(
    DROP,
    { kind: "delay", delayMs: 70 },
    { kind: "slow-read", delayMs: 70 },
    { kind: "error", code: "internal" },
  );
  const event = fc.record({
    kind: fc.constantFrom("call", "call", "answer", "fail", "cancel", "time", "inject", "clear"),
    at: fc.nat(100),
    effect: effects,
  });
  fc.assert(
    fc.property(fc.array(event, { maxLength: 80 }), (events) => {
      const { far, fault } = faulty();
      const open: Settler<string>[] = [];
      const counts: number[] = [];
      const cancels: ((reason: ServiceError) => void)[] = [];
      for (const { kind, at, effect } of events) {
        if (kind === "time") far.clock.advance(at);
        else if (kind === "clear") fault.clear();
        else if (kind === "inject") {
          fault.inject({ id: String(at % 3), effect, ttlMs: at + 1, share: 0.7 });
        } else if (kind === "cancel") {
          cancels[at % cancels.length]?.(new ServiceError("cancelled", "the caller left"));
        } else if (kind === "call") {
          const index = counts.push(0) - 1;
          const { context, cancel } = far.context(at % 2 === 0 ? at : Infinity).withCancel();
          cancels.push(cancel);
          const count = (): void => void counts[index]!++;
          const settler = { succeed: count, fail: count };
          fault.filter.direct!(context, "get a", (_, __, below) => open.push(below), settler);
        } else {
          const [one] = open.splice(at % Math.max(1, open.length), 1);
          if (kind === "answer") one?.succeed("fine");
          else one?.fail(new Error("no luck"));
        }
      }
      for (let round = 0; round < 3; round++) {
        for (const one of open.splice(0)) one.succeed("the end");
        far.clock.advance(1_000);
      }
      assert.deepEqual(new Set(counts), new Set(counts.length === 0 ? [] : [1]));
      assert.equal(far.clock.scheduledCount, 0);
    }),
    { numRuns: 300 },
  );
});

function faulty(
  options: Parameters<typeof completeFaultOptions>[0] = {},
  live?: LiveOptions<FaultLiveOptions>,
) {
  const far = new HeldService();
  const { clock } = far;
  const parts = { clock, random: new SeededRandom(11), traits: keyedCalls() };
  const fault = new Fault<string, string>(live === undefined ? parts : { ...parts, live }, options);
  const call = (name: string, context: Context = far.context()) =>
    watch(fault.filter(context, name, far.service));
  const inject = (effect: FaultEffect, more: Partial<FaultRule> = {}) =>
    fault.inject({ id: "one", effect, ttlMs: 60_000, ...more });
  return { far, fault, call, inject };
}
