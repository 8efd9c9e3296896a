/**
 * How long a connection may take for what: the options. Each leg of a session has its own clocks
 * (`ConnectionTimes`); the same options with other numbers serve the leg to a backend.
 */
import type { EndReason } from "../forensic/forensic-event.ts";

/** Why a connection's time is up: what stands in the log. */
export type Expiry = Extract<
  EndReason,
  "ident-timeout" | "login-timeout" | "inactive" | "total-time" | "keepalive"
>;

/** All times are in ms, 1 or more; Infinity switches one off, which only a backend's leg should. */
export interface TimeLimits {
  /**
   * From the start to the peer's identification line; default 10,000. Lower cuts off people behind
   * slow links; higher lets those who connect and say nothing hold their places for longer.
   */
  readonly identMs: number;
  /**
   * From the start until somebody has logged in, identification and key exchange included; default
   * 30,000, and no less than `identMs`. Lower cuts off people who type a passphrase or touch a
   * token; higher holds places for those who never log in.
   */
  readonly loginMs: number;
  /**
   * Without a byte of payload in either direction; default 900,000 (15 min). Lower kills commands
   * that are silent for good reasons, such as a long hook; higher keeps forgotten connections.
   */
  readonly inactivityMs: number;
  /**
   * From the start to the end, whatever happens; default 21,600,000 (6 h). Lower breaks the longest
   * clones; higher keeps connections that only a restart would end.
   */
  readonly totalMs: number;
  /**
   * Without a byte from the peer, until it is asked for a sign of life, and between two askings;
   * default 15,000. Lower costs traffic and wakes sleeping radios; higher finds dead peers later.
   */
  readonly keepaliveMs: number;
  /**
   * Askings without a sign of life, 1 to 100, default 3: the next one that would be due closes the
   * connection, so a dead peer is found within (this + 1) × `keepaliveMs`. Lower drops people whose
   * network is away for a moment; higher finds dead peers later.
   */
  readonly keepaliveUnansweredMax: number;
}

export const TIME_LIMITS_DEFAULTS: TimeLimits = {
  identMs: 10_000,
  loginMs: 30_000,
  inactivityMs: 15 * 60_000,
  totalMs: 6 * 3_600_000,
  keepaliveMs: 15_000,
  keepaliveUnansweredMax: 3,
};

/** Throws a RangeError that names the value, or the two that do not go together. */
export function completeTimeLimits(input: Partial<TimeLimits>): TimeLimits {
  const limits = { ...TIME_LIMITS_DEFAULTS, ...input };
  for (const name of TIMES) {
    const value = limits[name];
    // More than 2^40 ms (34 years) would not be a number that anybody meant.
    if (value === Infinity || (value >= 1 && value <= 2 ** 40)) continue;
    throw new RangeError(`${name} is ${value}; it must be from 1 to ${2 ** 40}, or Infinity`);
  }
  const { keepaliveUnansweredMax, identMs, loginMs, totalMs } = limits;
  if (!(Number.isInteger(keepaliveUnansweredMax) && keepaliveUnansweredMax >= 1)) {
    throw new RangeError(
      `keepaliveUnansweredMax is ${keepaliveUnansweredMax}; it must be a whole number from 1`,
    );
  }
  if (keepaliveUnansweredMax > 100) {
    throw new RangeError(`keepaliveUnansweredMax is ${keepaliveUnansweredMax}; at most 100`);
  }
  inOrder("identMs", identMs, "loginMs", loginMs);
  inOrder("loginMs", loginMs, "totalMs", totalMs);
  return limits;
}

/** What the user reads when the time is up. */
export function describeExpiry(expiry: Expiry, limits: TimeLimits): string {
  switch (expiry) {
    case "ident-timeout":
      return `no SSH identification within ${duration(limits.identMs)}`;
    case "login-timeout":
      return `nobody logged in within ${duration(limits.loginMs)}`;
    case "inactive":
      return `no data in either direction for ${duration(limits.inactivityMs)}`;
    case "total-time":
      return `a connection may last ${duration(limits.totalMs)}`;
    case "keepalive": {
      const silentMs = limits.keepaliveMs * (limits.keepaliveUnansweredMax + 1);
      return `no sign of life for ${duration(silentMs)}`;
    }
  }
}

const TIMES = ["identMs", "loginMs", "inactivityMs", "totalMs", "keepaliveMs"] as const;

function inOrder(lowName: string, low: number, highName: string, high: number): void {
  if (low > high) throw new RangeError(`${lowName} is ${low}, above ${highName}, which is ${high}`);
}

/** In the largest unit that leaves no rest. */
function duration(ms: number): string {
  for (const [unit, unitMs] of UNITS) {
    if (ms % unitMs === 0) return ms === unitMs ? `1 ${unit}` : `${ms / unitMs} ${unit}s`;
  }
  return `${ms} ms`;
}

const UNITS = [
  ["hour", 3_600_000],
  ["minute", 60_000],
  ["second", 1_000],
] as const;
