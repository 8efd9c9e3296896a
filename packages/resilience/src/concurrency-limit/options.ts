/** Options of the concurrency limit. */

export interface ConcurrencyLimitOptions {
  /**
   * Calls at work at once, 1 or more, default 1,024. Lower protects memory and what stands
   * behind; higher lets slow calls pile up. Waiting on I/O counts as work.
   */
  readonly callsMax: number;
  /**
   * Calls that may wait for a slot, 0 or more, default 1,024. A queue turns a short burst into
   * waiting instead of refusals; a long one only makes everybody late.
   */
  readonly queueMax: number;
}

export const CONCURRENCY_LIMIT_DEFAULTS: ConcurrencyLimitOptions = {
  callsMax: 1_024,
  queueMax: 1_024,
};

export function completeConcurrencyLimitOptions(
  options: Partial<ConcurrencyLimitOptions>,
): ConcurrencyLimitOptions {
  const complete = { ...CONCURRENCY_LIMIT_DEFAULTS, ...options };
  if (!Number.isInteger(complete.callsMax) || complete.callsMax < 1) {
    throw new RangeError(`callsMax is ${complete.callsMax}; it must be a whole number from 1`);
  }
  if (!Number.isInteger(complete.queueMax) || complete.queueMax < 0) {
    throw new RangeError(`queueMax is ${complete.queueMax}; it must be a whole number from 0`);
  }
  return complete;
}
