import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  avoidedInstancesKey,
  retriesKey,
  SeededRandom,
  ServiceError,
  stack,
  StatsRegistry,
} from "@holdfast/core";
import { settled, watch } from "../testing/held-service.ts";
import { keyedCalls } from "../testing/keyed-calls.ts";
import { RetryBudget } from "./budget.ts";
import { Retry } from "./filter.ts";
import { checkRetryFits, completeRetryOptions } from "./options.ts";
import { FailingService, retried, unavailable } from "./testing/retried.ts";

describe("retries", () => {
  it("send a call that succeeds once, in the context it came in", async () => {
    const { far, call } = retried();
    const context = far.context();
    const outcome = call("get a", context);
    assert.equal(far.calls[0]!.context, context);
    far.calls[0]!.answer("fine");
    await settled();
    assert.equal(outcome.value, "fine");
    assert.equal(far.calls.length, 1);
  });

  it("try an idempotent call again, marked, away from the instance that failed", async () => {
    const { far, call, retry } = retried();
    const outcome = call("get a");
    await far.failNext(unavailable({ instanceId: "one" }));
    await far.failNext(unavailable({ instanceId: "two" }));
    far.calls[2]!.answer("fine");
    await settled();
    assert.equal(outcome.value, "fine");
    const marks = far.calls.map(({ context }) => [
      context.get(retriesKey),
      context.get(avoidedInstancesKey),
    ]);
    assert.deepEqual(marks, [
      [0, []],
      [1, ["one"]],
      [2, ["one", "two"]],
    ]);
    const [method] = retry.snapshot().methods;
    assert.deepEqual([method!.retries, method!.recovered], [2, 1]);
    assert.equal(far.clock.scheduledCount, 0);
  });

  it("do not repeat work that may have begun unless that does no harm", async () => {
    const { far, call, retry } = retried();
    const error = unavailable();
    const outcome = call("put a");
    await far.failNext(error);
    assert.equal(outcome.error, error, "as it was thrown");
    assert.equal(retry.snapshot().methods[0]!.refused.unsafe, 1);
  });

  it("try any call again whose work has not begun", async () => {
    const { far, call } = retried();
    const outcome = call("put a");
    await far.failNext(unavailable({ workStarted: "no" }));
    far.calls[1]!.answer("fine");
    await settled();
    assert.equal(outcome.value, "fine");
  });

  for (const code of ["cancelled", "invalid", "not-found", "internal", "breaker-open"] as const) {
    it(`pass ${code} on: the same would fail the same way`, async () => {
      const { far, call } = retried();
      const outcome = call("get a");
      const error = new ServiceError(code, "so it is", { workStarted: "no" });
      await far.failNext(error);
      assert.equal(outcome.error, error);
    });
  }

  it("ask another instance when one is out of order, and only for idempotent calls", async () => {
    const { far, call } = retried();
    const error = new ServiceError("internal", "out of order", { instanceId: "one" });
    const outcome = call("get a");
    await far.failNext(error);
    assert.deepEqual(far.calls[1]!.context.get(avoidedInstancesKey), ["one"]);
    far.calls[1]!.answer("fine");
    await settled();
    assert.equal(outcome.value, "fine");
    const unsafe = retried();
    const other = unsafe.call("put a");
    await unsafe.far.failNext(error);
    assert.equal(other.error, error);
    assert.equal(unsafe.retry.snapshot().methods[0]!.refused.unsafe, 1);
  });

  it("take an exception of the application for an answer", async () => {
    const { far, call, retry } = retried();
    const outcome = call("get a");
    const error = Object.assign(new Error("no such user"), { userId: 7 });
    await far.failNext(error);
    assert.equal(outcome.error, error);
    assert.deepEqual(Object.values(retry.snapshot().methods[0]!.refused), [0, 0, 0, 0, 0, 0]);
  });

  it("know the errors of the system", async () => {
    const { far, call } = retried();
    call("get a");
    await far.failNext(Object.assign(new Error("reset"), { code: "ECONNRESET" }));
    assert.equal(far.calls.length, 2);
  });

  it("fail with the last error, which says how often and why, and the furthest work", async () => {
    const { far, call } = retried();
    const outcome = call("get a");
    await far.failNext(unavailable({ workStarted: "maybe" }));
    await far.failNext(unavailable({ workStarted: "no" }));
    await far.failNext(
      new ServiceError("overloaded", "full", { workStarted: "no", instanceId: "three" }),
    );
    const error = outcome.error as ServiceError;
    assert.equal(error.message, "full (tried 3 times; no more tries)");
    assert.equal(error.workStarted, "maybe", "the first try may have begun");
    assert.deepEqual([error.code, error.instanceId], ["overloaded", "three"]);
  });

  it("do not multiply the retries of somebody further up", async () => {
    const { far, call, retry } = retried();
    const marked = far.context().withValue(retriesKey, 1);
    for (const error of [
      unavailable(),
      new ServiceError("overloaded", "full", { workStarted: "no" }),
    ]) {
      const outcome = call("get a", marked);
      await far.failNext(error);
      assert.equal(outcome.error, error);
    }
    assert.equal(retry.snapshot().methods[0]!.refused.chain, 2);
  });

  it("add up over three levels, and do not multiply", async () => {
    const far = new FailingService();
    const { clock } = far;
    const level = (name: string) => {
      const traits = keyedCalls(name);
      const budget = new RetryBudget({ clock }, { startTokens: 1_000 });
      const retry = new Retry<string, string>({
        clock,
        random: new SeededRandom(1),
        traits,
        budget,
      });
      return { role: name, why: "", filter: retry.filter };
    };
    const service = stack(["a", "b", "c"].map(level), far.service);
    const outcome = watch(service(far.context(), "get a"));
    for (let tries = 0; outcome.settled === "no"; tries++) {
      assert.ok(tries < 27);
      await far.failNext(unavailable(), 100);
    }
    assert.equal(far.calls.length, 1 + 3 * 2);
  });

  it("tell how far the work of any try got, also when the caller's time is over", async () => {
    const { far, call } = retried();
    const outcome = call("get a", far.context(100));
    await far.failNext(unavailable({ workStarted: "maybe" }));
    await far.clock.advanceAndSettle(50);
    await far.failNext(new ServiceError("deadline-exceeded", "late", { workStarted: "no" }));
    assert.equal((outcome.error as ServiceError).workStarted, "maybe");
  });

  it("do find another instance for somebody else's retry that met none", async () => {
    const { far, call } = retried();
    call("get a", far.context().withValue(retriesKey, 1));
    await far.failNext(unavailable({ workStarted: "no" }));
    assert.equal(far.calls[1]!.context.get(retriesKey), 2);
  });

  it("wait for as long as the callee asks, at least", async () => {
    const { far, call } = retried();
    call("get a");
    await far.failNext(unavailable({ retryAfterMs: 300 }), 299);
    assert.equal(far.calls.length, 1);
    await far.clock.advanceAndSettle(11);
    assert.equal(far.calls.length, 2);
  });

  it("pass on at once what asks for more patience than there is", async () => {
    const { far, call, retry } = retried({ retryAfterMaxMs: 1_000 });
    const outcome = call("get a");
    await far.failNext(unavailable({ retryAfterMs: 1_001 }), 0);
    assert.equal(outcome.settled, "rejected");
    assert.equal(retry.snapshot().methods[0]!.refused.time, 1);
  });

  it("wait longer after each try, and never longer than the ceiling", async () => {
    const { far, call, pauses } = retried({ triesMax: 10, backoffMinMs: 8, backoffMaxMs: 100 });
    call("get a");
    for (let tries = 1; tries < 10; tries++) {
      const pauseMs = await pauses();
      assert.ok(pauseMs <= Math.min(100, 8 * 2 ** (tries - 1)) + 1, `${pauseMs} after ${tries}`);
    }
    assert.equal(far.calls.length, 10);
  });

  it("give up when too little time is left for one more try to be of use", async () => {
    const { far, call, retry } = retried({ usefulMinMs: 20 });
    const outcome = call("get a", far.context(100));
    far.clock.advance(81);
    await far.failNext(unavailable(), 0);
    assert.equal((outcome.error as ServiceError).code, "unavailable");
    assert.equal(retry.snapshot().methods[0]!.refused.time, 1);
    assert.equal(retry.snapshot().budget.spent, 0, "and have not taken from the budget");
  });

  it("stop when the budget is empty, and go on when calls have filled it", async () => {
    const { far, call, retry } = retried({}, { startTokens: 1, tokensPerSecond: 0 });
    call("get a");
    await far.failNext(unavailable());
    const second = call("get b");
    await far.failLast(unavailable());
    assert.deepEqual([far.calls.length, second.settled], [3, "rejected"]);
    assert.equal(retry.snapshot().methods[0]!.refused.budget, 1);
    for (let count = 0; count < 4; count++) call("put x");
    call("get c");
    await far.failLast(unavailable());
    assert.equal(far.calls.length, 9, "5 calls pay for a try");
  });

  it("stop waiting the moment the caller gives up", async () => {
    const { far, call } = retried();
    const { context, cancel } = far.context().withCancel();
    const outcome = call("get a", context);
    await far.failNext(unavailable({ retryAfterMs: 1_000 }), 0);
    assert.equal(far.clock.scheduledCount, 1);
    const reason = new ServiceError("cancelled", "the caller left");
    cancel(reason);
    await settled();
    assert.equal(outcome.error, reason);
    assert.equal(far.clock.scheduledCount, 0);
    await far.clock.advanceAndSettle(5_000);
    assert.equal(far.calls.length, 1);
  });

  it("do not try again for a caller who has given up", async () => {
    const { far, call } = retried();
    const { context, cancel } = far.context().withCancel();
    call("get a", context);
    cancel(new ServiceError("cancelled", "the caller left"));
    await far.failNext(unavailable(), 1_000);
    assert.equal(far.calls.length, 1);
  });

  it("are off with one try", async () => {
    const { far, call } = retried({ triesMax: 1 });
    const error = unavailable();
    const outcome = call("get a");
    await far.failNext(error);
    assert.equal(outcome.error, error);
  });

  it("count into the process's metrics", async () => {
    const stats = new StatsRegistry();
    const { far, call } = retried({}, {}, stats);
    call("get a");
    await far.failNext(unavailable());
    const family = stats.counter({
      name: "holdfast_retries",
      help: "?",
      labels: ["service", "method", "result"],
    });
    assert.equal(family.of("history", "get", "sent").value, 1);
  });

  it("take the options that hold when a call begins", async () => {
    let options = completeRetryOptions({ triesMax: 1 });
    const { far, call, retry } = retried({}, {}, undefined, { version: 0, of: () => options });
    call("get a");
    options = completeRetryOptions({ triesMax: 2 });
    await far.failNext(unavailable());
    assert.equal(far.calls.length, 1);
    call("get b");
    await far.failLast(unavailable());
    assert.equal(far.calls.length, 3);
    assert.equal(retry.snapshot().methods[0]!.live.triesMax, 2);
  });

  it("refuse options that make no sense, with both numbers", () => {
    assert.throws(() => completeRetryOptions({ triesMax: 0 }), /triesMax is 0/);
    assert.throws(() => completeRetryOptions({ tryTimeoutMs: 0 }), /tryTimeoutMs is 0/);
    assert.throws(
      () => completeRetryOptions({ backoffMinMs: 50, backoffMaxMs: 20 }),
      /backoffMinMs 50 is above backoffMaxMs 20/,
    );
    const slow = completeRetryOptions({ tryTimeoutMs: 1_000 });
    assert.throws(() => checkRetryFits(slow, 1_000), /tryTimeoutMs 1000 .* callTimeoutMs 1000/);
    assert.doesNotThrow(() => checkRetryFits(slow, 2_000));
    assert.doesNotThrow(() => checkRetryFits({ ...slow, triesMax: 1 }, 1_000));
  });
});
