/** How one direction between two hosts behaves, and its defaults. All of it may change any time. */

export interface LinkOptions {
  /** Milliseconds every chunk travels, 0 or more. Default 0.5, a local network. */
  readonly latencyMs: number;
  /**
   * Milliseconds added at random, evenly from 0 to this; 0 or more. Default 0.5. The order of
   * bytes is kept whatever it is.
   */
  readonly jitterMs: number;
  /** Bytes that leave per second, more than 0. Default Infinity. */
  readonly bytesPerSecond: number;
  /**
   * Bytes on the way and not yet taken by the receiver's handler, 1 or more; a sender with more
   * has to wait. Default 262,144: what the kernels at both ends hold, about.
   */
  readonly windowBytes: number;
  /**
   * How many writes that the network could take at once are taken at once, 0 to 1. Default 0.5.
   * The others stay the socket's memory for a while. 1 hides mistakes with that memory.
   */
  readonly takenAtOnceRatio: number;
  /**
   * "random": bytes arrive cut and joined anywhere, down to single ones. "whole": all that has
   * arrived is delivered together. Default "random".
   */
  readonly chunking: "random" | "whole";
  /** How many deliveries become a reset of the connection, 0 to 1. Default 0. */
  readonly resetRatio: number;
  /**
   * Bytes per second that the receiver takes, more than 0: a slow reader. Default Infinity. What
   * it has not taken fills the window.
   */
  readonly readBytesPerSecond: number;
  /** Whether new connections are refused though somebody listens. Default false. */
  readonly refuse: boolean;
}

const DEFAULTS: LinkOptions = {
  latencyMs: 0.5,
  jitterMs: 0.5,
  bytesPerSecond: Infinity,
  windowBytes: 262_144,
  takenAtOnceRatio: 0.5,
  chunking: "random",
  resetRatio: 0,
  readBytesPerSecond: Infinity,
  refuse: false,
};

/** Fills in what is missing from `base`; throws a RangeError for a value out of its range. */
export function completeLinkOptions(
  partial: Partial<LinkOptions>,
  base: LinkOptions = DEFAULTS,
): LinkOptions {
  const options = { ...base, ...partial };
  for (const name of ["latencyMs", "jitterMs"] as const) {
    const value = options[name];
    check(value >= 0 && Number.isFinite(value), name, value, "0 or more, finite");
  }
  for (const name of ["bytesPerSecond", "readBytesPerSecond"] as const) {
    check(options[name] > 0, name, options[name], "more than 0");
  }
  for (const name of ["takenAtOnceRatio", "resetRatio"] as const) {
    check(options[name] >= 0 && options[name] <= 1, name, options[name], "0 to 1");
  }
  const { windowBytes } = options;
  check(Number.isInteger(windowBytes) && windowBytes >= 1, "windowBytes", windowBytes, "1 or more");
  return options;
}

function check(allowed: boolean, name: string, value: number, range: string): void {
  if (!allowed) throw new RangeError(`${name} is ${value}; allowed are ${range}`);
}
