/** What a hedge promises on any schedule. */
import assert from "node:assert/strict";
import { it } from "node:test";
import {
  type Context,
  createContext,
  type DirectService,
  ManualClock,
  ServiceError,
  type Settler,
} from "@holdfast/core";
import fc from "fast-check";
import { RetryBudget } from "../retry/budget.ts";
import { keyedCalls } from "../testing/keyed-calls.ts";
import { Hedge } from "./filter.ts";

const EVENT = fc.record({
  kind: fc.constantFrom("call", "call", "answer", "fail", "exception", "cancel", "time", "time"),
  at: fc.nat(60),
});
type Event = typeof EVENT extends fc.Arbitrary<infer Value> ? Value : never;

it("settle each call once, cancel each loser, keep to the budget and leave no timer", () => {
  const startTokens = fc.integer({ min: 0, max: 5 });
  fc.assert(
    fc.property(startTokens, fc.array(EVENT, { maxLength: 100 }), (tokens, events) => {
      const run = new RandomRun(tokens);
      for (const event of events) run.play(event);
      run.end();
    }),
    { numRuns: 400 },
  );
});

/** Enough for a percentile, answered at once. */
const WARM_CALLS = 10;

interface Made {
  readonly cancel: (reason: ServiceError) => void;
  /** The contexts of its tries. */
  readonly tries: Context[];
  settledCount: number;
  won: Context | undefined;
}

interface Open {
  readonly made: Made;
  readonly context: Context;
  readonly settler: Settler<string>;
}

class RandomRun {
  private readonly clock = new ManualClock();
  private readonly made: Made[] = [];
  private readonly open: Open[] = [];
  private readonly startTokens: number;
  private readonly hedge: Hedge<string, string>;
  private sent = 0;

  constructor(startTokens: number) {
    const { clock } = this;
    this.startTokens = startTokens;
    const budget = new RetryBudget({ clock }, { startTokens, tokensPerSecond: 0 });
    const options = { samplesMin: WARM_CALLS, delayMinMs: 20, refreshMs: 100 };
    this.hedge = new Hedge({ clock, traits: keyedCalls(), budget }, options);
    for (let count = 0; count < WARM_CALLS; count++) {
      this.call();
      this.open.pop()!.settler.succeed("fine");
    }
    clock.advance(100);
  }

  play({ kind, at }: Event): void {
    if (kind === "call") this.call();
    else if (kind === "time") this.clock.advance(at);
    else if (kind === "cancel") {
      const made = this.made[at % this.made.length];
      made!.cancel(new ServiceError("cancelled", "the caller left"));
    } else {
      const [one] = this.open.splice(at % Math.max(1, this.open.length), 1);
      if (kind === "fail") one?.settler.fail(new ServiceError("unavailable", "gone"));
      else if (kind === "exception") one?.settler.fail(new Error("no such user"));
      else if (one !== undefined) this.answer(one);
    }
    this.check();
  }

  end(): void {
    for (let round = 0; this.open.length > 0; round++) {
      assert.ok(round < 100, "it comes to an end");
      for (const one of this.open.splice(0)) this.answer(one);
      this.clock.advance(1_000);
    }
    this.check();
    for (const { settledCount } of this.made) assert.equal(settledCount, 1);
    assert.equal(this.clock.scheduledCount, 0);
  }

  private answer({ made, context, settler }: Open): void {
    if (made.settledCount === 0) made.won = context;
    settler.succeed("fine");
  }

  private call(): void {
    const { context, cancel } = createContext({ clock: this.clock }).withCancel();
    const made: Made = { cancel, tries: [], settledCount: 0, won: undefined };
    this.made.push(made);
    const count = (): void => void made.settledCount++;
    const far: DirectService<string, string> = (within, _call, settler) => {
      this.sent++;
      made.tries.push(within);
      this.open.push({ made, context: within, settler });
    };
    this.hedge.budget.deposit();
    this.hedge.filter.direct!(context, "get a", far, { succeed: count, fail: count });
  }

  private check(): void {
    assert.ok(this.sent <= this.made.length * 1.2 + this.startTokens + 1e-9);
    for (const { settledCount, tries, won } of this.made) {
      assert.ok(settledCount <= 1 && tries.length <= 2);
      if (won === undefined) continue;
      const losers = tries.filter((one) => one !== won && !this.hasEnded(one));
      for (const loser of losers) assert.notEqual(loser.cancelled, undefined);
    }
  }

  /** It has failed by itself before the other one won. */
  private hasEnded(context: Context): boolean {
    return !this.open.some((one) => one.context === context);
  }
}
