/** How the proxy deals with its backends. */
import { ServiceError } from "holdfast";
import { TIME_LIMITS_DEFAULTS } from "../front/time-limits.ts";

export interface BackendOptions {
  /** Until a host takes the TCP connection, in ms, 1 to 600,000, default 5,000. */
  readonly dialMs: number;
  /** From there until the proxy has logged in, in ms, 1 to 600,000, default 10,000. */
  readonly loginMs: number;
  /** Hosts tried for one session, one after the other, 1 to 10, default 3. */
  readonly hostsTriedMax: number;
  /**
   * How long a connection whose session has ended is kept for the next one of the same account, in
   * ms, 0 (never) to 3,600,000, default 60,000. It saves the next session a handshake, which is
   * most of what a short one costs; each costs the backend a process meanwhile.
   */
  readonly keepMs: number;
  /** Connections kept for one account and pool, 1 to 1,000, default 4. */
  readonly keptPerAccountMax: number;
  /** Connections kept in all, 0 to 100,000, default 1,000. */
  readonly keptMax: number;
  /** Between signs of life of a backend, in ms, 1 to 600,000, default 15,000. */
  readonly keepaliveMs: number;
}

export const DEFAULT_BACKEND_OPTIONS: BackendOptions = {
  dialMs: 5_000,
  loginMs: 10_000,
  hostsTriedMax: 3,
  keepMs: 60_000,
  keptPerAccountMax: 4,
  keptMax: 1_000,
  keepaliveMs: TIME_LIMITS_DEFAULTS.keepaliveMs,
};

const RANGES: Readonly<Record<keyof BackendOptions, readonly [number, number]>> = {
  dialMs: [1, 600_000],
  loginMs: [1, 600_000],
  hostsTriedMax: [1, 10],
  keepMs: [0, 3_600_000],
  keptPerAccountMax: [1, 1_000],
  keptMax: [0, 100_000],
  keepaliveMs: [1, 600_000],
};

/** Throws a ServiceError `invalid` that names the option, its value and its range. */
export function completeBackendOptions(input: Partial<BackendOptions> = {}): BackendOptions {
  const options = { ...DEFAULT_BACKEND_OPTIONS, ...input };
  for (const [name, [min, max]] of Object.entries(RANGES)) {
    const value = options[name as keyof BackendOptions];
    if (!Number.isInteger(value) || value < min || value > max) {
      throw new ServiceError("invalid", `${name} is ${value}: expected ${min} to ${max}`);
    }
  }
  return options;
}
