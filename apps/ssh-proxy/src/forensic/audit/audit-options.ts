/** How the audit file is written. */
import { ServiceError } from "holdfast";

export interface AuditOptions {
  /**
   * Bytes of lines that wait while the disk does not take them, 64 KiB or more, default 4 MiB: the
   * events of some ten thousand sessions. Beyond it lines are lost, and their number is written
   * once there is room. More costs memory in an outage, less costs lines.
   */
  readonly pendingMaxBytes: number;
  /**
   * Milliseconds from a write to the fsync behind it, 0 or more, default 1,000; 0: behind each
   * write. What a power failure can take is that much; a crash of the process takes nothing that
   * was written. Less costs the disk: an fsync for each burst of events.
   */
  readonly syncMs: number;
  /**
   * Milliseconds until a write that failed is tried again, 10 or more, default 1,000. No session
   * begins before one succeeds.
   */
  readonly retryMs: number;
  /**
   * Milliseconds that a write may take before the disk counts as unable, 10 or more, default
   * 5,000: a disk that hangs says nothing at all.
   */
  readonly stallMaxMs: number;
}

const DEFAULTS: AuditOptions = {
  pendingMaxBytes: 4 * 1024 * 1024,
  syncMs: 1_000,
  retryMs: 1_000,
  stallMaxMs: 5_000,
};

/** Throws a ServiceError `invalid` that says what is wrong and what is allowed. */
export function completeAuditOptions(options: Partial<AuditOptions> = {}): AuditOptions {
  const complete = { ...DEFAULTS, ...options };
  for (const [name, least] of [
    ["pendingMaxBytes", 64 * 1024],
    ["syncMs", 0],
    ["retryMs", 10],
    ["stallMaxMs", 10],
  ] as const) {
    if (complete[name] >= least && complete[name] < Infinity) continue;
    const message = `audit options: ${name} is ${complete[name]}; it must be ${least} or more`;
    throw new ServiceError("invalid", message);
  }
  return complete;
}
