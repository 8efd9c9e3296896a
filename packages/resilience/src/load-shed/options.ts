/** Options of the load shedder. */
import type { LiveSchema } from "@holdfast/core";
import { checkOptions } from "../check-options.ts";
import type { LimitMode } from "../concurrency-limit/options.ts";

/** What may change while it runs. */
export interface LoadShedLiveOptions {
  /**
   * The mean delay of the event loop above which calls are shed, in ms, 1 to 60,000, default 30.
   * Lower keeps latencies short and sheds in pauses of the collector; higher lets the backlog of
   * the process grow.
   */
  readonly loopDelayTargetMs: number;
  /**
   * How long calls may have been waiting for a slot without a break before calls are shed, in ms,
   * 1 to 60,000, default 100. Lower sheds in bursts; higher leaves more to the limit behind, which
   * does not ask what matters.
   */
  readonly queueAgeTargetMs: number;
  /**
   * The part of time in which the event loop is busy above which calls are shed, 0.01 to 2, default
   * 0.98; of effect only where that is measured. Lower keeps more in reserve; one above 1 is never
   * reached.
   */
  readonly loopUtilizationTarget: number;
  /**
   * The share of calls that may be shed, 0 to 1, default 0.95. At 1 nothing might be left by which
   * to see that the overload is over.
   */
  readonly shareMax: number;
  /**
   * When a caller may try again, in ms, 0 to 600,000, default 1,000; what is said to each varies by
   * half of it, or all would come back at once.
   */
  readonly retryAfterMs: number;
  /** Default `on`. In `dark` the load stays, so that it counts more than `on` would shed. */
  readonly mode: LimitMode;
}

export interface LoadShedOptions extends LoadShedLiveOptions {
  /** How often the event loop is looked at, in ms, 1 to 60,000, default 25. */
  readonly samplePeriodMs: number;
  /**
   * How often the share that is shed changes, in ms, `samplePeriodMs` to 60,000, default 100.
   * Shorter follows the load faster and on less evidence.
   */
  readonly adjustPeriodMs: number;
}

export const LOAD_SHED_DEFAULTS: LoadShedOptions = {
  loopDelayTargetMs: 30,
  queueAgeTargetMs: 100,
  loopUtilizationTarget: 0.98,
  shareMax: 0.95,
  retryAfterMs: 1_000,
  mode: "on",
  samplePeriodMs: 25,
  adjustPeriodMs: 100,
};

const TIME = { kind: "number", unit: "ms", min: 1, max: 60_000 } as const;
const RATIO = { kind: "number", unit: "ratio", min: 0, max: 1 } as const;

export const LOAD_SHED_LIVE: LiveSchema<LoadShedLiveOptions> = {
  policy: "loadShed",
  fields: {
    loopDelayTargetMs: { ...TIME, help: "sheds above this mean delay of the event loop" },
    queueAgeTargetMs: { ...TIME, help: "sheds when calls waited this long without a break" },
    loopUtilizationTarget: { ...RATIO, min: 0.01, max: 2, help: "sheds above this utilization" },
    shareMax: { ...RATIO, help: "the share of calls that may be shed" },
    retryAfterMs: { ...TIME, min: 0, max: 600_000, help: "what callers are told, about" },
    mode: { kind: "choice", choices: ["on", "dark", "off"] },
  },
};

export function completeLoadShedOptions(input: Partial<LoadShedOptions>): LoadShedOptions {
  const options = { ...LOAD_SHED_DEFAULTS, ...input };
  checkOptions(LOAD_SHED_LIVE, options);
  const { samplePeriodMs, adjustPeriodMs } = options;
  if (!(samplePeriodMs >= 1 && samplePeriodMs <= 60_000)) {
    throw new RangeError(`samplePeriodMs is ${samplePeriodMs}; it must be from 1 to 60000`);
  }
  if (!(adjustPeriodMs >= samplePeriodMs && adjustPeriodMs <= 60_000)) {
    throw new RangeError(
      `adjustPeriodMs is ${adjustPeriodMs}; it must be from samplePeriodMs, ` +
        `which is ${samplePeriodMs}, to 60000`,
    );
  }
  return options;
}
