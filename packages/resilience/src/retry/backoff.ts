/**
 * How long a call waits before its next try. Full jitter: anything from nothing to a ceiling that
 * doubles, because calls that failed together must not come back together.
 *
 * Source: Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015.
 */
import type { Random } from "@holdfast/core";

export interface Backoff {
  readonly backoffMinMs: number;
  readonly backoffMaxMs: number;
}

/**
 * `failedTries` from 1. What the callee asked for with `retryAfterMs` is a minimum; the jitter
 * comes on top of it, or all who were told the same would come back in the same moment.
 */
export function backoffMs(
  backoff: Backoff,
  failedTries: number,
  retryAfterMs: number,
  random: Random,
): number {
  const ceilingMs = Math.min(backoff.backoffMaxMs, backoff.backoffMinMs * 2 ** (failedTries - 1));
  return retryAfterMs + random.next() * ceilingMs;
}
