/** When a host of a pool counts as well, and when it is left alone. */
import {
  type CircuitBreakerLiveOptions,
  completeCircuitBreakerLiveOptions,
  ServiceError,
} from "holdfast";

export interface HostChoiceOptions {
  /**
   * From one look at a host to the next, in ms, 100 to 3,600,000, default 5,000, give or take a
   * tenth. A host whose last login went well within this time is not looked at. Shorter finds what
   * is down, and what is back, sooner. Below 2,000 OpenSSH 9.8 and later may take the looks for an
   * attack: each costs its source a penalty of a second.
   */
  readonly checkIntervalMs: number;
  /**
   * How long a host may take to say who it is, the connection included, in ms, 10 to 60,000,
   * default 2,000. Longer keeps one that hardly answers.
   */
  readonly checkTimeoutMs: number;
  /**
   * Looks that fail one after the other until a host counts as unhealthy, 1 to 100, default 2. One
   * that goes well makes it healthy again. 1 leaves a host out for one lost packet.
   */
  readonly failuresMax: number;
  /** Hosts of one pool, 1 to 100,000, default 1,000; of a longer list the rest is left out. */
  readonly hostsMax: number;
  /** How long the start waits for the first lists of hosts, in ms, 0 to 600,000, default 5,000. */
  readonly startWaitMs: number;
  /**
   * When a host's dials and logins have failed so often that it is left alone. Default: 3 in a row
   * within at least 1 s, or half of 10 or more in ten seconds; for 2 s at first, for 30 s at most;
   * one login that goes well ends it. A probe may take as long as a dial and a login do.
   */
  readonly breaker: CircuitBreakerLiveOptions;
}

export interface HostChoiceOptionsInput extends Partial<Omit<HostChoiceOptions, "breaker">> {
  /** Default as in HostChoiceOptions. */
  readonly breaker?: Partial<CircuitBreakerLiveOptions>;
}

export const HOST_CHOICE_DEFAULTS: HostChoiceOptions = {
  checkIntervalMs: 5_000,
  checkTimeoutMs: 2_000,
  failuresMax: 2,
  hostsMax: 1_000,
  startWaitMs: 5_000,
  breaker: completeCircuitBreakerLiveOptions({
    samplesMin: 10,
    consecutiveErrors: 3,
    consecutiveErrorsMs: 1_000,
    openMinMs: 2_000,
    openMaxMs: 30_000,
    probesMax: 1,
    probeLeaseMs: 20_000,
    successesToClose: 1,
  }),
};

const RANGES: Readonly<
  Record<keyof Omit<HostChoiceOptions, "breaker">, readonly [min: number, max: number]>
> = {
  checkIntervalMs: [100, 3_600_000],
  checkTimeoutMs: [10, 60_000],
  failuresMax: [1, 100],
  hostsMax: [1, 100_000],
  startWaitMs: [0, 600_000],
};

/** Throws a ServiceError `invalid`, or the breaker's RangeError, that says what is out of range. */
export function completeHostChoiceOptions(input: HostChoiceOptionsInput = {}): HostChoiceOptions {
  const breaker = completeCircuitBreakerLiveOptions({
    ...HOST_CHOICE_DEFAULTS.breaker,
    ...input.breaker,
  });
  const options: HostChoiceOptions = { ...HOST_CHOICE_DEFAULTS, ...input, breaker };
  for (const name of Object.keys(RANGES) as (keyof typeof RANGES)[]) {
    const [min, max] = RANGES[name];
    if (options[name] >= min && options[name] <= max) continue;
    throw new ServiceError("invalid", `${name} is ${options[name]}: expected ${min} to ${max}`);
  }
  const { checkTimeoutMs, checkIntervalMs } = options;
  if (checkTimeoutMs > checkIntervalMs) {
    const numbers = `checkTimeoutMs ${checkTimeoutMs} is above checkIntervalMs ${checkIntervalMs}`;
    throw new ServiceError("invalid", numbers);
  }
  return options;
}
