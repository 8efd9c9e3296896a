/** Options of fault injection: what may be injected, and what is. */
import { ERROR_CODES, isErrorCode, type LiveSchema } from "@holdfast/core";
import { checkCount, checkOptions } from "../check-options.ts";
import type { FaultEffect, FaultMatch } from "./effect.ts";

/** One fault, as somebody orders it. */
export interface FaultRule {
  /** What it is called in the snapshot and in its errors, 1 to 100 letters. */
  readonly id: string;
  /** Default: every call that comes here. */
  readonly match?: Partial<FaultMatch>;
  /** The part of matching calls that are hit, more than 0 to 1, default 1. */
  readonly share?: number;
  readonly effect: FaultEffect;
  /**
   * After this time it is over whoever ordered it and whether anybody remembers, in ms, 1 to
   * `ttlMaxMs`.
   */
  readonly ttlMs: number;
}

/** What live configuration may order for the calls of one key. */
export interface FaultLiveOptions {
  /** Default `off`. */
  readonly kind: "off" | FaultEffect["kind"];
  /** The part of calls that are hit, 0 to 1, default 1. */
  readonly share: number;
  /** For `delay` and `slow-read`, in ms, 1 to 600,000, default 100. */
  readonly delayMs: number;
  /** For `error`, default `unavailable`. */
  readonly code: string;
  /**
   * When it is over, in ms since the Unix epoch; default 0: it is over. A moment and not a
   * duration, so that a process that restarts does not begin again; and at most `ttlMaxMs` after
   * this process first saw it, so that a mistyped year does not matter.
   */
  readonly untilEpochMs: number;
}

export interface FaultOptions extends FaultLiveOptions {
  /** The longest life of a fault, in ms, 1 to 86,400,000, default 600,000. */
  readonly ttlMaxMs: number;
  /** Injected faults at once, 1 or more, default 100. */
  readonly faultsMax: number;
  /** Methods whose live faults are told apart, 1 or more, default 1,000; the others share. */
  readonly keysMax: number;
}

export const FAULT_DEFAULTS: FaultOptions = {
  kind: "off",
  share: 1,
  delayMs: 100,
  code: "unavailable",
  untilEpochMs: 0,
  ttlMaxMs: 600_000,
  faultsMax: 100,
  keysMax: 1_000,
};

const DELAY_MAX_MS = 600_000;
const ID_MAX_LENGTH = 100;

export const FAULT_LIVE: LiveSchema<FaultLiveOptions> = {
  policy: "fault",
  fields: {
    kind: { kind: "choice", choices: ["off", "delay", "error", "drop", "slow-read"] },
    share: { kind: "number", unit: "ratio", min: 0, max: 1 },
    delayMs: { kind: "number", unit: "ms", min: 1, max: DELAY_MAX_MS },
    code: { kind: "choice", choices: ERROR_CODES },
    untilEpochMs: { kind: "number", unit: "ms", min: 0, max: 2 ** 53, help: "when it is over" },
  },
};

export function completeFaultOptions(input: Partial<FaultOptions>): FaultOptions {
  const options = { ...FAULT_DEFAULTS, ...input };
  checkOptions(FAULT_LIVE, options);
  checkCount("faultsMax", options.faultsMax);
  checkCount("keysMax", options.keysMax);
  const { ttlMaxMs } = options;
  if (!(ttlMaxMs >= 1 && ttlMaxMs <= 86_400_000)) {
    throw new RangeError(`ttlMaxMs is ${ttlMaxMs}; it must be from 1 to 86400000`);
  }
  return options;
}

export function completeFaultRule(
  rule: FaultRule,
  ttlMaxMs: number,
): Required<FaultRule> & {
  readonly match: FaultMatch;
} {
  const { id, effect, ttlMs, share = 1 } = rule;
  if (id.length < 1 || id.length > ID_MAX_LENGTH) {
    throw new RangeError(`a fault's id has ${id.length} letters; it must have 1 to 100`);
  }
  if (!(share > 0 && share <= 1)) {
    throw new RangeError(`share of ${id} is ${share}; it must be more than 0 and at most 1`);
  }
  if (!(ttlMs >= 1 && ttlMs <= ttlMaxMs)) {
    throw new RangeError(`ttlMs of ${id} is ${ttlMs}; it must be from 1 to ttlMaxMs ${ttlMaxMs}`);
  }
  checkEffect(id, effect);
  const match = { caller: "*", callee: "*", method: "*", ...rule.match };
  return { id, effect, ttlMs, share, match };
}

/** What the live options say, or undefined for none. */
export function effectOf(live: FaultLiveOptions): FaultEffect | undefined {
  const { kind, delayMs, code } = live;
  switch (kind) {
    case "off":
      return undefined;
    case "drop":
      return { kind };
    case "error":
      return { kind, code: isErrorCode(code) ? code : "unavailable" };
    case "delay":
    case "slow-read":
      return { kind, delayMs };
  }
}

function checkEffect(id: string, effect: FaultEffect): void {
  if (effect.kind === "error") {
    if (isErrorCode(effect.code)) return;
    throw new RangeError(`code of ${id} is ${String(effect.code)}; it must be an error code`);
  }
  if (effect.kind === "drop") return;
  const { delayMs } = effect;
  if (delayMs >= 1 && delayMs <= DELAY_MAX_MS) return;
  throw new RangeError(`delayMs of ${id} is ${delayMs}; it must be from 1 to ${DELAY_MAX_MS}`);
}
