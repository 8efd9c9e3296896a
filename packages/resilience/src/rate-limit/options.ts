/** Options of the rate limit. */
import type { LiveSchema } from "@holdfast/core";
import { checkCount, checkOptions } from "../check-options.ts";
import type { LimitMode } from "../concurrency-limit/options.ts";

/** What may change while it runs. */
export interface RateLimitLiveOptions {
  /** Default `on`. Try `dark` first where nobody knows what the callers do. */
  readonly mode: LimitMode;
  /**
   * Calls per second of one method, all callers together, 0.001 to 1,000,000,000; default none: no
   * limit. Lower protects what the method costs; higher leaves it to the concurrency limit, which
   * knows what the process can bear and needs no number.
   */
  readonly methodCallsPerSecond: number | undefined;
  /**
   * Calls of one method that may come at once after a pause, 1 to 1,000,000,000, default 100. Lower
   * refuses callers that send in batches; higher lets through as many at once as it says.
   */
  readonly methodBurst: number;
  /**
   * Calls per second of one caller to one method, 0.001 to 1,000,000,000; default none: no limit.
   * It is a fair share: one caller that runs wild is refused, and the others are not.
   */
  readonly callerCallsPerSecond: number | undefined;
  /** The same of one caller as `methodBurst`, 1 to 1,000,000,000, default 20. */
  readonly callerBurst: number;
}

export interface RateLimitOptions extends RateLimitLiveOptions {
  /**
   * Callers of one method that are told apart, 1 or more, default 1,000; further ones share one
   * bucket. Higher costs memory, 8 bytes and a name each.
   */
  readonly callersMax: number;
  /** Methods that have buckets of their own, 1 or more, default 1,000; the others share. */
  readonly keysMax: number;
}

export const RATE_LIMIT_DEFAULTS: RateLimitOptions = {
  mode: "on",
  methodCallsPerSecond: undefined,
  methodBurst: 100,
  callerCallsPerSecond: undefined,
  callerBurst: 20,
  callersMax: 1_000,
  keysMax: 1_000,
};

const RATE = { kind: "number", unit: "calls/s", min: 0.001, max: 1e9, optional: true } as const;
const BURST = { kind: "number", unit: "calls", min: 1, max: 1e9, whole: true } as const;

export const RATE_LIMIT_LIVE: LiveSchema<RateLimitLiveOptions> = {
  policy: "rateLimit",
  fields: {
    mode: { kind: "choice", choices: ["on", "dark", "off"] },
    methodCallsPerSecond: { ...RATE, help: "of all callers; none: no limit" },
    methodBurst: { ...BURST, help: "at once after a pause" },
    callerCallsPerSecond: { ...RATE, help: "of each caller; none: no limit" },
    callerBurst: { ...BURST, help: "of one caller at once after a pause" },
  },
};

export function completeRateLimitOptions(input: Partial<RateLimitOptions>): RateLimitOptions {
  const options = { ...RATE_LIMIT_DEFAULTS, ...input };
  checkOptions(RATE_LIMIT_LIVE, options);
  checkCount("callersMax", options.callersMax);
  checkCount("keysMax", options.keysMax);
  return options;
}
