/** Options of the load shedder. */
import { checkMode, type LimitMode } from "../concurrency-limit/options.ts";

export interface LoadShedLiveOptions {
  /**
   * The mean delay of the event loop above which calls are shed, in ms, more than 0, default 30.
   * Lower keeps latencies short and sheds in pauses of the collector; higher lets the backlog of
   * the process grow.
   */
  readonly loopDelayTargetMs: number;
  /**
   * How long calls may have been waiting for a slot without a break before calls are shed, in ms,
   * more than 0, default 100. Lower sheds in bursts; higher leaves more to the limit behind, which
   * does not ask what matters.
   */
  readonly queueAgeTargetMs: number;
  /**
   * The part of time in which the event loop is busy above which calls are shed, above 0, default
   * 0.98; of effect only where that is measured. Lower keeps more in reserve. Infinity: never.
   */
  readonly loopUtilizationTarget: number;
  /**
   * The share of calls that may be shed, 0 to 1, default 0.95. At 1 nothing might be left by which
   * to see that the overload is over.
   */
  readonly shareMax: number;
  /**
   * When a caller may try again, in ms, 0 or more, default 1,000; what is said to each varies by
   * half of it, or all would come back at once.
   */
  readonly retryAfterMs: number;
  /** Default `on`. In `dark` the load stays, so that it counts more than `on` would shed. */
  readonly mode: LimitMode;
}

export interface LoadShedOptions extends LoadShedLiveOptions {
  /** How often the event loop is looked at, in ms, more than 0, default 25. */
  readonly samplePeriodMs: number;
  /**
   * How often the share that is shed changes, in ms, from `samplePeriodMs`, default 100. Shorter
   * follows the load faster and on less evidence.
   */
  readonly adjustPeriodMs: number;
}

const LIVE_DEFAULTS: LoadShedLiveOptions = {
  loopDelayTargetMs: 30,
  queueAgeTargetMs: 100,
  loopUtilizationTarget: 0.98,
  shareMax: 0.95,
  retryAfterMs: 1_000,
  mode: "on",
};

export const LOAD_SHED_DEFAULTS: LoadShedOptions = {
  ...LIVE_DEFAULTS,
  samplePeriodMs: 25,
  adjustPeriodMs: 100,
};

export function completeLoadShedOptions(options: Partial<LoadShedOptions>): LoadShedOptions {
  const complete = { ...LOAD_SHED_DEFAULTS, ...options };
  inRange(complete, "loopDelayTargetMs", Number.MIN_VALUE, Infinity);
  inRange(complete, "queueAgeTargetMs", Number.MIN_VALUE, Infinity);
  inRange(complete, "loopUtilizationTarget", Number.MIN_VALUE, Infinity);
  inRange(complete, "shareMax", 0, 1);
  inRange(complete, "retryAfterMs", 0, 2 ** 40);
  inRange(complete, "samplePeriodMs", Number.MIN_VALUE, 2 ** 40);
  inRange(complete, "adjustPeriodMs", Number.MIN_VALUE, 2 ** 40);
  checkMode(complete);
  const { samplePeriodMs, adjustPeriodMs } = complete;
  if (adjustPeriodMs < samplePeriodMs) {
    throw new RangeError(
      `adjustPeriodMs is ${adjustPeriodMs}, below samplePeriodMs, which is ${samplePeriodMs}`,
    );
  }
  return complete;
}

type NumberOption = Exclude<keyof LoadShedOptions, "mode">;

function inRange(options: LoadShedOptions, name: NumberOption, min: number, max: number): void {
  const value = options[name];
  if (value >= min && value <= max) return;
  throw new RangeError(`${name} is ${value}; it must be from ${min} to ${max}`);
}
