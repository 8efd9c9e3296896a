/** How patient a supervisor is, and how much it keeps. */
import { ServiceError } from "holdfast";

export interface SupervisorOptions {
  /**
   * Milliseconds until a new worker must be ready, 100 to 600,000. Default 30,000: reading keys and
   * asking backends takes a few seconds. Shorter rolls back sooner; longer lets a version that
   * hangs be tried for longer, while the old one goes on.
   */
  readonly readyTimeoutMs: number;
  /**
   * Milliseconds that a worker may drain before it is killed, 1,000 to 86,400,000. Default
   * 1,860,000 (31 min): a minute more than the workers' own limit, which ends sessions with a text
   * for their users. Shorter breaks sessions; longer keeps old versions around.
   */
  readonly drainTimeoutMs: number;
  /**
   * Milliseconds between telling a worker that is of no use (not ready in time, or asked to end
   * now) to end, and killing it; 0 to 60,000. Default 2,000. Longer makes a rollback and a second
   * SIGTERM slower.
   */
  readonly endTimeoutMs: number;
  /**
   * Old versions that may drain at once, 1 to 64, default 4; with more an upgrade is refused. Each
   * costs the memory of a process, and more of them let one upgrade more often in half an hour.
   */
  readonly drainingMax: number;
  /**
   * Milliseconds between a crash and the next start, doubled at every crash in a row, 1 to 600,000.
   * Default 100. Meanwhile connections wait in the queue of the socket: shorter lets them wait less
   * after one crash, longer spends less on a worker that cannot run.
   */
  readonly restartMinMs: number;
  /**
   * Milliseconds that it grows to, `restartMinMs` to 600,000. Default 10,000. Shorter notices
   * sooner that what was missing is back, longer spends less until then.
   */
  readonly restartMaxMs: number;
  /**
   * Crashes in a row after which the supervisor gives up and ends, 1 to 1,000, default 10. Fewer
   * hand a version that cannot run to whoever watches the supervisor sooner.
   */
  readonly restartsMax: number;
  /**
   * Milliseconds that a worker must have served for its crash to be the first of a row, 1 or more,
   * default 60,000. Shorter lets a worker that crashes now and then be started for ever.
   */
  readonly stableMs: number;
}

const DEFAULTS: SupervisorOptions = {
  readyTimeoutMs: 30_000,
  drainTimeoutMs: 1_860_000,
  endTimeoutMs: 2_000,
  drainingMax: 4,
  restartMinMs: 100,
  restartMaxMs: 10_000,
  restartsMax: 10,
  stableMs: 60_000,
};

const RANGES: Readonly<Record<keyof SupervisorOptions, readonly [min: number, max: number]>> = {
  readyTimeoutMs: [100, 600_000],
  drainTimeoutMs: [1_000, 86_400_000],
  endTimeoutMs: [0, 60_000],
  drainingMax: [1, 64],
  restartMinMs: [1, 600_000],
  restartMaxMs: [1, 600_000],
  restartsMax: [1, 1_000],
  stableMs: [1, 86_400_000],
};

/** Throws a ServiceError `invalid` that says what is wrong and what is allowed. */
export function completeSupervisorOptions(
  partial: Partial<SupervisorOptions> = {},
): SupervisorOptions {
  const options = { ...DEFAULTS, ...partial };
  for (const [name, [min, max]] of Object.entries(RANGES)) {
    const value = options[name as keyof SupervisorOptions];
    if (Number.isInteger(value) && value >= min && value <= max) continue;
    throw invalid(`${name} is ${value}; it must be a whole number from ${min} to ${max}`);
  }
  const { restartMinMs, restartMaxMs } = options;
  if (restartMaxMs < restartMinMs) {
    throw invalid(`restartMaxMs is ${restartMaxMs}, less than restartMinMs, ${restartMinMs}`);
  }
  return options;
}

function invalid(message: string): ServiceError {
  return new ServiceError("invalid", `supervisor options: ${message}`);
}
