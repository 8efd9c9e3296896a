/** Options of retries. */

/** What may change while it runs. */
export interface RetryLiveOptions {
  /**
   * Tries of one call, the first included, 1 to 10, default 3; 1 turns retries off. More help only
   * when failures are rare and fall on different instances; the budget bounds them all together.
   */
  readonly triesMax: number;
  /**
   * The ceiling of the pause after the first failed try, in ms, 0 to `backoffMaxMs`, default 10.
   * The pause is a random part of the ceiling, which doubles with each try. Longer gives a callee
   * that stumbled more time and the call less.
   */
  readonly backoffMinMs: number;
  /** The highest ceiling, in ms, up to 600,000, default 1,000. */
  readonly backoffMaxMs: number;
  /**
   * The longest `retryAfterMs` of a callee that is waited out, in ms, 0 to 600,000, default 5,000;
   * a call that is told to wait longer fails at once with that error, so that the caller decides.
   */
  readonly retryAfterMaxMs: number;
  /**
   * What must be left of the call's time when its next try is sent, in ms, 0 to 600,000, default 5.
   * A try that cannot be answered in time is load and nothing else: set it to about the median.
   */
  readonly usefulMinMs: number;
  /**
   * The time of one try, in ms, more than 0, default Infinity: a try may take what the call may.
   * A try that is cut off is tried elsewhere if the method is idempotent, which saves calls from an
   * instance that hangs; too short doubles the work of a callee that is only slow.
   */
  readonly tryTimeoutMs: number;
}

export interface RetryOptions extends RetryLiveOptions {
  /** Methods that have numbers of their own, 1 or more, default 1,000; the others share. */
  readonly keysMax: number;
}

export const RETRY_DEFAULTS: RetryOptions = {
  triesMax: 3,
  backoffMinMs: 10,
  backoffMaxMs: 1_000,
  retryAfterMaxMs: 5_000,
  usefulMinMs: 5,
  tryTimeoutMs: Infinity,
  keysMax: 1_000,
};

const TIME_MAX_MS = 600_000;

export function completeRetryOptions(input: Partial<RetryOptions>): RetryOptions {
  const options = { ...RETRY_DEFAULTS, ...input };
  const { triesMax, keysMax, backoffMinMs, backoffMaxMs, tryTimeoutMs } = options;
  if (!Number.isInteger(triesMax) || triesMax < 1 || triesMax > 10) {
    throw new RangeError(`triesMax is ${triesMax}; it must be a whole number from 1 to 10`);
  }
  if (!Number.isInteger(keysMax) || keysMax < 1) {
    throw new RangeError(`keysMax is ${keysMax}; it must be a whole number from 1`);
  }
  for (const name of TIMES) {
    const value = options[name];
    if (value >= 0 && value <= TIME_MAX_MS) continue;
    throw new RangeError(`${name} is ${value}; it must be from 0 to ${TIME_MAX_MS}`);
  }
  if (!(tryTimeoutMs > 0)) {
    throw new RangeError(`tryTimeoutMs is ${tryTimeoutMs}; it must be more than 0`);
  }
  if (backoffMinMs > backoffMaxMs) {
    throw new RangeError(`backoffMinMs ${backoffMinMs} is above backoffMaxMs ${backoffMaxMs}`);
  }
  return options;
}

/**
 * Refuses retries that can never fit into the time of a call; whoever knows both calls it at the
 * start. `callTimeoutMs`: Infinity when calls have no time limit.
 */
export function checkRetryFits(options: RetryLiveOptions, callTimeoutMs: number): void {
  const { triesMax, tryTimeoutMs, usefulMinMs } = options;
  if (triesMax === 1) return;
  if (tryTimeoutMs !== Infinity && tryTimeoutMs + usefulMinMs > callTimeoutMs) {
    throw new RangeError(
      `tryTimeoutMs ${tryTimeoutMs} and usefulMinMs ${usefulMinMs} for the next try do not fit ` +
        `into callTimeoutMs ${callTimeoutMs}`,
    );
  }
  if (usefulMinMs > callTimeoutMs) {
    throw new RangeError(`usefulMinMs ${usefulMinMs} is above callTimeoutMs ${callTimeoutMs}`);
  }
}

const TIMES = ["backoffMinMs", "backoffMaxMs", "retryAfterMaxMs", "usefulMinMs"] as const;
