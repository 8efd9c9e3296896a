/** Options of the two concurrency limits, and of the queue that both have. */
import type { LiveSchema } from "@holdfast/core";
import { checkCount, checkOptions } from "../check-options.ts";

/**
 * `on`: refuses. `dark`: lets everything pass and counts what it would refuse. `off`: lets
 * everything pass.
 */
export type LimitMode = "on" | "dark" | "off";

export interface WaitingQueueOptions {
  /**
   * Calls that may wait for a slot, 0 or more, default 1,024. A queue turns a short burst into
   * waiting instead of refusals; a long one only makes everybody late.
   */
  readonly queueMax: number;
  /**
   * A queue that was not empty for this long, in ms, 0 or more, default 100, is no burst but
   * overload: from then on the newest goes first, and who waited longer than its patience is
   * refused. Lower refuses in bursts too; higher lets callers wait in vain for longer. Infinity
   * keeps first come, first served for ever, which under overload serves nobody in time.
   */
  readonly queueStandingMs: number;
  /**
   * The least patience in a standing queue, in ms, 0 to 60,000, default 5; it is half the time that
   * work takes where that is longer. Lower refuses what a pause of the process has delayed; higher
   * adds to the latency of accepted calls under overload.
   */
  readonly queuePatienceMs: number;
}

export interface ConcurrencyLimitOptions extends WaitingQueueOptions {
  /**
   * Calls at work at once, 1 or more, default 1,024. Lower protects memory and what stands
   * behind; higher lets slow calls pile up. Waiting on I/O counts as work.
   */
  readonly callsMax: number;
  /** Default `on`. Try `dark` where there has never been a limit, and look at the snapshot. */
  readonly mode: LimitMode;
}

/** All of them may change while the limit is in use. */
export type ConcurrencyLimitLiveOptions = ConcurrencyLimitOptions;

/** What may change while it runs. */
export interface AdaptiveConcurrencyLimitLiveOptions extends WaitingQueueOptions {
  /** The limit never falls below this many calls, 1 or more, default 4. */
  readonly callsMin: number;
  /** The limit never rises above this many calls, from `callsMin`, default 1,024. */
  readonly callsMax: number;
  /**
   * How much slower than without load work may be before the limit falls, as a ratio from 1,
   * default 1.1. Higher bears more noise in the latencies and lets more calls queue in the
   * service; lower gives up throughput when latencies are noisy.
   */
  readonly toleranceRatio: number;
  /** Default `on`. Try `dark` where there has never been a limit, and look at the snapshot. */
  readonly mode: LimitMode;
}

export interface AdaptiveConcurrencyLimitOptions extends AdaptiveConcurrencyLimitLiveOptions {
  /** The limit to begin with, from `callsMin` to `callsMax`, default 20. */
  readonly callsInitial: number;
  /**
   * What of a new estimate counts at once, above 0 up to 1, default 0.3. Lower is steadier, higher
   * follows a change of capacity faster.
   */
  readonly smoothing: number;
  /**
   * The least time that is measured before the limit moves, in ms, above 0 up to 600,000, default
   * 100. Longer is steadier and slower.
   */
  readonly windowMs: number;
  /** The fewest calls that are measured before the limit moves, 1 or more, default 20. */
  readonly windowCallsMin: number;
  /**
   * The longest time between two probes, in ms, more than 0, default 10,000. A probe halves the
   * limit for a moment to see how fast work is without load. Shorter follows a drift sooner and
   * costs throughput: half of it for the length of a probe.
   */
  readonly probeIntervalMs: number;
}

export const WAITING_QUEUE_DEFAULTS: WaitingQueueOptions = {
  queueMax: 1_024,
  queueStandingMs: 100,
  queuePatienceMs: 5,
};

export const CONCURRENCY_LIMIT_DEFAULTS: ConcurrencyLimitOptions = {
  callsMax: 1_024,
  ...WAITING_QUEUE_DEFAULTS,
  mode: "on",
};

export const ADAPTIVE_CONCURRENCY_LIMIT_DEFAULTS: AdaptiveConcurrencyLimitOptions = {
  callsMin: 4,
  callsMax: 1_024,
  ...WAITING_QUEUE_DEFAULTS,
  toleranceRatio: 1.1,
  mode: "on",
  callsInitial: 20,
  smoothing: 0.3,
  windowMs: 100,
  windowCallsMin: 20,
  probeIntervalMs: 10_000,
};

const CALLS = { kind: "number", unit: "calls", min: 1, max: 2 ** 30, whole: true } as const;
const MODE = { kind: "choice", choices: ["on", "dark", "off"] } as const;
const QUEUE_FIELDS = {
  queueMax: { ...CALLS, min: 0, help: "calls that may wait" },
  queueStandingMs: {
    kind: "number",
    unit: "ms",
    min: 0,
    max: Infinity,
    help: "then it is overload",
  },
  queuePatienceMs: { kind: "number", unit: "ms", min: 0, max: 60_000, help: "in an overload" },
} as const;

export const CONCURRENCY_LIMIT_LIVE: LiveSchema<ConcurrencyLimitLiveOptions> = {
  policy: "concurrencyLimit",
  fields: { callsMax: { ...CALLS, help: "calls at work" }, ...QUEUE_FIELDS, mode: MODE },
};

export const ADAPTIVE_CONCURRENCY_LIMIT_LIVE: LiveSchema<AdaptiveConcurrencyLimitLiveOptions> = {
  policy: "adaptiveConcurrencyLimit",
  fields: {
    callsMin: { ...CALLS, help: "the limit never falls below" },
    callsMax: { ...CALLS, help: "the limit never rises above" },
    ...QUEUE_FIELDS,
    toleranceRatio: { kind: "number", unit: "ratio", min: 1, max: 100, help: "to no load" },
    mode: MODE,
  },
  check: ({ callsMin, callsMax }) =>
    callsMin > callsMax
      ? `callsMin is ${callsMin}, above callsMax, which is ${callsMax}`
      : undefined,
};

export function completeConcurrencyLimitOptions(
  input: Partial<ConcurrencyLimitOptions>,
): ConcurrencyLimitOptions {
  const options = { ...CONCURRENCY_LIMIT_DEFAULTS, ...input };
  checkOptions(CONCURRENCY_LIMIT_LIVE, options);
  return options;
}

export function completeAdaptiveConcurrencyLimitOptions(
  input: Partial<AdaptiveConcurrencyLimitOptions>,
): AdaptiveConcurrencyLimitOptions {
  const options = { ...ADAPTIVE_CONCURRENCY_LIMIT_DEFAULTS, ...input };
  checkOptions(ADAPTIVE_CONCURRENCY_LIMIT_LIVE, options);
  checkCount("callsInitial", options.callsInitial);
  checkCount("windowCallsMin", options.windowCallsMin);
  inRange("smoothing", options.smoothing, 1);
  inRange("windowMs", options.windowMs, 600_000);
  inRange("probeIntervalMs", options.probeIntervalMs, Infinity);
  const { callsMin, callsInitial, callsMax } = options;
  if (callsInitial < callsMin || callsInitial > callsMax) {
    throw new RangeError(`callsInitial is ${callsInitial}; not from ${callsMin} to ${callsMax}`);
  }
  return options;
}

function inRange(name: string, value: number, max: number): void {
  if (value > 0 && value <= max) return;
  throw new RangeError(`${name} is ${value}; it must be above 0, up to ${max}`);
}
