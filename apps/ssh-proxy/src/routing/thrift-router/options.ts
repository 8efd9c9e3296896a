/** Limits and times of asking a service for routes. */

export interface ThriftRouterOptions {
  /** One question, tries included, in ms, 10 to 60,000, default 2,000: a user waits for it. */
  readonly callTimeoutMs: number;
  /**
   * One try of it, in ms, 10 to `callTimeoutMs`, default 900: so that two of them fit into a call.
   */
  readonly tryTimeoutMs: number;
  /**
   * How long an answer is kept, in ms, 0 (not at all) to 3,600,000, default 10,000. Longer asks
   * less, and a repository that moved, or was taken from somebody, is found there for so long.
   */
  readonly foundTtlMs: number;
  /**
   * How long it is kept that there is none, in ms, 0 to 3,600,000, default 1,000: short, for who
   * has just made a repository clones it next.
   */
  readonly noneTtlMs: number;
  /**
   * Routes that are kept, and as many answers that there is none, 1 to 1,000,000, default 10,000,
   * about 1 KB each; those that were not used for the longest time go.
   */
  readonly keptMax: number;
}

export const THRIFT_ROUTER_DEFAULTS: ThriftRouterOptions = {
  callTimeoutMs: 2_000,
  tryTimeoutMs: 900,
  foundTtlMs: 10_000,
  noneTtlMs: 1_000,
  keptMax: 10_000,
};

const RANGES: Readonly<Record<keyof ThriftRouterOptions, readonly [min: number, max: number]>> = {
  callTimeoutMs: [10, 60_000],
  tryTimeoutMs: [10, 60_000],
  foundTtlMs: [0, 3_600_000],
  noneTtlMs: [0, 3_600_000],
  keptMax: [1, 1_000_000],
};

/** Throws a RangeError that says what is out of range. */
export function completeThriftRouterOptions(
  input: Partial<ThriftRouterOptions> = {},
): ThriftRouterOptions {
  const options = { ...THRIFT_ROUTER_DEFAULTS, ...input };
  for (const name of Object.keys(RANGES) as (keyof ThriftRouterOptions)[]) {
    const [min, max] = RANGES[name];
    if (options[name] >= min && options[name] <= max) continue;
    throw new RangeError(`${name} is ${options[name]}; it must be from ${min} to ${max}`);
  }
  const { tryTimeoutMs, callTimeoutMs } = options;
  if (tryTimeoutMs > callTimeoutMs) {
    throw new RangeError(`tryTimeoutMs ${tryTimeoutMs} is above callTimeoutMs ${callTimeoutMs}`);
  }
  return options;
}
