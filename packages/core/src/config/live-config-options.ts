/** Options of live configuration: its bounds. */

export interface LiveConfigOptions {
  /** Documents of one source, 1 to 100,000, default 1,000; a revision with more is refused. */
  readonly rulesMax: number;
  /** Bytes of one document, 2 to 1 MiB, default 64 KiB; a larger one is refused. */
  readonly documentMaxBytes: number;
  /** Objects and arrays within each other in a document, 2 to 64, default 16. */
  readonly depthMax: number;
  /**
   * Whether a start waits until every source has answered once, default true; it fails when its
   * time is over. False: starts with the values of the program, which the first snapshot changes.
   */
  readonly startWaits: boolean;
  /**
   * Keys that are remembered, 0 to 100,000, default 1,000: a new revision must suit those before it
   * is taken, and `/config` shows them. More of them work as well, but are not remembered.
   */
  readonly keysMax: number;
  /**
   * Policies that a new revision must suit and that are explained, 0 to 100,000, default 1,000.
   * More of them get their values as well.
   */
  readonly policiesMax: number;
  /** Changes and refusals that are kept for `/config`, 1 to 10,000, default 50. */
  readonly changesMax: number;
}

export const LIVE_CONFIG_DEFAULTS: LiveConfigOptions = {
  rulesMax: 1_000,
  documentMaxBytes: 64 * 1024,
  depthMax: 16,
  startWaits: true,
  keysMax: 1_000,
  policiesMax: 1_000,
  changesMax: 50,
};

const RANGES = [
  ["rulesMax", 1, 100_000],
  ["documentMaxBytes", 2, 1024 * 1024],
  ["depthMax", 2, 64],
  ["keysMax", 0, 100_000],
  ["policiesMax", 0, 100_000],
  ["changesMax", 1, 10_000],
] as const;

export function completeLiveConfigOptions(options: Partial<LiveConfigOptions>): LiveConfigOptions {
  const complete = { ...LIVE_CONFIG_DEFAULTS, ...options };
  for (const [name, min, max] of RANGES) {
    const value = complete[name];
    if (Number.isInteger(value) && value >= min && value <= max) continue;
    throw new RangeError(`${name} is ${value}; it must be a whole number from ${min} to ${max}`);
  }
  return complete;
}
