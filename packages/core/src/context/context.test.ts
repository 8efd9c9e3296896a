import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ServiceError } from "../error/service-error.ts";
import { SeededRandom } from "../random/random.ts";
import { ManualClock } from "../time/manual-clock.ts";
import { contextKey, createContext } from "./context.ts";
import { RequestIds } from "./request-ids.ts";

const cancelled = (): ServiceError => new ServiceError("cancelled", "given up");

describe("Context", () => {
  it("is over at its deadline, with the code that says so", () => {
    const clock = new ManualClock();
    const context = createContext({ clock }).withTimeout(100);
    assert.equal(context.deadlineMs, 100);
    clock.advance(60);
    assert.equal(context.remainingMs(), 40);
    assert.doesNotThrow(() => context.throwIfCancelled());
    clock.advance(60);
    assert.equal(context.remainingMs(), 0);
    assert.equal(context.cancelled?.code, "deadline-exceeded");
    assert.throws(() => context.throwIfCancelled(), ServiceError);
  });

  it("has no deadline unless it is given one", () => {
    const context = createContext({ clock: new ManualClock() });
    assert.equal(context.deadlineMs, Infinity);
    assert.equal(context.remainingMs(), Infinity);
    assert.equal(context.withTimeout(Infinity), context);
  });

  it("never outlives the one it comes from", () => {
    const clock = new ManualClock();
    const outer = createContext({ clock, deadlineMs: 50 });
    assert.equal(outer.withTimeout(80).deadlineMs, 50);
    assert.equal(outer.withDeadline(20).deadlineMs, 20);
    assert.equal(outer.withCancel().context.deadlineMs, 50);
  });

  it("is over with the reason of the one it comes from, and not the other way round", () => {
    const { context: outer, cancel } = createContext({ clock: new ManualClock() }).withCancel();
    const inner = outer.withTimeout(1_000);
    const sibling = outer.withCancel();
    sibling.cancel(cancelled());
    assert.equal(outer.cancelled, undefined);
    assert.equal(inner.cancelled, undefined);
    const reason = cancelled();
    cancel(reason);
    cancel(cancelled());
    assert.equal(inner.cancelled, reason);
    assert.equal(outer.cancelled, reason);
  });

  it("answers the innermost value, and the fallback where there is none", () => {
    const color = contextKey("color", "none");
    const size = contextKey("size", 0);
    const outer = createContext({ clock: new ManualClock() }).withValue(color, "red");
    const inner = outer.withTimeout(5).withValue(color, "blue").withCancel().context;
    assert.deepEqual([outer.get(color), inner.get(color), inner.get(size)], ["red", "blue", 0]);
  });

  it("keeps its request id and its caller however it is derived", () => {
    const requestIds = new RequestIds(new SeededRandom(1));
    const clock = new ManualClock();
    const context = createContext({ clock, requestIds, caller: "feed" });
    const derived = context.withTimeout(5).withCancel().context.withValue(contextKey("x", 0), 1);
    assert.equal(derived.requestId, context.requestId);
    assert.equal(derived.caller, "feed");
    assert.equal(createContext({ clock, requestIds, requestId: "given" }).requestId, "given");
    assert.equal(createContext({ clock }).requestId, "");
  });

  it("keeps a request id as a number until it is read", () => {
    const requestIds = new RequestIds(new SeededRandom(1));
    const context = createContext({ clock: new ManualClock(), requestIds });
    assert.equal(context.compactRequestId, 1);
    assert.equal(context.requestId, `${requestIds.prefix}-1`);
    assert.equal(context.compactRequestId, context.requestId);
  });

  it("has a signal that is aborted with the reason, also when it is asked for late", () => {
    const clock = new ManualClock();
    const context = createContext({ clock }).withTimeout(10);
    const { signal } = context;
    assert.equal(context.signal, signal);
    assert.equal(signal.aborted, false);
    clock.advance(10);
    assert.equal(signal.aborted, true);
    assert.equal(signal.reason, context.cancelled);
    const late = context.withCancel().context.signal;
    assert.equal(late.reason, context.cancelled);
  });

  it("schedules nothing for a deadline that nobody listens to", () => {
    const clock = new ManualClock();
    const context = createContext({ clock }).withTimeout(10).withTimeout(5);
    assert.equal(context.cancelled, undefined);
    assert.equal(clock.scheduledCount, 0);
    const unlisten = context.onCancel(() => undefined);
    assert.ok(clock.scheduledCount > 0);
    unlisten();
    assert.equal(clock.scheduledCount, 0);
  });
});

describe("RequestIds", () => {
  it("are readable, and differ between processes and within one", () => {
    const ids = [1, 2].map((seed) => new RequestIds(new SeededRandom(seed)));
    const texts = ids.flatMap((one) => [one.format(one.next()), one.format(one.next())]);
    assert.equal(new Set(texts).size, 4);
    for (const text of texts) assert.match(text, /^[0-9a-z]{10}-[0-9a-z]+$/);
  });
});
