import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { BALANCE_DEFAULTS, completeBalanceOptions } from "./balance-options.ts";

describe("the options of balancing", () => {
  it("are completed, those of the breaker one by one", () => {
    assert.deepEqual(completeBalanceOptions({}), BALANCE_DEFAULTS);
    const { breaker, warmUpMs } = completeBalanceOptions({ breaker: { openMinMs: 50 } });
    assert.deepEqual(breaker, { ...BALANCE_DEFAULTS.breaker, openMinMs: 50 });
    assert.equal(warmUpMs, 30_000);
  });

  it("are refused out of their ranges, with the range", () => {
    for (const [options, reason] of [
      [{ latencyDecayMs: 0 }, /latencyDecayMs is 0; it must be above 0/],
      [{ warmUpMs: -1 }, /warmUpMs is -1; it must be 0 or more/],
      [{ ejectedMaxRatio: 1.5 }, /ejectedMaxRatio is 1.5; it must be from 0 to 1/],
      [{ movesMax: 101 }, /movesMax is 101; it must be from 0 to 100/],
      [{ instancesMax: 0 }, /instancesMax is 0; it must be 1 or more/],
      [{ waitingMax: Number.NaN }, /waitingMax is NaN/],
      [{ breaker: { openMinMs: 0 } }, /openMinMs is 0/],
    ] as const) {
      assert.throws(() => completeBalanceOptions(options), reason);
    }
  });
});
