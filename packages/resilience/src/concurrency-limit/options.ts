/** Options of the two concurrency limits, and of the queue that both have. */

/**
 * `on`: refuses. `dark`: lets everything pass and counts what it would refuse. `off`: lets
 * everything pass.
 */
export type LimitMode = "on" | "dark" | "off";

const MODES: readonly LimitMode[] = ["on", "dark", "off"];

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
   * The least time that is measured before the limit moves, in ms, more than 0, default 100.
   * Longer is steadier and slower.
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

const ADAPTIVE_LIVE_DEFAULTS: AdaptiveConcurrencyLimitLiveOptions = {
  callsMin: 4,
  callsMax: 1_024,
  ...WAITING_QUEUE_DEFAULTS,
  toleranceRatio: 1.1,
  mode: "on",
};

export const ADAPTIVE_CONCURRENCY_LIMIT_DEFAULTS: AdaptiveConcurrencyLimitOptions = {
  ...ADAPTIVE_LIVE_DEFAULTS,
  callsInitial: 20,
  smoothing: 0.3,
  windowMs: 100,
  windowCallsMin: 20,
  probeIntervalMs: 10_000,
};

export function completeConcurrencyLimitOptions(
  options: Partial<ConcurrencyLimitOptions>,
): ConcurrencyLimitOptions {
  const complete = { ...CONCURRENCY_LIMIT_DEFAULTS, ...options };
  wholeFrom(complete, "callsMax", 1);
  checkQueue(complete);
  checkMode(complete);
  return complete;
}

export function completeAdaptiveConcurrencyLimitOptions(
  options: Partial<AdaptiveConcurrencyLimitOptions>,
): AdaptiveConcurrencyLimitOptions {
  const complete = { ...ADAPTIVE_CONCURRENCY_LIMIT_DEFAULTS, ...options };
  wholeFrom(complete, "callsMin", 1);
  wholeFrom(complete, "callsMax", 1);
  wholeFrom(complete, "callsInitial", 1);
  wholeFrom(complete, "windowCallsMin", 1);
  inRange(complete, "toleranceRatio", 1, 100);
  inRange(complete, "smoothing", Number.MIN_VALUE, 1);
  inRange(complete, "windowMs", Number.MIN_VALUE, 2 ** 40);
  inRange(complete, "probeIntervalMs", Number.MIN_VALUE, Infinity);
  const { callsMin, callsInitial, callsMax } = complete;
  if (callsMin > callsMax) {
    throw new RangeError(`callsMin is ${callsMin}, above callsMax, which is ${callsMax}`);
  }
  if (callsInitial < callsMin || callsInitial > callsMax) {
    throw new RangeError(`callsInitial is ${callsInitial}; not from ${callsMin} to ${callsMax}`);
  }
  checkQueue(complete);
  checkMode(complete);
  return complete;
}

/** For the options of every limit. */
export function checkMode({ mode }: { readonly mode: LimitMode }): void {
  if (MODES.includes(mode)) return;
  throw new RangeError(`mode is ${mode}; it must be one of ${MODES.join(", ")}`);
}

function checkQueue(options: WaitingQueueOptions): void {
  wholeFrom(options, "queueMax", 0);
  inRange(options, "queueStandingMs", 0, Infinity);
  inRange(options, "queuePatienceMs", 0, 60_000);
}

function wholeFrom<Name extends string>(
  options: Readonly<Record<Name, number>>,
  name: Name,
  min: number,
): void {
  const value: number = options[name];
  if (Number.isInteger(value) && value >= min) return;
  throw new RangeError(`${name} is ${value}; it must be a whole number from ${min}`);
}

function inRange<Name extends string>(
  options: Readonly<Record<Name, number>>,
  name: Name,
  min: number,
  max: number,
): void {
  const value: number = options[name];
  if (value >= min && value <= max) return;
  throw new RangeError(`${name} is ${value}; it must be from ${min} to ${max}`);
}
