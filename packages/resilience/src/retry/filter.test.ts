import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  avoidedInstancesKey,
  type Context,
  type LiveOptions,
  retriesKey,
  SeededRandom,
  ServiceError,
  type ServiceErrorOptions,
  StatsRegistry,
} from "@holdfast/core";
import { HeldService, settled, watch } from "../testing/held-service.ts";
import { keyedCalls } from "../testing/keyed-calls.ts";
import { RetryBudget } from "./budget.ts";
import { Retry } from "./filter.ts";
import {
  checkRetryFits,
  completeRetryOptions,
  type RetryLiveOptions,
  type RetryOptions,
} from "./options.ts";

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

describe("a time limit for each try", () => {
  it("tries elsewhere when the first instance does not answer", async () => {
    const { far, call } = retried({ tryTimeoutMs: 100, backoffMinMs: 0 });
    const outcome = call("get a", far.context(1_000));
    await far.clock.advanceAndSettle(102);
    assert.equal(far.calls.length, 2);
    assert.equal(far.calls[0]!.context.cancelled?.code, "deadline-exceeded");
    far.calls[1]!.answer("fine");
    await settled();
    assert.equal(outcome.value, "fine");
    assert.equal(far.clock.scheduledCount, 0);
  });

  it("hears a late answer of a try that was given up, and changes nothing", async () => {
    const { far, call, retry } = retried({ tryTimeoutMs: 100, backoffMinMs: 0 });
    const outcome = call("get a", far.context(1_000));
    await far.clock.advanceAndSettle(102);
    far.calls[0]!.answer("late");
    await settled();
    assert.equal(outcome.settled, "no");
    far.calls[1]!.answer("fine");
    await settled();
    assert.equal(outcome.value, "fine");
    assert.equal(retry.snapshot().methods[0]!.recovered, 1);
  });

  it("ends a call that is not idempotent: the work may have begun", async () => {
    const { far, call } = retried({ tryTimeoutMs: 100 });
    const outcome = call("put a", far.context(1_000));
    await far.clock.advanceAndSettle(102);
    assert.match(String(outcome.error), /no answer within 100 ms/);
    assert.equal(far.calls.length, 1);
  });

  it("learns from whoever sits below which instance it was", async () => {
    const { far, retry } = retried({ tryTimeoutMs: 100, backoffMinMs: 0 });
    const outcome = watch(
      retry.filter(far.context(1_000), "get a", (context, name) => {
        const working = far.service(context, name);
        context.onCancel(({ code }) =>
          far.calls.at(-1)!.fail(new ServiceError(code, "silent", { instanceId: "one" })),
        );
        return working;
      }),
    );
    await far.clock.advanceAndSettle(102);
    assert.equal(far.calls.length, 2);
    far.calls[1]!.answer("fine");
    await settled();
    assert.equal(outcome.value, "fine");
  });

  it("never outlives the call", async () => {
    const { far, call } = retried({ tryTimeoutMs: 100 });
    const outcome = call("get a", far.context(50));
    await far.clock.advanceAndSettle(50);
    assert.equal((outcome.error as ServiceError).code, "deadline-exceeded");
    assert.equal(far.calls.length, 1);
    assert.equal(far.clock.scheduledCount, 0);
  });

  it("passes the caller's reason on at once", async () => {
    const { far, call } = retried({ tryTimeoutMs: 100 });
    const { context, cancel } = far.context(1_000).withCancel();
    const outcome = call("get a", context);
    const reason = new ServiceError("cancelled", "the caller left");
    cancel(reason);
    await settled();
    assert.equal(outcome.error, reason);
    assert.equal(far.calls[0]!.context.cancelled, reason);
    assert.equal(far.clock.scheduledCount, 0);
  });
});

function unavailable(options: ServiceErrorOptions = {}): ServiceError {
  return new ServiceError("unavailable", "gone", options);
}

class FailingService extends HeldService {
  private failed = 0;

  async failLast(error: unknown): Promise<void> {
    this.calls.at(-1)!.fail(error);
    await this.clock.advanceAndSettle(50);
  }

  /** Fails the oldest call that is neither answered nor failed; time for the back-off passes. */
  async failNext(error: unknown, thenMs = 50): Promise<void> {
    this.calls[this.failed++]!.fail(error);
    await this.clock.advanceAndSettle(thenMs);
  }
}

function retried(
  options: Partial<RetryOptions> = {},
  budgetOptions: ConstructorParameters<typeof RetryBudget>[1] = {},
  stats: StatsRegistry = new StatsRegistry(),
  live?: LiveOptions<RetryLiveOptions>,
) {
  const far = new FailingService();
  const { clock } = far;
  const budget = new RetryBudget({ clock }, budgetOptions);
  const random = new SeededRandom(7);
  const parts = { clock, random, traits: keyedCalls(), budget, stats };
  const withLive = live === undefined ? parts : { ...parts, live };
  const retry = new Retry<string, string>(withLive, options);
  const call = (name: string, context: Context = far.context()) =>
    watch(retry.filter(context, name, far.service));
  /** Fails the last try and says how long it took until the next one, in whole ms. */
  const pauses = async (): Promise<number> => {
    const before = far.calls.length;
    far.calls.at(-1)!.fail(unavailable());
    await settled();
    let pauseMs = 0;
    for (; far.calls.length === before && pauseMs < 1_000; pauseMs++) {
      await clock.advanceAndSettle(1);
    }
    return pauseMs;
  };
  return { far, retry, call, pauses };
}
