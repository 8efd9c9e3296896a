/**
 * Where a connection comes from, as limits and lists see it: an IP address with everything that
 * merely looks different made equal, and the block of addresses that one peer can have.
 */
import { isIPv4, isIPv6 } from "node:net";

export interface IpAddress {
  readonly family: 4 | 6;
  /** The 32 or 128 bits. */
  readonly bits: bigint;
}

/** Who a limit counts against. Everything from one source shares one `key`. */
export interface Source {
  /**
   * Such as `192.0.2.7` or `2001:db8:1:2::/64`; `unix` for every Unix socket, `unknown` when the
   * peer was gone before it could be asked.
   */
  readonly key: string;
  /** The address itself; undefined when there is none. */
  readonly ip: IpAddress | undefined;
}

/** How much of an address is one source. */
export interface SourcePrefixes {
  /** 1 to 32; see `FrontOptions`. */
  readonly ipv4PrefixBits: number;
  /** 1 to 128. */
  readonly ipv6PrefixBits: number;
}

const IPV4_MAPPED = 0xffffn;
/** `64:ff9b::/96` (RFC 6052): how a translator shows IPv4 clients to a machine with IPv6 only. */
const IPV4_TRANSLATED = 0x64_ff9bn << 64n;

/** The source of a socket's `remote`: `192.0.2.7:51234`, `[2001:db8::1]:51234`, `unix:/path`. */
export function sourceOf(remote: string, prefixes: SourcePrefixes): Source {
  if (remote.startsWith("unix:")) return { key: "unix", ip: undefined };
  const host = hostOf(remote);
  const ip = parseIp(host);
  // Simulated networks have names where real ones have addresses.
  if (ip === undefined) return { key: host === "" ? "unknown" : host, ip };
  // All of IPv4 behind a translator would otherwise be one /64, and so one source.
  const one =
    ip.family === 6 && ip.bits >> 32n === IPV4_TRANSLATED
      ? { family: 4 as const, bits: ip.bits & 0xffff_ffffn }
      : ip;
  const width = widthOf(one.family);
  const prefixBits = one.family === 4 ? prefixes.ipv4PrefixBits : prefixes.ipv6PrefixBits;
  const start = networkStart(one, prefixBits);
  const text = formatIp({ family: one.family, bits: start });
  return { key: prefixBits === width ? text : `${text}/${prefixBits}`, ip };
}

/** Undefined: it is no address. IPv4 in IPv6 (`::ffff:192.0.2.7`) is IPv4, zones are dropped. */
export function parseIp(text: string): IpAddress | undefined {
  if (isIPv4(text)) return { family: 4, bits: ipv4Bits(text) };
  if (!isIPv6(text)) return undefined;
  const bits = ipv6Bits(text);
  if (bits >> 32n === IPV4_MAPPED) return { family: 4, bits: bits & 0xffff_ffffn };
  return { family: 6, bits };
}

/** The text of RFC 5952: lower case, the longest run of zeros left out. */
export function formatIp(ip: IpAddress): string {
  if (ip.family === 4) {
    const value = Number(ip.bits);
    return [value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255].join(".");
  }
  const groups: string[] = [];
  for (let shift = 112n; shift >= 0n; shift -= 16n) {
    groups.push(((ip.bits >> shift) & 0xffffn).toString(16));
  }
  const [at, length] = longestZeros(groups);
  if (length < 2) return groups.join(":");
  return `${groups.slice(0, at).join(":")}::${groups.slice(at + length).join(":")}`;
}

/** How many bits an address of this family has. */
export function widthOf(family: 4 | 6): 32 | 128 {
  return family === 4 ? 32 : 128;
}

/** The address with all bits behind the prefix cleared. */
export function networkStart(ip: IpAddress, prefixBits: number): bigint {
  const hostBits = BigInt(widthOf(ip.family) - prefixBits);
  return (ip.bits >> hostBits) << hostBits;
}

/** Without the port and the brackets. */
function hostOf(remote: string): string {
  const colon = remote.lastIndexOf(":");
  const host = colon < 0 ? remote : remote.slice(0, colon);
  return host.startsWith("[") && host.endsWith("]") ? host.slice(1, -1) : host;
}

function ipv4Bits(text: string): bigint {
  let bits = 0;
  for (const part of text.split(".")) bits = bits * 256 + Number(part);
  return BigInt(bits);
}

/** `text` is an IPv6 address. */
function ipv6Bits(text: string): bigint {
  const [plain = ""] = text.split("%", 1);
  const [before = "", after] = plain.split("::");
  const head = ipv6Groups(before);
  const tail = after === undefined ? [] : ipv6Groups(after);
  const zeros = Array.from({ length: 8 - head.length - tail.length }, () => 0n);
  let bits = 0n;
  for (const group of [...head, ...zeros, ...tail]) bits = (bits << 16n) | group;
  return bits;
}

function ipv6Groups(text: string): bigint[] {
  if (text === "") return [];
  return text.split(":").flatMap((group) => {
    if (!group.includes(".")) return [BigInt(`0x${group}`)];
    const bits = ipv4Bits(group);
    return [bits >> 16n, bits & 0xffffn];
  });
}

/** Where the longest run of zeros begins, the first of several, and how long it is. */
function longestZeros(groups: readonly string[]): [at: number, length: number] {
  let best: [number, number] = [0, 0];
  for (let at = 0; at < groups.length; at++) {
    let length = 0;
    while (groups[at + length] === "0") length++;
    if (length > best[1]) best = [at, length];
  }
  return best;
}
