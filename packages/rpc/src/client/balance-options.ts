/** Options of a client that spreads its calls over the instances of a service. */
import {
  type CircuitBreakerLiveOptions,
  completeCircuitBreakerLiveOptions,
} from "@holdfast/resilience";

export interface BalanceOptions {
  /**
   * Milliseconds after which a latency peak counts for a third, more than 0, default 10,000.
   * Shorter forgives an instance that was slow sooner, and forgets sooner that it is.
   */
  readonly latencyDecayMs: number;
  /**
   * Milliseconds over which the share of an instance that was added grows to what its weight says,
   * 0 or more, default 30,000. Caches fill and code is compiled meanwhile. 0: its share at once.
   */
  readonly warmUpMs: number;
  /**
   * How many of the instances may be left out at most because they fail, 0 to 1, default 0.5; one
   * stays in any case. More moves more calls away from those that fail, onto fewer that work: with
   * too few left they fail as well.
   */
  readonly ejectedMaxRatio: number;
  /**
   * How often a call that was not sent is given to another instance, 0 to 100, default 3. It costs
   * the instances nothing; a retry, which the instances pay for, is a filter.
   */
  readonly movesMax: number;
  /** Instances that are kept of a list, 1 or more, default 10,000; the rest is left out. */
  readonly instancesMax: number;
  /** Calls that may wait for the first list, 0 or more, default 4,096; more are refused. */
  readonly waitingMax: number;
  /**
   * When an instance counts as failing, see CircuitBreakerLiveOptions; only connections that fail
   * and calls that time out count. Default 5 such errors in a row within 500 ms or more, or half of
   * 20 or more calls in ten seconds.
   */
  readonly breaker: CircuitBreakerLiveOptions;
}

export interface BalanceOptionsInput extends Partial<Omit<BalanceOptions, "breaker">> {
  /** Default as in BalanceOptions. */
  readonly breaker?: Partial<CircuitBreakerLiveOptions>;
}

export const BALANCE_DEFAULTS: BalanceOptions = {
  latencyDecayMs: 10_000,
  warmUpMs: 30_000,
  ejectedMaxRatio: 0.5,
  movesMax: 3,
  instancesMax: 10_000,
  waitingMax: 4_096,
  breaker: completeCircuitBreakerLiveOptions({ consecutiveErrors: 5, consecutiveErrorsMs: 500 }),
};

export function completeBalanceOptions(input: BalanceOptionsInput): BalanceOptions {
  const breaker = { ...BALANCE_DEFAULTS.breaker, ...input.breaker };
  const options: BalanceOptions = {
    ...BALANCE_DEFAULTS,
    ...input,
    breaker: completeCircuitBreakerLiveOptions(breaker),
  };
  inRange(options, "latencyDecayMs", Number.MIN_VALUE, 2 ** 40);
  inRange(options, "warmUpMs", 0, 2 ** 40);
  inRange(options, "ejectedMaxRatio", 0, 1);
  inRange(options, "movesMax", 0, 100);
  inRange(options, "instancesMax", 1, Infinity);
  inRange(options, "waitingMax", 0, Infinity);
  return options;
}

function inRange(
  options: BalanceOptions,
  name: Exclude<keyof BalanceOptions, "breaker">,
  min: number,
  max: number,
): void {
  const value = options[name];
  if (value >= min && value <= max) return;
  const least = min === Number.MIN_VALUE ? "above 0" : `${min} or more`;
  const range = max === Infinity || max === 2 ** 40 ? least : `from ${min} to ${max}`;
  throw new RangeError(`${name} is ${value}; it must be ${range}`);
}
