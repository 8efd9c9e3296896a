/** When a breaker opens, and for how long: pure arithmetic over what was counted. */
import type { Random } from "@holdfast/core";
import type { CircuitBreakerLiveOptions } from "./options.ts";
import type { Window } from "./window.ts";

/** Errors since the last success. */
export interface ErrorRow {
  readonly count: number;
  /** From the first of them to now. */
  readonly lastedMs: number;
}

/** Asked after an error; why the breaker must open now, or undefined when it need not. */
export function tripReason(
  options: CircuitBreakerLiveOptions,
  window: Window,
  row: ErrorRow,
): string | undefined {
  const { errorRatio, samplesMin, consecutiveErrors, consecutiveErrorsMs } = options;
  const { failures, timeouts } = window;
  const errors = failures + timeouts;
  const samples = errors + window.successes;
  if (errorRatio > 0 && samples >= samplesMin && errors >= samples * errorRatio) {
    return `${failures} failures and ${timeouts} timeouts in ${samples} calls`;
  }
  if (
    consecutiveErrors > 0 &&
    row.count >= consecutiveErrors &&
    row.lastedMs >= consecutiveErrorsMs
  ) {
    return `${row.count} errors in a row, for ${Math.round(row.lastedMs)} ms`;
  }
  return undefined;
}

/** The random part: up to half as long again, so that many who opened together come back apart. */
const JITTER_RATIO = 0.5;

/**
 * How long to stay open, in ms: doubles with `periods`, the times it was open before without having
 * recovered in between. Never outside of `openMinMs` to `openMaxMs`.
 */
export function openTimeMs(
  { openMinMs, openMaxMs }: CircuitBreakerLiveOptions,
  periods: number,
  random: Random,
): number {
  // Below the maximum by the jitter, or all would meet at the maximum.
  const baseMaxMs = Math.max(openMinMs, openMaxMs / (1 + JITTER_RATIO));
  const baseMs = Math.min(baseMaxMs, openMinMs * 2 ** periods);
  return Math.min(openMaxMs, baseMs * (1 + JITTER_RATIO * random.next()));
}
