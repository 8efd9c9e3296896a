/**
 * A list of addresses and networks, such as who is exempt from limits or which peers may speak the
 * PROXY protocol. Matching is a binary search, whatever the length of the list.
 */
import {
  formatIp,
  type IpAddress,
  networkStart,
  parseIp,
  type Source,
  widthOf,
} from "./source-address.ts";

/** 4,096 entries: more than anybody writes by hand, and checked before it is sorted. */
const ENTRIES_MAX = 4_096;

/** The first and the last address; ranges of a list are sorted and do not touch. */
interface Range {
  readonly first: bigint;
  readonly last: bigint;
}

export class AddressList {
  /** The entries as they were given. */
  readonly entries: readonly string[];
  private readonly ipv4: readonly Range[];
  private readonly ipv6: readonly Range[];
  private readonly unix: boolean;

  /**
   * Entries are addresses (`192.0.2.7`, `2001:db8::1`), networks (`10.0.0.0/8`) and `unix` for
   * all who come over a Unix socket; at most 4,096. Throws a RangeError that names `option` and
   * the entry, and says what is wrong with it.
   */
  constructor(option: string, entries: readonly string[]) {
    if (entries.length > ENTRIES_MAX) {
      throw new RangeError(`${option} has ${entries.length} entries, at most ${ENTRIES_MAX}`);
    }
    this.entries = [...entries];
    this.unix = entries.includes("unix");
    const networks = entries
      .filter((entry) => entry !== "unix")
      .map((entry) => parseNetwork(option, entry));
    const rangesOf = (family: 4 | 6): readonly Range[] =>
      merge(networks.filter((network) => network.family === family));
    this.ipv4 = rangesOf(4);
    this.ipv6 = rangesOf(6);
  }

  /** Whether the address of this source is in the list; a source without one only as `unix`. */
  contains({ key, ip }: Source): boolean {
    return ip === undefined ? this.unix && key === "unix" : this.containsIp(ip);
  }

  containsIp({ family, bits }: IpAddress): boolean {
    const ranges = family === 4 ? this.ipv4 : this.ipv6;
    let low = 0;
    let high = ranges.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (ranges[middle]!.last < bits) low = middle + 1;
      else high = middle;
    }
    return low < ranges.length && ranges[low]!.first <= bits;
  }

  /** What is shown of the options in effect. */
  toJSON(): readonly string[] {
    return this.entries;
  }
}

type Network = Range & { readonly family: 4 | 6 };

function parseNetwork(option: string, entry: string): Network {
  const wrong = (what: string): RangeError =>
    new RangeError(`${option}: ${JSON.stringify(entry)} ${what}`);
  const [host = "", prefix, ...more] = entry.split("/");
  const ip = host.includes("%") ? undefined : parseIp(host);
  if (ip === undefined || more.length > 0) {
    throw wrong("is neither an address nor a network, such as 10.0.0.0/8 or 2001:db8::/32");
  }
  const width = widthOf(ip.family);
  // An IPv4 address that is written as IPv6 has its prefix written as one of 128 bits.
  const written = ip.family === 4 && host.includes(":") ? 128 : width;
  if (prefix !== undefined && !(/^\d{1,3}$/.test(prefix) && Number(prefix) <= written)) {
    throw wrong(`has no prefix length from 0 to ${written} behind its slash`);
  }
  const prefixBits = Number(prefix ?? written) - (written - width);
  if (prefixBits < 0) throw wrong("takes in more than the IPv4 addresses within IPv6");
  const first = networkStart(ip, prefixBits);
  if (first !== ip.bits) {
    const meant = formatIp({ family: ip.family, bits: first });
    throw wrong(`has bits behind its prefix; the network is ${meant}/${prefixBits}`);
  }
  const size = 1n << BigInt(width - prefixBits);
  return { family: ip.family, first, last: first + size - 1n };
}

function merge(networks: readonly Range[]): readonly Range[] {
  const sorted = networks.toSorted((one, other) => (one.first < other.first ? -1 : 1));
  const merged: Range[] = [];
  for (const range of sorted) {
    const before = merged.at(-1);
    if (before === undefined || range.first > before.last + 1n) merged.push(range);
    else if (range.last > before.last) {
      merged[merged.length - 1] = { first: before.first, last: range.last };
    }
  }
  return merged;
}
