/** Options of the rate limit. */
import { checkMode, type LimitMode } from "../concurrency-limit/options.ts";

/** What may change while it runs. */
export interface RateLimitLiveOptions {
  /** Default `on`. Try `dark` first where nobody knows what the callers do. */
  readonly mode: LimitMode;
  /**
   * Calls per second of one method, all callers together, more than 0, default Infinity, which is
   * no limit. Lower protects what the method costs; higher leaves it to the concurrency limit,
   * which knows what the process can bear and needs no number.
   */
  readonly methodCallsPerSecond: number;
  /**
   * Calls of one method that may come at once after a pause, 1 or more, default 100. Lower refuses
   * callers that send in batches; higher lets through as many at once as it says.
   */
  readonly methodBurst: number;
  /**
   * Calls per second of one caller to one method, more than 0, default Infinity, which is no
   * limit. It is a fair share: one caller that runs wild is refused, and the others are not.
   */
  readonly callerCallsPerSecond: number;
  /** The same of one caller as `methodBurst`, 1 or more, default 20. */
  readonly callerBurst: number;
}

export interface RateLimitOptions extends RateLimitLiveOptions {
  /**
   * Callers of one method that are told apart, 1 to 1,000,000, default 1,000; further ones share
   * one bucket. Higher costs memory, 8 bytes and a name each.
   */
  readonly callersMax: number;
  /** Methods that are told apart, 1 or more, default 1,000; further ones share one state. */
  readonly methodsMax: number;
}

const LIVE_DEFAULTS: RateLimitLiveOptions = {
  mode: "on",
  methodCallsPerSecond: Infinity,
  methodBurst: 100,
  callerCallsPerSecond: Infinity,
  callerBurst: 20,
};

export const RATE_LIMIT_DEFAULTS: RateLimitOptions = {
  ...LIVE_DEFAULTS,
  callersMax: 1_000,
  methodsMax: 1_000,
};

const RANGES = [
  ["methodCallsPerSecond", Number.MIN_VALUE, Infinity, false],
  ["methodBurst", 1, 2 ** 40, true],
  ["callerCallsPerSecond", Number.MIN_VALUE, Infinity, false],
  ["callerBurst", 1, 2 ** 40, true],
  ["callersMax", 1, 1_000_000, true],
  ["methodsMax", 1, 2 ** 24, true],
] as const;

export function completeRateLimitOptions(options: Partial<RateLimitOptions>): RateLimitOptions {
  const complete = { ...RATE_LIMIT_DEFAULTS, ...options };
  checkMode(complete);
  for (const [name, min, max, whole] of RANGES) {
    const value = complete[name];
    if (value >= min && value <= max && (!whole || Number.isInteger(value))) continue;
    const what = whole ? "a whole number" : "a number";
    throw new RangeError(`${name} is ${value}; it must be ${what} from ${min} to ${max}`);
  }
  return complete;
}
