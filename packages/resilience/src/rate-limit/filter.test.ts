import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  type Context,
  createContext,
  type LiveOptions,
  ManualClock,
  ServiceError,
} from "@holdfast/core";
import fc from "fast-check";
import { settled, watch } from "../testing/held-service.ts";
import { keyedCalls } from "../testing/keyed-calls.ts";
import { RateLimit } from "./filter.ts";
import {
  completeRateLimitOptions,
  type RateLimitLiveOptions,
  type RateLimitOptions,
} from "./options.ts";

describe("the rate limit", () => {
  it("lets a burst pass, and then as many calls as the rate says", () => {
    const { clock, admits } = limited({ methodCallsPerSecond: 10, methodBurst: 3 });
    assert.deepEqual([1, 2, 3, 4, 5].map(admits), [true, true, true, false, false]);
    clock.advance(99);
    assert.equal(admits(), false);
    clock.advance(1);
    assert.deepEqual([admits(), admits()], [true, false]);
    clock.advance(60_000);
    assert.deepEqual([1, 2, 3, 4].map(admits), [true, true, true, false], "a full bucket is full");
  });

  it("says that no work began, and when there will be a token", () => {
    const { clock, admits, refusal } = limited({ methodCallsPerSecond: 3, methodBurst: 2 });
    admits();
    admits();
    const { code, workStarted, retryable, retryAfterMs, message } = refusal();
    assert.deepEqual([code, workStarted, retryable], ["overloaded", "no", true]);
    assert.equal(retryAfterMs, 334);
    assert.equal(message, "more than 3 calls a second of get");
    clock.advance(333);
    assert.equal(admits(), false);
    clock.advance(1);
    assert.equal(admits(), true);
  });

  it("keeps methods apart, and callers", () => {
    const { admits } = limited({ callerCallsPerSecond: 1, callerBurst: 1 });
    assert.deepEqual([admits("get", "a"), admits("get", "a")], [true, false]);
    assert.equal(admits("get", "b"), true);
    assert.equal(admits("put", "a"), true);
  });

  it("takes a token of both or of neither", () => {
    const { clock, admits, refusal } = limited({
      methodCallsPerSecond: 1,
      methodBurst: 2,
      callerCallsPerSecond: 1,
      callerBurst: 1,
    });
    assert.equal(admits("get", "a"), true);
    const error = refusal("get", "a");
    assert.match(error.message, /get by this caller/);
    assert.equal(admits("get", "b"), true, "what was refused took no token of the method");
    assert.equal(admits("get", "c"), false);
    clock.advance(1_000);
    assert.equal(admits("get", "c"), true, "what was refused took no token of the caller");
  });

  it("says how long to wait for both tokens", () => {
    const { admits, refusal } = limited({
      methodCallsPerSecond: 10,
      methodBurst: 1,
      callerCallsPerSecond: 2,
      callerBurst: 1,
    });
    admits("get", "a");
    assert.equal(refusal("get", "a").retryAfterMs, 500);
    assert.equal(refusal("get", "b").retryAfterMs, 100);
  });

  it("admits no more than rate × time + burst in any stretch of any schedule", () => {
    const rates = fc.record({
      methodCallsPerSecond: fc.double({ min: 0.1, max: 2_000, noNaN: true }),
      methodBurst: fc.integer({ min: 1, max: 20 }),
      callerCallsPerSecond: fc.double({ min: 0.1, max: 2_000, noNaN: true }),
      callerBurst: fc.integer({ min: 1, max: 20 }),
    });
    const step = fc.record({
      waitMs: fc.oneof(fc.constant(0), fc.double({ min: 0, max: 500, noNaN: true })),
      calls: fc.integer({ min: 1, max: 30 }),
      caller: fc.constantFrom("a", "b"),
    });
    fc.assert(
      fc.property(rates, fc.array(step, { maxLength: 30 }), (options, steps) => {
        const { clock, admits } = limited(options);
        const admitted: { readonly atMs: number; readonly caller: string }[] = [];
        for (const { waitMs, calls, caller } of steps) {
          clock.advance(waitMs);
          for (let call = 0; call < calls; call++) {
            if (admits("get", caller)) admitted.push({ atMs: clock.nowMs(), caller });
          }
        }
        checkBound(admitted, options.methodCallsPerSecond, options.methodBurst);
        for (const caller of ["a", "b"]) {
          const own = admitted.filter((each) => each.caller === caller);
          checkBound(own, options.callerCallsPerSecond, options.callerBurst);
        }
      }),
      { numRuns: 300 },
    );
  });

  it("admits whoever keeps to the rate, for ever", () => {
    const { clock, admits } = limited({ methodCallsPerSecond: 7, methodBurst: 1 });
    for (let call = 0; call < 5_000; call++) {
      assert.equal(admits(), true, `call ${call}`);
      clock.advance(1000 / 7 + 1e-6);
    }
  });

  it("admits at once whoever waited for as long as it was told", () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0.1, max: 5_000, noNaN: true }),
        fc.integer({ min: 1, max: 50 }),
        (methodCallsPerSecond, methodBurst) => {
          const { clock, admits, refusal } = limited({ methodCallsPerSecond, methodBurst });
          for (let call = 0; call < methodBurst; call++) admits();
          clock.advance(refusal().retryAfterMs!);
          assert.equal(admits(), true);
        },
      ),
    );
  });

  it("lets everything pass in dark mode, and counts what it would refuse", () => {
    const { limit, admits } = limited({ methodCallsPerSecond: 1, methodBurst: 2, mode: "dark" });
    assert.deepEqual([1, 2, 3, 4, 5].map(admits), [true, true, true, true, true]);
    const { admitted, refused, wouldRefuse } = limit.snapshot().methods[0]!;
    assert.deepEqual(
      { admitted, refused, wouldRefuse },
      { admitted: 2, refused: 0, wouldRefuse: 3 },
    );
  });

  it("allocates nothing for what it admits", () => {
    const clock = new ManualClock();
    const key = { caller: "feed", callee: "history", method: "get" };
    const limit = new RateLimit<string, string>(
      { clock, traits: { keyOf: () => key } },
      { methodCallsPerSecond: 1e9, methodBurst: 1e9, callerCallsPerSecond: 1e9, callerBurst: 1e9 },
    );
    const context = createContext({ clock, caller: "feed" });
    const send = (calls: number): void => {
      for (let call = 0; call < calls; call++) limit.enter(context, "get a");
    };
    // The interpreter and what the compilers need are not what is asked about: the best of some.
    let grownBytes = Infinity;
    for (let round = 0; round < 8; round++) {
      const beforeBytes = process.memoryUsage().heapUsed;
      send(500_000);
      grownBytes = Math.min(grownBytes, Math.abs(process.memoryUsage().heapUsed - beforeBytes));
    }
    // The smallest object is 12 bytes.
    assert.ok(grownBytes < 500_000 * 4, `${grownBytes} bytes`);
  });

  it("does not ask for the time where there is no limit", () => {
    const { live, admits, asked } = limited({});
    assert.equal(admits(), true);
    assert.equal(asked(), 0);
    live.change({ methodCallsPerSecond: 1 });
    assert.equal(admits(), true);
    assert.ok(asked() > 0);
  });
});

describe("the callers of a rate limit", () => {
  const options = { callerCallsPerSecond: 1, callerBurst: 2, callersMax: 50 };

  it("are not forgotten while they have spent something, whoever else comes", () => {
    const { admits } = limited(options);
    assert.deepEqual(
      [1, 2, 3].map(() => admits("get", "runs wild")),
      [true, true, false],
    );
    for (let name = 0; name < 5_000; name++) admits("get", `made up ${name}`);
    assert.equal(admits("get", "runs wild"), false);
  });

  it("get one share between them when they come in a flood of new names", () => {
    const { limit, admits } = limited(options);
    let admitted = 0;
    for (let name = 0; name < 5_000; name++) if (admits("get", `made up ${name}`)) admitted++;
    assert.equal(admitted, 50 + 2, "one for each place, and the burst of the shared bucket");
    const { callers, sharedCalls } = limit.snapshot().methods[0]!;
    assert.deepEqual({ callers, sharedCalls }, { callers: 50, sharedCalls: 4_950 });
  });

  it("do not lose their own share to such a flood while they keep calling", () => {
    const { clock, admits } = limited(options);
    admits("get", "old");
    for (let second = 0; second < 20; second++) {
      for (let name = 0; name < 200; name++) admits("get", `${second} ${name}`);
      assert.equal(admits("get", "old"), true, `second ${second}`);
      clock.advance(1_000);
    }
  });

  it("make room when they have been quiet", () => {
    const { limit, clock, admits } = limited(options);
    for (let name = 0; name < 50; name++) admits("get", `old ${name}`);
    clock.advance(1_000);
    for (let name = 0; name < 50; name++) assert.equal(admits("get", `new ${name}`), true);
    assert.equal(limit.snapshot().methods[0]!.sharedCalls, 0);
    assert.equal(limit.snapshot().methods[0]!.callers, 50);
  });

  it("with a very long name share a bucket, since names are kept", () => {
    const { limit, admits } = limited(options);
    admits("get", "x".repeat(257));
    assert.equal(limit.snapshot().methods[0]!.callers, 0);
  });

  it("are whoever the parts say", () => {
    const clock = new ManualClock();
    const limit = new RateLimit<string, string>(
      { clock, traits: keyedCalls(), callerOf: (_context, call) => call.split(" ")[1]! },
      options,
    );
    const context = createContext({ clock });
    for (const [call, fits] of [
      ["get a", true],
      ["get a", true],
      ["get a", false],
      ["get b", true],
    ] as const) {
      if (fits) limit.enter(context, call);
      else assert.throws(() => limit.enter(context, call), ServiceError);
    }
  });
});

describe("the live options of a rate limit", () => {
  it("change while it runs, and spent tokens stay spent", () => {
    const { live, clock, admits } = limited({ methodCallsPerSecond: 1, methodBurst: 4 });
    for (let call = 0; call < 4; call++) admits();
    live.change({ methodCallsPerSecond: 100 });
    assert.equal(admits(), false);
    clock.advance(10);
    assert.deepEqual([admits(), admits()], [true, false]);
    live.change({ methodCallsPerSecond: 1 });
    assert.equal(admits(), false);
    clock.advance(999);
    assert.equal(admits(), false);
    clock.advance(1);
    assert.equal(admits(), true);
    live.change({ mode: "off" });
    assert.equal(admits(), true);
  });

  it("may differ from method to method", () => {
    const clock = new ManualClock();
    const strict = completeRateLimitOptions({ methodCallsPerSecond: 1, methodBurst: 1 });
    const none = completeRateLimitOptions({});
    const live: LiveOptions<RateLimitLiveOptions> = {
      version: 0,
      of: ({ method }) => (method === "get" ? strict : none),
    };
    const limit = new RateLimit<string, string>({ clock, traits: keyedCalls(), live });
    const context = createContext({ clock });
    for (let call = 0; call < 200; call++) limit.enter(context, "put a");
    limit.enter(context, "get a");
    assert.throws(() => limit.enter(context, "get b"), ServiceError);
  });

  it("are refused when they make no sense", () => {
    for (const options of [
      { methodCallsPerSecond: 0 },
      { methodCallsPerSecond: NaN },
      { callerCallsPerSecond: -1 },
      { methodBurst: 0 },
      { callerBurst: 1.5 },
      { callersMax: 0 },
      { keysMax: 0 },
      { mode: "sometimes" as "on" },
    ]) {
      assert.throws(() => limited(options), RangeError, JSON.stringify(options));
    }
  });
});

it("refuses as a filter without calling what is below", async () => {
  const clock = new ManualClock();
  const limit = new RateLimit<string, string>(
    { clock, traits: keyedCalls() },
    { methodCallsPerSecond: 1, methodBurst: 1 },
  );
  let called = 0;
  const call = () =>
    watch(
      limit.filter(createContext({ clock }), "get a", () => {
        called++;
        return Promise.resolve("fine");
      }),
    );
  const outcomes = [call(), call()];
  await settled();
  assert.equal(called, 1);
  assert.equal(outcomes[0]!.value, "fine");
  assert.equal((outcomes[1]!.error as ServiceError).code, "overloaded");
});

function limited(options: Partial<RateLimitOptions>) {
  const clock = new AskedClock();
  const live = new ChangingOptions(options);
  const limit = new RateLimit<string, string>({ clock, traits: keyedCalls(), live }, options);
  const contexts = new Map<string, Context>();
  const enter = (method: string, caller: string): void => {
    const context = contexts.get(caller) ?? createContext({ clock, caller });
    contexts.set(caller, context);
    limit.enter(context, `${method} something`);
  };
  const refusal = (method = "get", caller = "feed"): ServiceError => {
    try {
      enter(method, caller);
    } catch (error) {
      assert.ok(error instanceof ServiceError);
      return error;
    }
    return assert.fail("it was admitted");
  };
  const admits = (method: unknown = "get", caller: unknown = "feed"): boolean => {
    try {
      enter(typeof method === "string" ? method : "get", typeof caller === "string" ? caller : "a");
      return true;
    } catch (error) {
      assert.ok(error instanceof ServiceError);
      return false;
    }
  };
  return { limit, live, clock, admits, refusal, asked: () => clock.asked };
}

class ChangingOptions implements LiveOptions<RateLimitLiveOptions> {
  version = 0;
  private options: RateLimitOptions;

  constructor(options: Partial<RateLimitOptions>) {
    this.options = completeRateLimitOptions(options);
  }

  of(): RateLimitLiveOptions {
    return this.options;
  }

  change(options: Partial<RateLimitLiveOptions>): void {
    this.version++;
    this.options = completeRateLimitOptions({ ...this.options, ...options });
  }
}

class AskedClock extends ManualClock {
  asked = 0;

  override nowMs(): number {
    this.asked++;
    return super.nowMs();
  }
}

function checkBound(
  admitted: readonly { readonly atMs: number }[],
  callsPerSecond: number,
  burst: number,
): void {
  for (let from = 0; from < admitted.length; from++) {
    for (let to = from; to < admitted.length; to++) {
      const seconds = (admitted[to]!.atMs - admitted[from]!.atMs) / 1000;
      const count = to - from + 1;
      assert.ok(count <= callsPerSecond * seconds + burst + 1e-6, `${count} in ${seconds} s`);
    }
  }
}
