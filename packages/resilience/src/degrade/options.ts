/** Options of degradation. */
import type { ErrorCode, LiveSchema } from "@holdfast/core";
import { checkCount, checkOptions } from "../check-options.ts";

/** What a call gets instead of its reply when it fails or is dropped. */
export type DegradeMode =
  /** Nothing: it fails. */
  | "off"
  /** A fixed value: that of the live options. */
  | "value"
  /** What the program's fallback function says. */
  | "function"
  /** The last good reply to the same call, if it is not too old. */
  | "last-good";

/** What may change while it runs, method by method. */
export interface DegradeLiveOptions {
  /** Default `off`. */
  readonly mode: DegradeMode;
  /**
   * The part of calls that are not made at all, 0 to 1, default 0: the switch to take load off a
   * callee. They get what `mode` says; with `off` they fail with the code `degraded`.
   */
  readonly dropRatio: number;
  /** Counts the calls it would drop and drops none, default false. */
  readonly dark: boolean;
  /** For mode `value`: JSON of the method's reply; default null. */
  readonly value: unknown;
  /**
   * For mode `last-good`: the oldest reply that is given again, in ms, 1 to 86,400,000, default
   * 60,000. Older covers longer outages with staler replies.
   */
  readonly lastGoodMaxAgeMs: number;
  /**
   * For mode `function`: how long it may take, in ms, 1 to 60,000, default 100. It is called when
   * something is slow already; a fallback that waits is a second call, not a fallback.
   */
  readonly functionTimeoutMs: number;
}

export interface DegradeOptions extends DegradeLiveOptions {
  /**
   * The failures that a fallback covers. Default: those of a callee that is down, late or full. A
   * mistake (`internal`, `invalid`, `protocol`) is not covered up unless you add it.
   */
  readonly codes: readonly ErrorCode[];
  /** Good replies kept for each method, 1 or more, default 1,000; the oldest goes first. */
  readonly lastGoodMax: number;
  /** Methods that have counts and replies of their own, 1 or more, default 1,000. */
  readonly keysMax: number;
}

export const DEGRADE_DEFAULTS: DegradeOptions = {
  mode: "off",
  dropRatio: 0,
  dark: false,
  value: null,
  lastGoodMaxAgeMs: 60_000,
  functionTimeoutMs: 100,
  codes: ["deadline-exceeded", "overloaded", "unavailable", "breaker-open", "degraded", "draining"],
  lastGoodMax: 1_000,
  keysMax: 1_000,
};

export const DEGRADE_LIVE: LiveSchema<DegradeLiveOptions> = {
  policy: "degrade",
  fields: {
    mode: { kind: "choice", choices: ["off", "value", "function", "last-good"] },
    dropRatio: { kind: "number", unit: "ratio", min: 0, max: 1 },
    dark: { kind: "boolean", help: "count what would be dropped, and drop nothing" },
    value: { kind: "json", help: "the reply, for mode value" },
    lastGoodMaxAgeMs: { kind: "number", unit: "ms", min: 1, max: 86_400_000 },
    functionTimeoutMs: { kind: "number", unit: "ms", min: 1, max: 60_000 },
  },
};

export function completeDegradeOptions(input: Partial<DegradeOptions>): DegradeOptions {
  const options = { ...DEGRADE_DEFAULTS, ...input };
  checkOptions(DEGRADE_LIVE, options);
  checkCount("lastGoodMax", options.lastGoodMax);
  checkCount("keysMax", options.keysMax);
  return options;
}
