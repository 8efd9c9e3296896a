import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ManualClock } from "@holdfast/core";
import fc from "fast-check";
import { completeRetryBudgetOptions } from "./budget-options.ts";
import { RetryBudget } from "./budget.ts";

describe("the retry budget", () => {
  it("pays for a fifth of the calls", () => {
    const { budget, drawAll } = budgetOf({ tokensPerSecond: 0, startTokens: 0 });
    for (let count = 0; count < 100; count++) budget.deposit();
    assert.equal(drawAll(), 20);
  });

  it("pays for ten a second when nobody calls", () => {
    const { clock, drawAll } = budgetOf({ startTokens: 0 });
    let drawn = 0;
    for (let step = 0; step < 100; step++) {
      clock.advance(100);
      drawn += drawAll();
    }
    assert.ok(drawn >= 98 && drawn <= 100, `${drawn} in ten seconds`);
  });

  it("has what it starts with at once, and not more", () => {
    assert.equal(budgetOf({ startTokens: 7 }).drawAll(), 7);
  });

  it("lets what is saved up fade, so that it holds what a window of traffic puts in", () => {
    const { clock, budget } = budgetOf({ startTokens: 0, tokensPerSecond: 0 });
    for (let second = 0; second < 600; second++) {
      for (let count = 0; count < 100; count++) budget.deposit();
      clock.advance(1_000);
    }
    const { balance } = budget.snapshot();
    assert.ok(Math.abs(balance - 200) < 1, `100 calls/s × 0.2 × 10 s is 200, not ${balance}`);
  });

  it("comes to the same however often it is looked at while calls come evenly", () => {
    const often = budgetOf({ startTokens: 0 });
    const once = budgetOf({ startTokens: 0 });
    for (let second = 0; second < 30; second++) {
      for (const { budget, clock } of [often, once]) {
        for (let count = 0; count < 50; count++) budget.deposit();
        clock.advance(1_000);
      }
      often.budget.snapshot();
    }
    const [one, other] = [often, once].map(({ budget }) => budget.snapshot().balance);
    assert.ok(Math.abs(one! - other!) < 1e-6, `${one} and ${other}`);
  });

  it("never holds more than its maximum", () => {
    const { budget } = budgetOf({ tokensMax: 50 });
    for (let count = 0; count < 10_000; count++) budget.deposit();
    assert.equal(budget.snapshot().balance, 50);
  });

  it("keeps what it has when its options change, and refuses those that make no sense", () => {
    let options = completeRetryBudgetOptions({ tokensPerSecond: 0 });
    const live = { version: 0, of: () => options };
    const budget = new RetryBudget({ clock: new ManualClock(), live }, { startTokens: 8 });
    options = completeRetryBudgetOptions({ tokensPerCall: 0.5 });
    assert.equal(budget.snapshot().balance, 8);
    assert.equal(budget.snapshot().tokensPerCall, 0.5);
    options = completeRetryBudgetOptions({ tokensMax: 10 });
    for (let count = 0; count < 100; count++) budget.deposit();
    assert.equal(budget.snapshot().balance, 10);
    assert.throws(() => completeRetryBudgetOptions({ tokensPerCall: 2 }), /tokensPerCall is 2/);
    const tooMuch = { startTokens: 20, tokensMax: 10 };
    assert.throws(() => completeRetryBudgetOptions(tooMuch), /startTokens is 20; .* from 0 to 10/);
  });

  it("is never negative and never pays for more than was put in, on any schedule", () => {
    const step = fc.oneof(
      fc.record({ kind: fc.constant("calls" as const), amount: fc.integer({ max: 500, min: 0 }) }),
      fc.record({ kind: fc.constant("draws" as const), amount: fc.integer({ max: 100, min: 0 }) }),
      fc.record({ kind: fc.constant("ms" as const), amount: fc.integer({ max: 60_000, min: 0 }) }),
    );
    const options = fc.record({
      tokensPerCall: fc.double({ min: 0, max: 1, noNaN: true }),
      tokensPerSecond: fc.double({ min: 0, max: 100, noNaN: true }),
      startTokens: fc.integer({ min: 0, max: 100 }),
      windowMs: fc.integer({ min: 100, max: 20_000 }),
    });
    fc.assert(
      fc.property(options, fc.array(step, { maxLength: 50 }), (chosen, steps) => {
        const { clock, budget } = budgetOf(chosen);
        let calls = 0;
        let spent = 0;
        for (const { kind, amount } of steps) {
          if (kind === "ms") clock.advance(amount);
          for (let count = 0; count < amount && kind !== "ms"; count++) {
            if (kind === "draws") spent += budget.withdraw() ? 1 : 0;
            else budget.deposit();
          }
          calls += kind === "calls" ? amount : 0;
          const seconds = clock.nowMs() / 1000;
          const putIn =
            chosen.startTokens + calls * chosen.tokensPerCall + seconds * chosen.tokensPerSecond;
          const snapshot = budget.snapshot();
          assert.ok(snapshot.balance >= 0);
          assert.equal(snapshot.spent, spent);
          assert.ok(spent + snapshot.balance <= putIn + 1e-6);
          assert.equal(clock.scheduledCount, 0);
        }
      }),
      { numRuns: 300 },
    );
  });
});

function budgetOf(options: ConstructorParameters<typeof RetryBudget>[1]) {
  const clock = new ManualClock();
  const budget = new RetryBudget({ clock }, options);
  const drawAll = (): number => {
    let drawn = 0;
    while (budget.withdraw()) drawn++;
    return drawn;
  };
  return { clock, budget, drawAll };
}
