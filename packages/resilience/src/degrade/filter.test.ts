import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type Context, SeededRandom, ServiceError, stack } from "@holdfast/core";
import fc from "fast-check";
import { deadlineFilter } from "../deadline/filter.ts";
import { HeldService, settled, watch } from "../testing/held-service.ts";
import { keyedCalls } from "../testing/keyed-calls.ts";
import { Degrade, type DegradeParts } from "./filter.ts";
import { completeDegradeOptions, type DegradeOptions } from "./options.ts";
import { ReplyMarks, replyMarksKey } from "./reply-marks.ts";

describe("degradation", () => {
  it("is off until somebody switches it on", async () => {
    const { call, failLast } = degraded({});
    const outcome = call("get a");
    const error = await failLast("unavailable");
    assert.equal(outcome.error, error);
  });

  it("gives a fixed value to a call that fails, marks it and counts it", async () => {
    const { call, failLast, marks, counts } = degraded({ mode: "value", value: "empty" });
    const outcome = call("get a");
    await failLast("unavailable");
    assert.equal(outcome.value, "empty");
    const { mode, because, ageMs, key } = marks.lastDegraded!;
    assert.deepEqual(
      { mode, because, ageMs, method: key.method },
      { mode: "value", because: "unavailable", ageMs: undefined, method: "get" },
    );
    assert.equal(marks.isDegraded, true);
    assert.equal(counts().degraded.value, 1);
  });

  it("makes the value into a reply where the reply is not JSON", async () => {
    const readValue = (_key: unknown, value: unknown): string => {
      if (typeof value !== "number") throw new TypeError("no number");
      return "x".repeat(value);
    };
    const fine = degraded({ mode: "value", value: 3 }, { readValue });
    const outcome = fine.call("get a");
    await fine.failLast("unavailable");
    assert.equal(outcome.value, "xxx");
    const odd = degraded({ mode: "value", value: "three" }, { readValue });
    const failed = odd.call("get a");
    assert.equal(await odd.failLast("unavailable"), failed.error);
    assert.equal(odd.counts().withoutFallback, 1);
  });

  it("touches neither a good reply nor its mark", async () => {
    const { far, call, marks } = degraded({ mode: "value", value: "empty" });
    const outcome = call("get a");
    far.calls[0]!.answer("fine");
    await settled();
    assert.deepEqual([outcome.value, marks.isDegraded], ["fine", false]);
  });

  for (const code of ["internal", "invalid", "not-found", "cancelled"] as const) {
    it(`does not cover ${code} up`, async () => {
      const { call, failLast } = degraded({ mode: "value" });
      const outcome = call("get a");
      assert.equal(await failLast(code), outcome.error);
    });
  }

  it("takes an exception of the application for an answer", async () => {
    const { far, call } = degraded({ mode: "value" });
    const outcome = call("get a");
    const error = new Error("no such user");
    far.calls[0]!.fail(error);
    await settled();
    assert.equal(outcome.error, error);
  });

  it("covers a callee that is late when it stands above the deadline", async () => {
    const { far, degrade } = degraded({ mode: "value", value: "empty" });
    const service = stack<string, string>(
      [
        { role: "degrade", why: "", filter: degrade.filter },
        {
          role: "timeout",
          why: "",
          filter: (context, call, next) => next(context.withTimeout(50), call),
        },
        { role: "deadline", why: "", filter: deadlineFilter() },
      ],
      far.service,
    );
    const outcome = watch(service(far.context(), "get a"));
    await far.clock.advanceAndSettle(50);
    assert.equal(outcome.value, "empty");
  });

  it("gives nothing to a caller who has gone", async () => {
    const { far, call, failLast, marks } = degraded({ mode: "value", value: "empty" });
    const { context, cancel } = far.context().withCancel();
    const outcome = call("get a", context);
    cancel(new ServiceError("cancelled", "the caller left"));
    assert.equal(await failLast("unavailable"), outcome.error);
    assert.equal(marks.isDegraded, false);
  });

  it("drops the part of calls that it is told to", async () => {
    const { far, call, counts } = degraded({ dropRatio: 0.3 });
    const outcomes = Array.from({ length: 1_000 }, () => call("get a"));
    await settled();
    const dropped = outcomes.filter(({ settled: how }) => how === "rejected");
    assert.ok(dropped.length > 250 && dropped.length < 350, `${dropped.length}`);
    assert.equal(far.calls.length + dropped.length, 1_000);
    assert.equal(counts().dropped, dropped.length);
    const { code, workStarted, message } = dropped[0]!.error as ServiceError;
    assert.deepEqual([code, workStarted], ["degraded", "no"]);
    assert.match(message, /history.get is degraded: 30 % of its calls are not made/);
  });

  it("gives dropped calls the fallback", async () => {
    const { far, call, marks } = degraded({ dropRatio: 1, mode: "value", value: "empty" });
    const outcome = call("get a");
    await settled();
    assert.equal(outcome.value, "empty");
    assert.equal(marks.lastDegraded!.because, "degraded");
    assert.equal(far.calls.length, 0);
  });

  it("drops nothing in the dark, and counts what it would drop", async () => {
    const { far, call, counts } = degraded({ dropRatio: 1, dark: true });
    call("get a");
    assert.equal(far.calls.length, 1);
    assert.deepEqual([counts().dropped, counts().wouldDrop], [0, 1]);
  });

  it("takes live options for one method, from the next call on", async () => {
    const on = completeDegradeOptions({ mode: "value", value: "empty" });
    let options = completeDegradeOptions({});
    const live = {
      version: 0,
      of: ({ method }: { method: string }) =>
        method === "get" ? options : completeDegradeOptions({}),
    };
    const { call, failLast } = degraded({}, { live });
    call("get a");
    options = on;
    await failLast("unavailable");
    const get = call("get a");
    await failLast("unavailable");
    assert.equal(get.value, "empty");
    const put = call("put a");
    await failLast("unavailable");
    assert.equal(put.settled, "rejected");
  });

  it("refuses what makes no sense", () => {
    assert.throws(() => completeDegradeOptions({ dropRatio: 1.1 }), /dropRatio is 1.1/);
    assert.throws(() => completeDegradeOptions({ lastGoodMax: 0 }), /lastGoodMax is 0/);
    assert.throws(() => degraded({ mode: "function" }), /mode function needs a fallback function/);
    assert.throws(() => degraded({ mode: "last-good" }), /mode last-good needs a lastGoodKey/);
  });
});

describe("a fallback function", () => {
  it("answers instead, knowing the call and why", async () => {
    const fallback = (_: Context, call: string, error: ServiceError): string =>
      `${call}, but ${error.code}`;
    const { call, failLast, marks } = degraded({ mode: "function" }, { fallback });
    const outcome = call("get a");
    await failLast("overloaded");
    assert.equal(outcome.value, "get a, but overloaded");
    assert.equal(marks.lastDegraded!.mode, "function");
  });

  it("may take a moment, and no longer: then the call fails as it failed", async () => {
    const { promise } = Promise.withResolvers<string>();
    let within: Context | undefined = undefined;
    const fallback = (context: Context): Promise<string> => {
      within = context;
      return promise;
    };
    const { far, call, failLast, counts } = degraded({ mode: "function" }, { fallback });
    const outcome = call("get a");
    const error = await failLast("overloaded");
    assert.equal(outcome.settled, "no");
    await far.clock.advanceAndSettle(100);
    assert.equal(outcome.error, error);
    assert.equal(within!.cancelled?.code, "deadline-exceeded");
    assert.equal(counts().withoutFallback, 1);
    assert.equal(far.clock.scheduledCount, 0);
  });

  it("that fails leaves the error of the call", async () => {
    const fallbacks = [
      () => Promise.reject(new Error("this too")),
      () => {
        throw new Error("this too");
      },
    ];
    for (const fallback of fallbacks) {
      const { far, call, failLast, marks } = degraded({ mode: "function" }, { fallback });
      const outcome = call("get a");
      assert.equal(await failLast("overloaded"), outcome.error);
      assert.equal(marks.isDegraded, false);
      assert.equal(far.clock.scheduledCount, 0);
    }
  });
});

describe("the last good reply", () => {
  const lastGoodKey = (_: Context, call: string): string => call;
  const lastGood = (options: Partial<DegradeOptions> = {}) =>
    degraded({ mode: "last-good", ...options }, { lastGoodKey });

  it("is given again, with its age, to the same call only", async () => {
    const { far, call, failLast, answerLast, marks } = lastGood();
    call("get a");
    await answerLast("of a");
    far.clock.advance(500);
    const again = call("get a");
    await failLast("unavailable");
    assert.deepEqual([again.value, marks.lastDegraded!.ageMs], ["of a", 500]);
    const other = call("get b");
    await failLast("unavailable");
    assert.equal((other.error as ServiceError).code, "unavailable");
  });

  it("is not given when it is too old", async () => {
    const { far, call, failLast, answerLast, counts } = lastGood({ lastGoodMaxAgeMs: 1_000 });
    call("get a");
    await answerLast("of a");
    far.clock.advance(1_001);
    const again = call("get a");
    await failLast("unavailable");
    assert.equal(again.settled, "rejected");
    assert.deepEqual([counts().withoutFallback, counts().lastGood], [1, 0]);
  });

  it("is kept for so many calls only, the oldest goes first", async () => {
    const { call, failLast, answerLast, counts } = lastGood({ lastGoodMax: 2 });
    for (const name of ["get a", "get b", "get a", "get c"]) {
      call(name);
      await answerLast(name);
    }
    assert.equal(counts().lastGood, 2);
    const outcomes = [];
    for (const name of ["get a", "get b", "get c"]) {
      outcomes.push(call(name));
      await failLast("unavailable");
    }
    assert.deepEqual(
      outcomes.map(({ value }) => value),
      ["get a", undefined, "get c"],
    );
  });

  it("is not kept where the key function has no key, or throws", async () => {
    const keys = [
      () => undefined,
      () => "x".repeat(1_001),
      () => {
        throw new Error("no key");
      },
    ];
    for (const keyFunction of keys) {
      const { call, answerLast, counts } = degraded(
        { mode: "last-good" },
        { lastGoodKey: keyFunction },
      );
      const outcome = call("get a");
      await answerLast("fine");
      assert.equal(outcome.value, "fine");
      assert.equal(counts().lastGood, 0);
    }
  });
});

it("settles each call once and marks just the degraded ones, whatever happens", async () => {
  const modes = fc.constantFrom("off", "value", "function", "last-good");
  const codes = fc.constantFrom("unavailable", "internal", "answer");
  await fc.assert(
    fc.asyncProperty(
      modes,
      fc.constantFrom(0, 0.5, 1),
      fc.array(fc.record({ code: codes, name: fc.constantFrom("get a", "get b") })),
      async (mode, dropRatio, events) => {
        const made = degraded(
          { mode, dropRatio, value: "other" },
          { lastGoodKey: (_, call) => call, fallback: () => Promise.resolve("other") },
        );
        let ended = 0;
        let fellBack = 0;
        for (const { code, name } of events) {
          const marksBefore = made.marks.degradedCount;
          const outcome = made.call(name);
          const wasSent = made.far.calls.length > ended;
          if (wasSent && code === "answer") await made.answerLast("fine");
          else if (wasSent) await made.failLast(code as "unavailable" | "internal");
          else await settled();
          ended = made.far.calls.length;
          assert.notEqual(outcome.settled, "no");
          const isMarked = made.marks.degradedCount > marksBefore;
          fellBack += isMarked ? 1 : 0;
          const isOwn = wasSent && code === "answer";
          assert.equal(outcome.settled === "resolved", isOwn || isMarked);
          assert.ok(!(isOwn && isMarked));
        }
        if (events.length > 0 && (mode !== "off" || dropRatio > 0)) {
          const { degraded: counts } = made.counts();
          assert.equal(counts.value + counts.function + counts["last-good"], fellBack);
        }
        assert.equal(made.far.clock.scheduledCount, 0);
      },
    ),
    { numRuns: 100 },
  );
});

function degraded(
  options: Partial<DegradeOptions>,
  more: Partial<DegradeParts<string, string>> = {},
) {
  const far = new HeldService();
  const { clock } = far;
  const random = new SeededRandom(5);
  const parts = { clock, random, traits: keyedCalls(), ...more };
  const degrade = new Degrade<string, string>(parts, options);
  const marks = new ReplyMarks();
  const call = (name: string, context: Context = far.context()) =>
    watch(degrade.filter(context.withValue(replyMarksKey, marks), name, far.service));
  const failLast = async (code: ServiceError["code"]): Promise<ServiceError> => {
    const error = new ServiceError(code, "no luck");
    far.calls.at(-1)!.fail(error);
    await settled();
    return error;
  };
  const answerLast = async (reply: string): Promise<void> => {
    far.calls.at(-1)!.answer(reply);
    await settled();
  };
  const counts = () => degrade.snapshot().methods[0]!;
  return { far, degrade, call, failLast, answerLast, marks, counts };
}
