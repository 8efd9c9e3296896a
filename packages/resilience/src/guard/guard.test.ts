import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  type Context,
  createContext,
  ManualClock,
  SeededRandom,
  type ServiceError,
  STATE_KIND,
  StateRegistry,
} from "@holdfast/core";
import { CircuitBreaker } from "../circuit-breaker/filter.ts";
import { ConcurrencyLimit } from "../concurrency-limit/filter.ts";
import { deadlineFilter } from "../deadline/filter.ts";
import { settled, watch } from "../testing/held-service.ts";
import { guard } from "./guard.ts";
import { type GuardedCall, guardTraits } from "./guarded-call.ts";
import type { GuardPolicy } from "./options.ts";

const clock = new ManualClock();
const deadline: GuardPolicy = { role: "deadline", filter: deadlineFilter() };

describe("a guarded function", () => {
  it("keeps its arguments, its reply and their types", async () => {
    const add = guard(async (one: number, other: string) => `${one} and ${other}`, {
      ...{ name: "numbers.add", clock, policies: [] },
    });
    const text: string = await add(1, "2");
    assert.equal(text, "1 and 2");
    assert.equal(add.guardName, "numbers.add");
    // @ts-expect-error The types are those of the function.
    await add("1", 2);
  });

  it("fails as it failed before, whether it throws or rejects", async () => {
    const options = { name: "wrong", clock, policies: [deadline] };
    const rejects = guard(async () => Promise.reject(new Error("rejected")), options);
    const throws = guard((): Promise<string> => {
      throw new Error("thrown");
    }, options);
    await assert.rejects(rejects(), /^Error: rejected$/);
    await assert.rejects(throws(), /^Error: thrown$/);
  });

  it("may return no promise at all", async () => {
    const loose = (() => 7) as unknown as () => Promise<number>;
    assert.equal(await guard(loose, { name: "loose", clock, policies: [deadline] })(), 7);
  });

  it("is answered at its deadline when it does not know about contexts", async () => {
    const never = (): Promise<string> => new Promise(() => undefined);
    const call = guard(never, { name: "shop.price", clock, policies: [deadline], timeoutMs: 50 });
    const outcome = watch(call());
    await clock.advanceAndSettle(49);
    assert.equal(outcome.settled, "no");
    await clock.advanceAndSettle(1);
    assert.equal((outcome.error as ServiceError).code, "deadline-exceeded");
    assert.equal(clock.scheduledCount, 0);
  });

  it("gets its context with what the policies made of it", async () => {
    const seen: Context[] = [];
    const work = async (context: Context, name: string): Promise<string> => {
      seen.push(context);
      return name;
    };
    const call = guard(work, { name: "shop.price", clock, policies: [deadline], timeoutMs: 50 });
    const outer = createContext({ clock, requestId: "r-1" });
    assert.equal(await call(outer, "kelp"), "kelp");
    assert.equal(await call(outer.withTimeout(20), "kelp"), "kelp");
    assert.deepEqual(
      seen.map((context) => [context.requestId, context.remainingMs()]),
      [
        ["r-1", 50],
        ["r-1", 20],
      ],
    );
  });

  it("hears of its caller's cancellation through its context", async () => {
    const reasons: string[] = [];
    const work = (context: Context): Promise<string> => {
      context.onCancel(({ code }) => reasons.push(code));
      return new Promise(() => undefined);
    };
    const call = guard(work, { name: "shop.price", clock, policies: [deadline] });
    const outcome = watch(call(createContext({ clock }).withTimeout(10)));
    await clock.advanceAndSettle(10);
    assert.deepEqual(reasons, ["deadline-exceeded"]);
    assert.equal((outcome.error as ServiceError).code, "deadline-exceeded");
  });

  it("shares policies with others, and is told apart from them by its name", async () => {
    const random = new SeededRandom(1);
    const breaker = new CircuitBreaker<GuardedCall, unknown>({
      ...{ clock, random, traits: guardTraits },
    });
    const policies = [{ role: "circuit-breaker", filter: breaker.filter }];
    const fails = async (): Promise<void> => {
      throw new Error("no luck");
    };
    const get = guard(fails, { name: "users.get", clock, policies });
    const put = guard(async () => "fine", { name: "users.put", clock, policies, caller: "feed" });
    for (let call = 0; call < 20; call++) {
      // One after the other: what is refused is what is tested.
      // oxlint-disable-next-line no-await-in-loop
      await assert.rejects(get(), /no luck/);
    }
    await assert.rejects(get(), /the breaker of users\.get is open/);
    assert.equal(await put(), "fine");
    assert.deepEqual(
      breaker.table.rows().map(({ caller, callee, method, state }) => {
        return `${caller} ${callee} ${method} ${state}`;
      }),
      [" users get open", "feed users put closed"],
    );
  });

  it("holds a slot until the work ends, not until its caller was answered", async () => {
    const limit = new ConcurrencyLimit<GuardedCall, unknown>({ callsMax: 1, queueMax: 0 });
    const { promise, resolve } = Promise.withResolvers<string>();
    const call = guard(() => promise, {
      ...{ name: "shop.price", clock, timeoutMs: 10 },
      policies: [deadline, { role: "concurrency-limit", filter: limit.filter }],
    });
    watch(call());
    await clock.advanceAndSettle(10);
    await assert.rejects(call(), { code: "overloaded" });
    resolve("late");
    await settled();
    assert.equal(await call(), "late");
  });

  it("tells its policies whether it may be done twice", () => {
    const key = { caller: "", callee: "shop", method: "price" };
    const context = createContext({ clock });
    for (const idempotent of [true, false]) {
      const call: GuardedCall = { key, idempotent, args: [] };
      assert.equal(guardTraits.isIdempotent(call), idempotent);
      assert.equal(guardTraits.keyOf(context, call), key);
    }
    const seen: GuardedCall[] = [];
    const look: GuardPolicy = {
      role: "look",
      filter: (within, call, next) => {
        seen.push(call);
        return next(within, call);
      },
    };
    const work = async (_one: number): Promise<void> => undefined;
    void guard(work, { name: "a", clock, policies: [look], idempotent: true })(1);
    void guard(work, { name: "b.c.d", clock, policies: [look] })(2);
    assert.deepEqual(
      seen.map((call) => [call.key.callee, call.key.method, call.idempotent, call.args]),
      [
        ["a", "", true, [1]],
        ["b.c", "d", false, [2]],
      ],
    );
  });

  it("shows in the registry what it does, until it is taken away", async () => {
    const registry = new StateRegistry();
    const work = async (fail: boolean): Promise<void> => {
      if (fail) throw new Error("no luck");
    };
    const name = "shop.price";
    const call = guard(work, { name, clock, policies: [deadline], registry, caller: "feed" });
    await call(false);
    await assert.rejects(call(true));
    const shown = (kind: string): unknown => {
      const [part] = registry.snapshots(kind);
      assert.equal(part?.name, "guard shop.price");
      return part !== undefined && "state" in part ? part.state : undefined;
    };
    assert.deepEqual(shown(STATE_KIND.stats), { calls: 2, atWork: 0, failed: 1 });
    assert.deepEqual(
      (shown(STATE_KIND.stack) as { role: string }[]).map(({ role }) => role),
      ["count", "deadline"],
    );
    const options = { name, caller: "feed", timeoutMs: 10_000, idempotent: false };
    assert.deepEqual(shown(STATE_KIND.options), options);
    call.unregister();
    assert.deepEqual(registry.snapshots(), []);
    await call(false);
  });

  it("refuses options that make no sense", () => {
    const work = async (): Promise<void> => undefined;
    const good = { name: "a", clock, policies: [] };
    assert.throws(() => guard(work, { ...good, name: "" }), /name is empty/);
    assert.throws(() => guard(work, { ...good, timeoutMs: 0 }), /timeoutMs is 0/);
    assert.throws(() => guard(work, { ...good, timeoutMs: NaN }), /timeoutMs is NaN/);
    const twice = [deadline, deadline];
    assert.throws(() => guard(work, { ...good, policies: twice }), /a have the role deadline/);
  });
});
