/** What retries promise on any schedule: one end for each call, no more tries than paid for. */
import assert from "node:assert/strict";
import { it } from "node:test";
import {
  createContext,
  type DirectService,
  type ErrorCode,
  ManualClock,
  SeededRandom,
  ServiceError,
  type Settler,
  stackDirect,
  type WorkStarted,
} from "@holdfast/core";
import fc from "fast-check";
import { Hedge } from "../hedge/filter.ts";
import { keyedCalls } from "../testing/keyed-calls.ts";
import { RetryBudget } from "./budget.ts";
import { Retry } from "./filter.ts";
import type { RetryOptions } from "./options.ts";

const EVENT = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("call" as const), at: fc.nat(7) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("time" as const), at: fc.nat(400) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("answer" as const), at: fc.nat() }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("cancel" as const), at: fc.nat() }) },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant("fail" as const),
      at: fc.nat(),
      code: fc.constantFrom<ErrorCode>(
        "unavailable",
        "overloaded",
        "deadline-exceeded",
        "internal",
      ),
      workStarted: fc.constantFrom<WorkStarted>("no", "maybe", "yes"),
      retryAfterMs: fc.constantFrom(undefined, 0, 30, 10_000),
    }),
  },
);
type Event = typeof EVENT extends fc.Arbitrary<infer Value> ? Value : never;

const OPTIONS = fc.record({
  triesMax: fc.integer({ min: 1, max: 10 }),
  tryTimeoutMs: fc.constantFrom(undefined, 1, 50, 200),
  usefulMinMs: fc.constantFrom(0, 5, 50),
});

/** Mostly poor, so that the budget is what holds tries back. */
const BUDGET = fc.record({
  startTokens: fc.integer({ min: 0, max: 3 }),
  tokensPerSecond: fc.constantFrom(0, 0, 10),
});

for (const hasHedge of [false, true]) {
  const who = hasHedge ? "retries and the hedges below them" : "retries";
  it(`${who} settle each call once, keep to one budget and leave no timer`, () => {
    const events = fc.array(EVENT, { maxLength: 120 });
    fc.assert(
      fc.property(OPTIONS, BUDGET, events, (options, budget, played) => {
        const run = new RandomRun(options, budget, hasHedge);
        for (const event of played) run.play(event);
        run.end();
      }),
      { numRuns: 400 },
    );
  });
}

interface Budget {
  readonly startTokens: number;
  readonly tokensPerSecond: number;
}

interface Made {
  readonly cancel: (reason: ServiceError) => void;
  settledCount: number;
}

class RandomRun {
  private readonly clock = new ManualClock();
  private readonly made: Made[] = [];
  /** Tries whose far end is in our hand; given-up ones stay, and answer late. */
  private readonly open: Settler<string>[] = [];
  private sent = 0;
  private readonly service: DirectService<string, string>;
  private readonly far: DirectService<string, string> = (_context, _call, settler) => {
    this.sent++;
    this.open.push(settler);
  };
  private readonly budget: RetryBudget;
  private readonly budgetOptions: Budget;

  constructor(options: Partial<RetryOptions>, budgetOptions: Budget, hasHedge: boolean) {
    const { clock } = this;
    this.budgetOptions = budgetOptions;
    this.budget = new RetryBudget({ clock }, budgetOptions);
    const parts = { clock, random: new SeededRandom(3), traits: keyedCalls(), budget: this.budget };
    const retry = new Retry<string, string>(parts, options);
    const hedge = new Hedge<string, string>(parts, { samplesMin: 10, refreshMs: 100 });
    const entries = [{ role: "retry", why: "", filter: retry.filter }];
    if (hasHedge) entries.push({ role: "hedge", why: "", filter: hedge.filter });
    this.service = stackDirect(entries, this.far);
    if (!hasHedge) return;
    // So that it knows how long calls take.
    for (let count = 0; count < 10; count++) {
      this.call(0);
      this.open.pop()!.succeed("fine");
    }
    clock.advance(100);
  }

  play(event: Event): void {
    if (event.kind === "call") this.call(event.at);
    else if (event.kind === "time") this.clock.advance(event.at);
    else if (event.kind === "cancel") {
      const made = this.made[event.at % Math.max(1, this.made.length)];
      made?.cancel(new ServiceError("cancelled", "the caller left"));
    } else {
      const [settler] = this.open.splice(event.at % Math.max(1, this.open.length), 1);
      if (event.kind === "answer") settler?.succeed("fine");
      else settler?.fail(failure(event));
    }
    this.check();
  }

  /** Everybody below answers, and time passes. */
  end(): void {
    for (let round = 0; this.open.length > 0 || this.clock.scheduledCount > 0; round++) {
      assert.ok(round < 100, "it comes to an end");
      for (const settler of this.open.splice(0)) settler.succeed("the end");
      this.clock.advance(10_000);
      this.check();
    }
    for (const { settledCount } of this.made) assert.equal(settledCount, 1);
  }

  private call(at: number): void {
    const { clock } = this;
    const deadlineMs = at % 2 === 0 ? Infinity : clock.nowMs() + 300;
    const { context, cancel } = createContext({ clock, deadlineMs }).withCancel();
    const made: Made = { cancel, settledCount: 0 };
    this.made.push(made);
    const count = (): void => void made.settledCount++;
    const call = at < 5 ? "get a" : "put a";
    this.service(context, call, { succeed: count, fail: count });
  }

  private check(): void {
    const calls = this.made.length;
    const seconds = this.clock.nowMs() / 1000;
    const { startTokens, tokensPerSecond } = this.budgetOptions;
    assert.ok(this.sent <= calls * 1.2 + seconds * tokensPerSecond + startTokens + 1e-9);
    assert.ok(this.budget.snapshot().balance >= 0);
    for (const { settledCount } of this.made) assert.ok(settledCount <= 1);
  }
}

function failure(event: Extract<Event, { kind: "fail" }>): ServiceError {
  const { code, workStarted, retryAfterMs } = event;
  return new ServiceError(code, "no luck", {
    workStarted,
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  });
}
