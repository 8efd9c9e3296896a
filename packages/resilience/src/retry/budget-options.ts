/** Options of the budget that retries and hedges share. */

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

export function completeRetryBudgetOptions(input: Partial<RetryBudgetOptions>): RetryBudgetOptions {
  const options = { ...RETRY_BUDGET_DEFAULTS, ...input };
  inRange(options, "tokensPerCall", 0, 1);
  inRange(options, "tokensPerSecond", 0, 10_000);
  inRange(options, "tokensMax", 1, 1_000_000);
  inRange(options, "startTokens", 0, 1_000_000);
  inRange(options, "windowMs", 100, 600_000);
  const { startTokens, tokensMax } = options;
  if (startTokens > tokensMax) {
    throw new RangeError(`startTokens ${startTokens} is above tokensMax ${tokensMax}`);
  }
  return options;
}

function inRange(
  options: RetryBudgetOptions,
  name: keyof RetryBudgetOptions,
  min: number,
  max: number,
): void {
  const value = options[name];
  if (value >= min && value <= max) return;
  throw new RangeError(`${name} is ${value}; it must be from ${min} to ${max}`);
}
