/** Options of the circuit breaker: when it opens, for how long, and how it finds its way back. */
import type { LiveSchema } from "@holdfast/core";
import { checkCount, checkOptions } from "../check-options.ts";

/**
 * `on`: refuses. `dark`: lets everything pass and counts what it would refuse. `off`: judges
 * nothing.
 */
export type BreakerMode = "on" | "dark" | "off";

/** What may change while it runs. */
export interface CircuitBreakerLiveOptions {
  /** Default `on`. Try `dark` before the first `on` in a place that has never had a breaker. */
  readonly mode: BreakerMode;
  /**
   * Opens when this share of the calls of the last ten seconds failed or timed out, more than 0 to
   * 1, default 0.5; 0 switches the condition off. Lower cuts off a callee that half works; higher
   * keeps sending to one that hardly does.
   */
  readonly errorRatio: number;
  /**
   * Calls in the last ten seconds below which the ratio means nothing, 1 or more, default 20.
   * Lower lets two unlucky calls open it; higher leaves rare methods to `consecutiveErrors`.
   */
  readonly samplesMin: number;
  /**
   * Opens after so many errors in a row, without a success between them, 1 or more, default 10; 0
   * switches the condition off. It finds what is down too rarely called for the ratio.
   */
  readonly consecutiveErrors: number;
  /**
   * The row must last this long too, in ms, 0 or more, default 5,000: a hundred calls that one lost
   * connection fails in the same millisecond are one event, and a callee that is away for two
   * seconds is back before a breaker would be. 5,000 is when half of the window has failed, at a
   * steady rate. 0 reacts at once, also to the one event.
   */
  readonly consecutiveErrorsMs: number;
  /**
   * How long it stays open the first time, in ms, 1 or more, default 5,000. Doubles each time a
   * probe fails. Shorter finds a callee that came back sooner and disturbs a sick one more often.
   */
  readonly openMinMs: number;
  /**
   * The longest it stays open, in ms, `openMinMs` or more, default 300,000. With the probes it
   * bounds how long a callee that is well again is left alone.
   */
  readonly openMaxMs: number;
  /**
   * From one probe to the next while half-open, in ms, 0 or more, default 200. Shorter closes
   * sooner; longer is gentler.
   */
  readonly probeIntervalMs: number;
  /** Probes at once while half-open, 1 to 100, default 3. */
  readonly probesMax: number;
  /**
   * How long a probe holds its slot, in ms, 1 or more, default 30,000; then it counts as timed out
   * and what comes of it later changes nothing. It must be longer than good answers take, or the
   * breaker can never close; shorter frees the slot of a call that never ends sooner.
   */
  readonly probeLeaseMs: number;
  /** Probes that must succeed, one after the other, to close it, 1 to 1,000, default 3. */
  readonly successesToClose: number;
}

export interface CircuitBreakerOptions extends CircuitBreakerLiveOptions {
  /**
   * Keys that have a breaker each, 1 or more, default 10,000; calls of further ones pass without
   * any, and are counted. A key costs less than 1 KB while it is idle.
   */
  readonly keysMax: number;
}

export const CIRCUIT_BREAKER_DEFAULTS: CircuitBreakerOptions = {
  mode: "on",
  errorRatio: 0.5,
  samplesMin: 20,
  consecutiveErrors: 10,
  consecutiveErrorsMs: 5_000,
  openMinMs: 5_000,
  openMaxMs: 300_000,
  probeIntervalMs: 200,
  probesMax: 3,
  probeLeaseMs: 30_000,
  successesToClose: 3,
  keysMax: 10_000,
};

/** A day: what is longer is a typing mistake. */
const TIME = { kind: "number", unit: "ms", min: 0, max: 86_400_000 } as const;
const COUNT = { kind: "number", min: 1, whole: true } as const;

export const CIRCUIT_BREAKER_LIVE: LiveSchema<CircuitBreakerLiveOptions> = {
  policy: "circuitBreaker",
  fields: {
    mode: { kind: "choice", choices: ["on", "dark", "off"] },
    errorRatio: { kind: "number", unit: "ratio", min: 0, max: 1, help: "opens from here on" },
    samplesMin: { ...COUNT, unit: "calls", max: 1_000_000, help: "fewer say nothing" },
    consecutiveErrors: {
      ...COUNT,
      unit: "calls",
      min: 0,
      max: 1_000_000,
      help: "in a row; 0: does not matter",
    },
    consecutiveErrorsMs: { ...TIME, help: "how long such a row must last" },
    openMinMs: { ...TIME, min: 1, help: "open the first time" },
    openMaxMs: { ...TIME, min: 1, help: "open at most" },
    probeIntervalMs: { ...TIME, help: "from one probe to the next" },
    probesMax: { ...COUNT, unit: "calls", max: 100, help: "probes in flight" },
    probeLeaseMs: { ...TIME, min: 1, help: "then a probe counts as timed out" },
    successesToClose: { ...COUNT, unit: "calls", max: 1_000 },
  },
  check({ errorRatio, consecutiveErrors, openMinMs, openMaxMs }) {
    if (openMinMs > openMaxMs) return `openMinMs ${openMinMs} is above openMaxMs ${openMaxMs}`;
    if (errorRatio > 0 || consecutiveErrors > 0) return undefined;
    const message = "errorRatio and consecutiveErrors are both 0, so that it could never open";
    return `${message}; mode "off" says that plainly`;
  },
};

export function completeCircuitBreakerOptions(
  input: Partial<CircuitBreakerOptions> = {},
): CircuitBreakerOptions {
  const options = { ...CIRCUIT_BREAKER_DEFAULTS, ...input };
  checkOptions(CIRCUIT_BREAKER_LIVE, options);
  checkCount("keysMax", options.keysMax);
  return options;
}

/** The same for a breaker alone, without a filter. */
export function completeCircuitBreakerLiveOptions(
  input: Partial<CircuitBreakerLiveOptions> = {},
): CircuitBreakerLiveOptions {
  const { keysMax: _, ...defaults } = CIRCUIT_BREAKER_DEFAULTS;
  const options: CircuitBreakerLiveOptions = { ...defaults, ...input };
  checkOptions(CIRCUIT_BREAKER_LIVE, options);
  return options;
}
