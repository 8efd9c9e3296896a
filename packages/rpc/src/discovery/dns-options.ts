/** Options of the DNS resolver. */

export interface DnsResolverOptions {
  /**
   * `address` (default): A and AAAA records of the service's name, all with `port`. `srv`: SRV
   * records, which say the ports and the weights.
   */
  readonly records: "address" | "srv";
  /** Of all instances with `address`, 1 to 65,535, default 9090. */
  readonly port: number;
  /** The name that is asked for, by service; default the service itself. */
  readonly nameOf: (service: string) => string;
  /**
   * A shorter time to live counts as this, in ms, 100 or more, default 5,000. Lower sees changes
   * sooner; a name with a time to live of 0 would be asked for without end.
   */
  readonly ttlMinMs: number;
  /** A longer one counts as this, in ms, `ttlMinMs` or more, default 60,000. */
  readonly ttlMaxMs: number;
  /** Where no time to live is known, as for SRV, in ms, default 30,000. */
  readonly ttlUnknownMs: number;
  /**
   * Up to this part of the time to live is added by chance, 0 to 1, default 0.2, so that many
   * callers do not ask at the same moment.
   */
  readonly jitterRatio: number;
  /**
   * Between two questions at least, in ms, 10 or more, default 1,000, also when calls fail and ask
   * for a new list. After a failure it doubles, up to `ttlMaxMs`.
   */
  readonly intervalMinMs: number;
  /** Without an answer for so long the question has failed, in ms, default 5,000. */
  readonly timeoutMs: number;
}

export const DNS_RESOLVER_DEFAULTS: DnsResolverOptions = {
  records: "address",
  port: 9_090,
  nameOf: (service) => service,
  ttlMinMs: 5_000,
  ttlMaxMs: 60_000,
  ttlUnknownMs: 30_000,
  jitterRatio: 0.2,
  intervalMinMs: 1_000,
  timeoutMs: 5_000,
};

export function completeDnsResolverOptions(input: Partial<DnsResolverOptions>): DnsResolverOptions {
  const options = { ...DNS_RESOLVER_DEFAULTS, ...input };
  for (const [name, min, max] of RANGES) {
    const value = options[name];
    if (value >= min && value <= max) continue;
    throw new RangeError(`${name} is ${value}; it must be from ${min} to ${max}`);
  }
  const { ttlMinMs, ttlMaxMs } = options;
  if (ttlMinMs > ttlMaxMs) {
    throw new RangeError(`ttlMinMs ${ttlMinMs} is above ttlMaxMs ${ttlMaxMs}`);
  }
  return options;
}

const DAY_MS = 86_400_000;

type NumberOption = Exclude<keyof DnsResolverOptions, "records" | "nameOf">;

const RANGES: readonly (readonly [NumberOption, number, number])[] = [
  ["port", 1, 65_535],
  ["ttlMinMs", 100, DAY_MS],
  ["ttlMaxMs", 100, DAY_MS],
  ["ttlUnknownMs", 100, DAY_MS],
  ["jitterRatio", 0, 1],
  ["intervalMinMs", 10, DAY_MS],
  ["timeoutMs", 1, DAY_MS],
];
