/** Options of hedges. */
import type { LiveSchema } from "@holdfast/core";
import { checkCount, checkOptions } from "../check-options.ts";

/** What may change while it runs. */
export interface HedgeLiveOptions {
  /** Whether idempotent calls are hedged, default true. Off costs nothing per call. */
  readonly enabled: boolean;
  /**
   * The part of calls that have answered when a second try is sent, 0.5 to 0.9999, default 0.95: a
   * twentieth more tries. Lower cuts more of the tail and costs more of the budget.
   */
  readonly quantile: number;
  /**
   * A second try is never sent earlier than this, in ms, 1 to 60,000, default 5. It keeps methods
   * that are quick anyway from paying for noise.
   */
  readonly delayMinMs: number;
  /**
   * Calls in the window that are needed before any is hedged, 10 to 1,000,000, default 100. Fewer
   * start sooner after a quiet time, on a percentile that means less.
   */
  readonly samplesMin: number;
  /**
   * How often the percentile is computed again, in ms, 100 to 60,000, default 3,000. Shorter
   * follows a change more quickly and costs a walk over 176 buckets each time.
   */
  readonly refreshMs: number;
  /** What must be left of the call's time when a second try is sent, in ms, default 5. */
  readonly usefulMinMs: number;
}

export interface HedgeOptions extends HedgeLiveOptions {
  /** How long a latency counts, in ms, 1,000 to 600,000, default 30,000. */
  readonly windowMs: number;
  /** Methods that have a window of their own, 1 or more, default 1,000; the others share one. */
  readonly keysMax: number;
}

export const HEDGE_DEFAULTS: HedgeOptions = {
  enabled: true,
  quantile: 0.95,
  delayMinMs: 5,
  samplesMin: 100,
  refreshMs: 3_000,
  usefulMinMs: 5,
  windowMs: 30_000,
  keysMax: 1_000,
};

export const HEDGE_LIVE: LiveSchema<HedgeLiveOptions> = {
  policy: "hedge",
  fields: {
    enabled: { kind: "boolean" },
    quantile: { kind: "number", unit: "ratio", min: 0.5, max: 0.9999 },
    delayMinMs: { kind: "number", unit: "ms", min: 1, max: 60_000 },
    samplesMin: { kind: "number", unit: "calls", min: 10, max: 1_000_000, whole: true },
    refreshMs: { kind: "number", unit: "ms", min: 100, max: 60_000 },
    usefulMinMs: { kind: "number", unit: "ms", min: 0, max: 600_000 },
  },
};

export function completeHedgeOptions(input: Partial<HedgeOptions>): HedgeOptions {
  const options = { ...HEDGE_DEFAULTS, ...input };
  checkOptions(HEDGE_LIVE, options);
  checkCount("keysMax", options.keysMax);
  const { windowMs, refreshMs } = options;
  if (!(windowMs >= 1_000 && windowMs <= 600_000)) {
    throw new RangeError(`windowMs is ${windowMs}; it must be from 1000 to 600000`);
  }
  if (refreshMs > windowMs) {
    throw new RangeError(`refreshMs ${refreshMs} is above windowMs ${windowMs}`);
  }
  return options;
}

/** Refuses a hedge that can never be sent in time; whoever knows both calls it at the start. */
export function checkHedgeFits(options: HedgeLiveOptions, callTimeoutMs: number): void {
  const { enabled, delayMinMs, usefulMinMs } = options;
  if (!enabled || delayMinMs + usefulMinMs <= callTimeoutMs) return;
  throw new RangeError(
    `delayMinMs ${delayMinMs} and usefulMinMs ${usefulMinMs} do not fit into ` +
      `callTimeoutMs ${callTimeoutMs}`,
  );
}
