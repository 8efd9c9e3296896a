import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  type Context,
  type LiveOptions,
  SeededRandom,
  type Service,
  ServiceError,
  stack,
} from "@holdfast/core";
import type { CallKey, CallTraits } from "../call-traits.ts";
import { HeldService, type Outcome, settled, watch } from "../testing/held-service.ts";
import { CircuitBreaker, type CircuitBreakerParts } from "./filter.ts";
import {
  type CircuitBreakerLiveOptions,
  type CircuitBreakerOptions,
  completeCircuitBreakerLiveOptions,
} from "./options.ts";

for (const form of ["in a stack", "alone"] as const) {
  describe(`the circuit breaker ${form}`, () => {
    const rig = (input: RigOptions = {}): Rig => makeRig(form, input);

    it("passes calls and replies while it is closed", async () => {
      const { far, call } = rig();
      const outcome = call("get a");
      far.held("get a").answer("fine");
      await settled();
      assert.equal(outcome.value, "fine");
    });

    it("refuses when the method fails, and says when to come again", async () => {
      const { far, call, fail } = rig();
      await fail("get", 20);
      const refused = call("get a");
      await settled();
      assert.ok(refused.error instanceof ServiceError);
      const { code, workStarted, retryable, retryAfterMs, message } = refused.error;
      assert.deepEqual([code, workStarted, retryable], ["breaker-open", "no", true]);
      assert.ok(retryAfterMs! >= 5_000 && retryAfterMs! <= 7_500);
      assert.match(
        message,
        /^the breaker of history\.get is open \(20 failures and 0 timeouts in 20 calls\); next probe/,
      );
      assert.equal(far.names.length, 20);
      assert.equal(refused.error.stack, `ServiceError: ${message}`);
    });

    it("judges each method by itself, and keys that say the same together", async () => {
      const { call, fail, breaker, far } = rig();
      await fail("get", 20);
      call("put a");
      assert.ok(far.names.includes("put a"));
      const again: CallKey = { caller: "feed", callee: "history", method: "get" };
      assert.equal(breaker.breakerOf(again)?.stateKind, "open");
      assert.equal(breaker.breakerOf({ ...again, caller: "other" })?.stateKind, "closed");
    });

    it("lets probes through when its time is over, and closes when they succeed", async () => {
      const { far, call, fail } = rig();
      await fail("get", 20);
      far.clock.advance(7_500);
      for (let probe = 0; probe < 3; probe++) {
        const name = `get ${probe}`;
        const [outcome, refused] = [call(name), call("get other")];
        // One probe after the other is what is tested.
        // oxlint-disable-next-line no-await-in-loop
        await settled();
        assert.equal((refused.error as ServiceError).code, "breaker-open");
        assert.equal((refused.error as ServiceError).retryAfterMs, 200);
        far.held(name).answer("fine");
        // oxlint-disable-next-line no-await-in-loop
        await settled();
        assert.equal(outcome.value, "fine");
        far.clock.advance(200);
      }
      const [one, other] = [call("get one"), call("get other")];
      far.held("get one").answer("1");
      far.held("get other").answer("2");
      await settled();
      assert.deepEqual([one.value, other.value], ["1", "2"]);
    });

    it("counts failures and timeouts apart, and what is at work", async () => {
      const { far, call, breaker } = rig();
      for (const name of ["get a", "get b", "get c", "get d"]) call(name);
      far.held("get a").answer("fine");
      far.held("get b").fail(new ServiceError("internal", "no luck"));
      far.held("get c").fail(new ServiceError("deadline-exceeded", "late"));
      await settled();
      const [row] = breaker.table.rows();
      const { successes, failures, timeouts, concurrency, consecutiveErrors, errorRate } = row!;
      assert.deepEqual([successes, failures, timeouts, concurrency], [1, 1, 1, 1]);
      assert.deepEqual([consecutiveErrors, errorRate], [2, 0.6667]);
    });

    it("takes an exception for an answer when it is told that it is one", async () => {
      class NotThere extends Error {}
      const { fail, breaker } = rig({
        judge: (error, call) => {
          assert.match(call, /^get /);
          return error instanceof NotThere ? "success" : "failure";
        },
      });
      await fail("get", 50, new NotThere());
      assert.equal(breaker.table.rows()[0]?.successes, 50);
      await fail("get", 50, new Error("no luck"));
      assert.equal(breaker.table.rows()[0]?.state, "open");
    });

    it("judges what throws as it judges what rejects", async () => {
      const { far, breaker } = rig();
      const throwing: Service<string, string> = () => {
        throw new Error("thrown");
      };
      const entry = { role: "circuit-breaker", why: "", filter: breaker.filter };
      const context = far.context();
      const called = [
        breaker.filter(context, "get a", throwing),
        stack([entry], throwing)(context, "get b"),
      ];
      for (const outcome of await Promise.allSettled(called)) {
        assert.equal(outcome.status, "rejected");
        assert.match(String(outcome.reason), /thrown/);
      }
      assert.equal(breaker.table.rows()[0]?.failures, 2);
      assert.equal(breaker.table.rows()[0]?.concurrency, 0);
    });

    it("refuses nothing in the dark, and counts what it would refuse", async () => {
      const { far, call, fail, breaker } = rig({ options: { mode: "dark" } });
      await fail("get", 20);
      call("get a");
      call("get b");
      far.held("get a").answer("fine");
      await settled();
      const row = breaker.table.rows()[0]!;
      assert.deepEqual([row.state, row.mode, row.refused, row.concurrency], ["open", "dark", 2, 1]);
      assert.equal(row.successes, 0, "what it would have refused does not move it");
    });

    it("does nothing when it is off", async () => {
      const { fail, breaker } = rig({ options: { mode: "off" } });
      await fail("get", 100);
      const { state, failures, mode } = breaker.table.rows()[0]!;
      assert.deepEqual([state, failures, mode], ["closed", 0, "off"]);
    });

    it("takes new options while it runs, by key, and closes what is switched off", async () => {
      const live = new ChangingOptions();
      const { call, fail, breaker, far } = rig({ live });
      await fail("get", 20);
      await fail("put", 20);
      live.change(({ method }) => (method === "get" ? { mode: "off" } : { openMaxMs: 6_000 }));
      call("get a");
      call("put a");
      const states = breaker.table.rows().map(({ state, mode }) => `${state} ${mode}`);
      assert.deepEqual(states, ["closed off", "open on"]);
      assert.deepEqual([far.names.includes("get a"), far.names.includes("put a")], [true, false]);
      far.clock.advance(6_000);
      call("put b");
      assert.ok(far.names.includes("put b"));
      live.change(() => ({ samplesMin: 2, consecutiveErrors: 0 }));
      await fail("new", 2);
      assert.equal(breaker.table.rows().at(-1)?.state, "open", "new keys have the new options");
    });

    it("lets calls of too many keys pass without a breaker, and counts them", async () => {
      const { call, fail, breaker, far } = rig({ options: { keysMax: 1 } });
      call("get a");
      await fail("put", 50);
      call("put last");
      assert.ok(far.names.includes("put last"));
      const { keys, unguarded } = breaker.snapshot();
      assert.deepEqual([keys, unguarded], [1, 51]);
      assert.equal(breaker.table.rows().length, 1);
    });

    it("schedules nothing", async () => {
      const { far, fail } = rig();
      await fail("get", 20);
      assert.equal(far.clock.scheduledCount, 0);
    });
  });
}

/** Options that the test changes. */
class ChangingOptions implements LiveOptions<CircuitBreakerLiveOptions> {
  version = 0;
  private optionsOf: (key: CallKey) => Partial<CircuitBreakerLiveOptions> = () => ({});

  change(optionsOf: (key: CallKey) => Partial<CircuitBreakerLiveOptions>): void {
    this.version++;
    this.optionsOf = optionsOf;
  }

  of(key: CallKey): CircuitBreakerLiveOptions {
    return completeCircuitBreakerLiveOptions(this.optionsOf(key));
  }
}

interface Rig {
  readonly far: HeldService;
  readonly breaker: CircuitBreaker<string, string>;
  readonly call: (name: string, context?: Context) => Outcome<string>;
  /** So many calls of a method that fail. */
  readonly fail: (method: string, count: number, error?: Error) => Promise<void>;
}

interface RigOptions extends Pick<CircuitBreakerParts<string>, "judge" | "live"> {
  readonly options?: Partial<CircuitBreakerOptions>;
}

function makeRig(form: "in a stack" | "alone", { options = {}, ...input }: RigOptions): Rig {
  const far = new HeldService();
  const { clock } = far;
  const traits = methodTraits();
  const random = new SeededRandom(1);
  const parts = { clock, random, traits, ...input };
  const breaker = new CircuitBreaker<string, string>(parts, options);
  const entry = { role: "circuit-breaker", why: "", filter: breaker.filter };
  const service: Service<string, string> =
    form === "alone"
      ? (context, call) => breaker.filter(context, call, far.service)
      : stack([entry], far.service);
  const call = (name: string, context = far.context()): Outcome<string> =>
    watch(service(context, name));
  let failing = 0;
  const fail = async (
    method: string,
    count: number,
    error: Error = new ServiceError("unavailable", "no luck"),
  ): Promise<void> => {
    for (let left = count; left > 0; left--) {
      const name = `${method} failing ${failing++}`;
      call(name);
      far.held(name).fail(error);
    }
    await settled();
  };
  return { far, breaker, call, fail };
}

/** The first word of a call is its method. */
function methodTraits(): CallTraits<string> {
  const keys = new Map<string, CallKey>();
  return {
    keyOf: (_context, call) => {
      const method = call.split(" ")[0]!;
      const key = keys.get(method) ?? { caller: "feed", callee: "history", method };
      keys.set(method, key);
      return key;
    },
    isIdempotent: () => false,
  };
}
