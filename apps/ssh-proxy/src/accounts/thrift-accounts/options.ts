/** Limits and times of asking a service whose key it is. */

export interface ThriftAccountsOptions {
  /** One question, tries included, in ms, 10 to 60,000, default 2,000: a user waits for it. */
  readonly callTimeoutMs: number;
  /**
   * One try of it, in ms, 10 to `callTimeoutMs`, default 900: so that two of them fit into a call.
   */
  readonly tryTimeoutMs: number;
  /**
   * How long the owner of a key is remembered, in ms, 0 (not at all) to 3,600,000, default 60,000.
   * Longer asks less, and a key that was taken away opens for so long.
   */
  readonly knownTtlMs: number;
  /**
   * How long it is remembered that a key is nobody's, in ms, 0 to 3,600,000, default 5,000: short,
   * for who has just added a key uses it next.
   */
  readonly unknownTtlMs: number;
  /**
   * How old an owner may be who still counts while the service cannot answer, in ms, `knownTtlMs`
   * to 86,400,000, default 600,000. Longer lets users in through a longer outage; a key that was
   * taken away opens through it, too. That a key is nobody's never counts longer than
   * `unknownTtlMs`.
   */
  readonly staleMaxMs: number;
  /** Owners that are remembered, 1 to 1,000,000, default 20,000; those not used go first. */
  readonly knownMax: number;
  /**
   * Keys of nobody that are remembered, 1 to 1,000,000, default 2,000; apart from the owners, since
   * anybody can make as many of them as they like.
   */
  readonly unknownMax: number;
  /** Questions at once, 1 to 65,536, default 256; more users are told to try again. */
  readonly callsMax: number;
}

export const THRIFT_ACCOUNTS_DEFAULTS: ThriftAccountsOptions = {
  callTimeoutMs: 2_000,
  tryTimeoutMs: 900,
  knownTtlMs: 60_000,
  unknownTtlMs: 5_000,
  staleMaxMs: 600_000,
  knownMax: 20_000,
  unknownMax: 2_000,
  callsMax: 256,
};

const RANGES: Readonly<Record<keyof ThriftAccountsOptions, readonly [min: number, max: number]>> = {
  callTimeoutMs: [10, 60_000],
  tryTimeoutMs: [10, 60_000],
  knownTtlMs: [0, 3_600_000],
  unknownTtlMs: [0, 3_600_000],
  staleMaxMs: [0, 86_400_000],
  knownMax: [1, 1_000_000],
  unknownMax: [1, 1_000_000],
  callsMax: [1, 65_536],
};

/** Throws a RangeError that says what is out of range. */
export function completeThriftAccountsOptions(
  input: Partial<ThriftAccountsOptions> = {},
): ThriftAccountsOptions {
  const options = { ...THRIFT_ACCOUNTS_DEFAULTS, ...input };
  for (const name of Object.keys(RANGES) as (keyof ThriftAccountsOptions)[]) {
    const [min, max] = RANGES[name];
    if (options[name] >= min && options[name] <= max) continue;
    throw new RangeError(`${name} is ${options[name]}; it must be from ${min} to ${max}`);
  }
  const { tryTimeoutMs, callTimeoutMs, knownTtlMs, staleMaxMs } = options;
  if (tryTimeoutMs > callTimeoutMs) {
    throw new RangeError(`tryTimeoutMs ${tryTimeoutMs} is above callTimeoutMs ${callTimeoutMs}`);
  }
  if (knownTtlMs > staleMaxMs) {
    throw new RangeError(`knownTtlMs ${knownTtlMs} is above staleMaxMs ${staleMaxMs}`);
  }
  return options;
}
