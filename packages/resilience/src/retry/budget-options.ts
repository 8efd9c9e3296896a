/** Options of the budget that retries and hedges share. */
import type { LiveSchema } from "@holdfast/core";
import { checkOptions } from "../check-options.ts";

/** What may change while it runs. */
export interface RetryBudgetLiveOptions {
  /**
   * Tokens that a call puts in, 0 to 1, default 0.2: a fifth more load at most. More survives
   * larger failures and makes an outage of the callee harder to end; 0 leaves `tokensPerSecond`.
   */
  readonly tokensPerCall: number;
  /**
   * Tokens that a second puts in, 0 to 10,000, default 10: what a client with few calls may try
   * again. It adds up over the clients of one callee; lower it when there are thousands.
   */
  readonly tokensPerSecond: number;
  /**
   * The most that is ever saved up, 1 to 1,000,000, default 1,000. It should cover the calls in
   * flight on one instance, which all fail at once when it dies; more is more that can hit the
   * callee at once.
   */
  readonly tokensMax: number;
}

export interface RetryBudgetOptions extends RetryBudgetLiveOptions {
  /** What is there at the start, 0 to `tokensMax`, default 10. */
  readonly startTokens: number;
  /**
   * How long what is saved up lasts, in ms, 100 to 600,000, default 10,000. Longer saves more for a
   * large failure, shorter follows the traffic more closely.
   */
  readonly windowMs: number;
}

export const RETRY_BUDGET_DEFAULTS: RetryBudgetOptions = {
  tokensPerCall: 0.2,
  tokensPerSecond: 10,
  tokensMax: 1_000,
  startTokens: 10,
  windowMs: 10_000,
};

export const RETRY_BUDGET_LIVE: LiveSchema<RetryBudgetLiveOptions> = {
  policy: "retryBudget",
  fields: {
    tokensPerCall: { kind: "number", unit: "ratio", min: 0, max: 1 },
    tokensPerSecond: { kind: "number", unit: "tokens", min: 0, max: 10_000 },
    tokensMax: { kind: "number", unit: "tokens", min: 1, max: 1_000_000 },
  },
};

export function completeRetryBudgetOptions(input: Partial<RetryBudgetOptions>): RetryBudgetOptions {
  const options = { ...RETRY_BUDGET_DEFAULTS, ...input };
  checkOptions(RETRY_BUDGET_LIVE, options);
  const { startTokens, tokensMax, windowMs } = options;
  if (!(startTokens >= 0 && startTokens <= tokensMax)) {
    throw new RangeError(`startTokens is ${startTokens}; it must be from 0 to ${tokensMax}`);
  }
  if (!(windowMs >= 100 && windowMs <= 600_000)) {
    throw new RangeError(`windowMs is ${windowMs}; it must be from 100 to 600000`);
  }
  return options;
}
