import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  avoidedInstancesKey,
  type Context,
  retriesKey,
  SeededRandom,
  ServiceError,
  stack,
} from "@holdfast/core";
import { RetryBudget } from "../retry/budget.ts";
import { Retry } from "../retry/filter.ts";
import { HeldService, settled, watch } from "../testing/held-service.ts";
import { keyedCalls } from "../testing/keyed-calls.ts";
import { Hedge } from "./filter.ts";
import { checkHedgeFits, completeHedgeOptions, type HedgeOptions } from "./options.ts";
import { tryRecordKey } from "./try-record.ts";

describe("a hedge", () => {
  it("sends no second try before it knows how long calls take", async () => {
    const { far, call, hedge } = hedged({ samplesMin: 100 });
    await answerAll(far, call, 50, 10);
    assert.deepEqual(
      [hedge.snapshot().methods[0]!.delayMs, hedge.snapshot().methods[0]!.samples],
      [undefined, 50],
    );
    call("get late");
    await far.clock.advanceAndSettle(10_000);
    assert.equal(far.calls.length, 51);
  });

  it("sends a second try when most calls would have answered, to another instance", async () => {
    const { far, call, delayMs } = await warm();
    assert.ok(delayMs >= 10 && delayMs <= 11.5, `${delayMs}`);
    const outcome = call("get late");
    far.last.context.get(tryRecordKey)!.instanceId = "one";
    await far.clock.advanceAndSettle(9);
    assert.equal(far.fresh.length, 1);
    await far.clock.advanceAndSettle(4);
    const [first, second] = far.fresh;
    assert.deepEqual(
      [second!.context.get(retriesKey), second!.context.get(avoidedInstancesKey)],
      [1, ["one"]],
    );
    second!.answer("quick");
    await settled();
    assert.equal(outcome.value, "quick");
    assert.equal(first!.context.cancelled?.code, "cancelled");
    assert.equal(far.clock.scheduledCount, 0);
  });

  it("takes the first try's answer when it comes after all, and cancels the second", async () => {
    const { far, call, hedge } = await warm();
    const outcome = call("get late");
    await far.clock.advanceAndSettle(20);
    const [first, second] = far.fresh;
    first!.answer("after all");
    await settled();
    assert.equal(outcome.value, "after all");
    assert.match(second!.context.cancelled!.message, /another try .* was faster/);
    assert.equal(first!.context.cancelled, undefined);
    second!.answer("too late");
    await settled();
    const { sent, won } = hedge.snapshot().methods[0]!;
    assert.deepEqual({ sent, won }, { sent: 1, won: 0 });
  });

  it("does not stop at one failure while the other try may still succeed", async () => {
    for (const failing of [0, 1]) {
      const { far, call } = await warm();
      const outcome = call("get late");
      await far.clock.advanceAndSettle(20);
      far.fresh[failing]!.fail(new ServiceError("unavailable", "gone"));
      await settled();
      assert.equal(outcome.settled, "no");
      far.fresh[1 - failing]!.answer("fine");
      await settled();
      assert.equal(outcome.value, "fine");
    }
  });

  it("fails with the first try's error when both fail, and with the furthest work", async () => {
    const { far, call } = await warm();
    const outcome = call("get late");
    await far.clock.advanceAndSettle(20);
    far.fresh[1]!.fail(new ServiceError("unavailable", "second", { workStarted: "maybe" }));
    far.fresh[0]!.fail(new ServiceError("overloaded", "first", { workStarted: "no" }));
    await settled();
    const { code, message, workStarted } = outcome.error as ServiceError;
    assert.deepEqual([code, workStarted], ["overloaded", "maybe"]);
    assert.match(message, /^first/);
    assert.equal(far.clock.scheduledCount, 0);
  });

  it("fails at once with a first try that fails before there is a second", async () => {
    const { far, call } = await warm();
    const outcome = call("get a");
    const error = new ServiceError("unavailable", "gone");
    far.last.fail(error);
    await settled();
    assert.equal(outcome.error, error);
    assert.equal(far.clock.scheduledCount, 0);
  });

  it("takes what every instance would say for an answer", async () => {
    const { far, call } = await warm();
    for (const error of [new Error("no such user"), new ServiceError("not-found", "none")]) {
      const outcome = call("get late");
      await far.clock.advanceAndSettle(20);
      far.last.fail(error);
      await settled();
      assert.equal(outcome.error, error);
      assert.equal(far.calls.at(-2)!.context.cancelled?.code, "cancelled");
    }
  });

  it("leaves calls alone that are not idempotent, and those that are tries already", async () => {
    const { far, call } = await warm();
    call("put a");
    call("get a", far.context().withValue(retriesKey, 1));
    await far.clock.advanceAndSettle(1_000);
    assert.equal(far.fresh.length, 2);
  });

  it("is paid for by the budget", async () => {
    const { far, call, hedge } = await warm({}, { startTokens: 1.5, tokensPerSecond: 0 });
    for (let count = 0; count < 5; count++) call("get late");
    await far.clock.advanceAndSettle(50);
    // 40 calls to warm up and 5 late ones are worth 9, and 1.5 was there.
    const before = far.fresh.length;
    assert.equal(before, 10);
    for (let count = 0; count < 20; count++) call("get late");
    await far.clock.advanceAndSettle(50);
    assert.equal(far.fresh.length - before - 20, 9);
    assert.equal(hedge.snapshot().methods[0]!.refused.budget, 11);
  });

  it("does not send what cannot be answered in time", async () => {
    const { far, call } = await warm({ usefulMinMs: 50 });
    call("get a", far.context(40));
    await far.clock.advanceAndSettle(39);
    assert.equal(far.fresh.length, 1);
  });

  it("ends with the caller, at once", async () => {
    const { far, call } = await warm();
    const { context, cancel } = far.context().withCancel();
    const outcome = call("get late", context);
    await far.clock.advanceAndSettle(20);
    const reason = new ServiceError("cancelled", "the caller left");
    cancel(reason);
    await settled();
    assert.equal(outcome.error, reason);
    assert.deepEqual(
      far.fresh.map((one) => one.context.cancelled),
      [reason, reason],
    );
    assert.equal(far.clock.scheduledCount, 0);
  });

  it("follows the latency, also when second tries hide how slow the first were", async () => {
    const { far, call, hedge, delayMs } = await warm();
    for (let count = 0; count < 40; count++) {
      call("get slower");
      await far.clock.advanceAndSettle(80);
      far.last.answer("fine");
    }
    await far.clock.advanceAndSettle(1_000);
    assert.ok(hedge.snapshot().methods[0]!.delayMs! > delayMs * 3);
  });

  it("does not wait longer because some calls are never answered", async () => {
    const { far, call, hedge, delayMs } = await warm();
    for (let count = 0; count < 20; count++) {
      call("get hangs", far.context(1_000));
      await far.clock.advanceAndSettle(1_000);
      const late = new ServiceError("deadline-exceeded", "late");
      for (const one of far.fresh.slice(-2)) one.fail(late);
      await settled();
    }
    assert.ok(hedge.snapshot().methods[0]!.delayMs! <= delayMs);
  });

  it("fills its budget itself when nobody gave it one", async () => {
    const far = new HedgedService();
    const hedge = new Hedge<string, string>({ clock: far.clock, traits: keyedCalls() });
    const before = hedge.snapshot().budget.balance;
    for (let count = 0; count < 100; count++) {
      watch(hedge.filter(far.context(), "put a", far.service));
    }
    assert.equal(hedge.snapshot().budget.balance, before + 20);
  });

  it("is off when it is told so, from the next call on", async () => {
    let options = completeHedgeOptions({ samplesMin: 10 });
    const far = new HedgedService();
    const live = { version: 0, of: () => options };
    const hedge = new Hedge<string, string>({ clock: far.clock, traits: keyedCalls(), live });
    const call = (name: string) => watch(hedge.filter(far.context(), name, far.service));
    await answerAll(far, call, 20, 10);
    options = completeHedgeOptions({ enabled: false });
    call("get a");
    await far.clock.advanceAndSettle(1_000);
    assert.equal(far.calls.length, 21);
  });

  it("shares its budget with the retries above it, and leaves their tries alone", async () => {
    const far = new HedgedService();
    const { clock } = far;
    const traits = keyedCalls();
    const retry = new Retry<string, string>({ clock, traits, random: new SeededRandom(1) });
    const { budget } = retry;
    const options = { samplesMin: 10 };
    const hedge = new Hedge<string, string>({ clock, traits, budget }, options);
    const service = stack<string, string>(
      [
        { role: "retry", why: "", filter: retry.filter },
        { role: "hedge", why: "", filter: hedge.filter },
      ],
      far.service,
    );
    const call = (name: string) => watch(service(far.context(), name));
    await answerAll(far, call, 20, 10);
    far.mark();
    const outcome = call("get a");
    far.last.fail(new ServiceError("unavailable", "gone"));
    await clock.advanceAndSettle(500);
    assert.equal(far.fresh.length, 2, "the retry is not hedged");
    far.last.answer("fine");
    await settled();
    assert.equal(outcome.value, "fine");
    assert.equal(budget.snapshot().spent, 1);
  });

  it("refuses options that make no sense, with both numbers", () => {
    assert.throws(() => completeHedgeOptions({ quantile: 1 }), /quantile is 1/);
    assert.throws(() => completeHedgeOptions({ windowMs: 10 }), /windowMs is 10/);
    assert.throws(
      () => completeHedgeOptions({ windowMs: 1_000, refreshMs: 2_000 }),
      /refreshMs 2000 is above windowMs 1000/,
    );
    const slow = completeHedgeOptions({ delayMinMs: 1_000 });
    assert.throws(() => checkHedgeFits(slow, 1_000), /delayMinMs 1000 .* callTimeoutMs 1000/);
    assert.doesNotThrow(() => checkHedgeFits({ ...slow, enabled: false }, 1_000));
  });
});

class HedgedService extends HeldService {
  private marked = 0;

  mark(): void {
    this.marked = this.calls.length;
  }

  /** Those that came since the mark. */
  get fresh() {
    return this.calls.slice(this.marked);
  }

  get last() {
    return this.calls.at(-1)!;
  }
}

type Made = ReturnType<typeof hedged>;

async function answerAll(
  far: HeldService,
  call: (name: string) => unknown,
  count: number,
  ms: number,
) {
  for (let index = 0; index < count; index++) {
    call("get a");
    await far.clock.advanceAndSettle(ms);
    far.calls.at(-1)!.answer("fine");
    await settled();
  }
}

/** A hedge that has seen 40 calls of 10 ms. */
async function warm(
  options: Partial<HedgeOptions> = {},
  budgetOptions: ConstructorParameters<typeof RetryBudget>[1] = {},
): Promise<Made & { delayMs: number }> {
  const made = hedged({ samplesMin: 20, refreshMs: 100, ...options }, budgetOptions);
  await answerAll(made.far, made.call, 40, 10);
  made.far.mark();
  return { ...made, delayMs: made.hedge.snapshot().methods[0]!.delayMs! };
}

function hedged(
  options: Partial<HedgeOptions>,
  budgetOptions: ConstructorParameters<typeof RetryBudget>[1] = {},
) {
  const far = new HedgedService();
  const { clock } = far;
  const budget = new RetryBudget({ clock }, { windowMs: 600_000, ...budgetOptions });
  const hedge = new Hedge<string, string>({ clock, traits: keyedCalls(), budget }, options);
  const call = (name: string, context: Context = far.context()) => {
    budget.deposit();
    return watch(hedge.filter(context, name, far.service));
  };
  return { far, call, hedge };
}
