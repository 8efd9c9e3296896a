/** Options of retries. */
import type { LiveSchema } from "@holdfast/core";
import { checkCount, checkOptions } from "../check-options.ts";

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
   * The time of one try, in ms, 1 to 600,000; default none: a try may take what the call may. A
   * try that is cut off is tried elsewhere if the method is idempotent, which saves calls from an
   * instance that hangs; too short doubles the work of a callee that is only slow.
   */
  readonly tryTimeoutMs: number | undefined;
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
  tryTimeoutMs: undefined,
  keysMax: 1_000,
};

const TIME = { kind: "number", unit: "ms", min: 0, max: 600_000 } as const;

export const RETRY_LIVE: LiveSchema<RetryLiveOptions> = {
  policy: "retry",
  fields: {
    triesMax: { kind: "number", unit: "tries", min: 1, max: 10, whole: true },
    backoffMinMs: { ...TIME, help: "the ceiling of the first pause" },
    backoffMaxMs: { ...TIME, help: "the ceiling of any pause" },
    retryAfterMaxMs: { ...TIME, help: "the longest wait that a callee may ask for" },
    usefulMinMs: { ...TIME, help: "what must be left of the call when a try is sent" },
    tryTimeoutMs: { ...TIME, min: 1, optional: true, help: "the time of one try" },
  },
  check: ({ backoffMinMs, backoffMaxMs }) =>
    backoffMinMs > backoffMaxMs
      ? `backoffMinMs ${backoffMinMs} is above backoffMaxMs ${backoffMaxMs}`
      : undefined,
};

export function completeRetryOptions(input: Partial<RetryOptions>): RetryOptions {
  const options = { ...RETRY_DEFAULTS, ...input };
  checkOptions(RETRY_LIVE, options);
  checkCount("keysMax", options.keysMax);
  return options;
}

/**
 * Refuses retries that can never fit into the time of a call; whoever knows both calls it at the
 * start. `callTimeoutMs`: Infinity when calls have no time limit.
 */
export function checkRetryFits(options: RetryLiveOptions, callTimeoutMs: number): void {
  const { triesMax, tryTimeoutMs, usefulMinMs } = options;
  if (triesMax === 1) return;
  if (tryTimeoutMs !== undefined && tryTimeoutMs + usefulMinMs > callTimeoutMs) {
    throw new RangeError(
      `tryTimeoutMs ${tryTimeoutMs} and usefulMinMs ${usefulMinMs} for the next try do not fit ` +
        `into callTimeoutMs ${callTimeoutMs}`,
    );
  }
  if (usefulMinMs > callTimeoutMs) {
    throw new RangeError(`usefulMinMs ${usefulMinMs} is above callTimeoutMs ${callTimeoutMs}`);
  }
}
