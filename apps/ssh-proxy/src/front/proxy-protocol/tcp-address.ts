/** TCP addresses of a header as core's, in one spelling: IPv4 within IPv6 is IPv4. */
import type { Address } from "holdfast";
import { formatIp, type IpAddress, parseIp } from "../source-address.ts";

/** `host` is an IPv4 or IPv6 address. */
export function tcpAddress(host: string, port: number): Address {
  return { kind: "tcp", host: formatIp(parseIp(host)!), port };
}

/** The address as it stands in a binary header: 4 or 16 bytes. */
export function ipFromBytes(bytes: Uint8Array): IpAddress {
  const text = bytes.length === 4 ? bytes.join(".") : ipv6Text(bytes);
  return parseIp(text)!;
}

/** The 16 bytes of the address; IPv4 within IPv6 when it is IPv4. */
export function ipv6Bytes(ip: IpAddress): Buffer {
  const bits = ip.family === 6 ? ip.bits : (0xffffn << 32n) | ip.bits;
  return Buffer.from(bits.toString(16).padStart(32, "0"), "hex");
}

/** The 4 bytes of an IPv4 address. */
export function ipv4Bytes(ip: IpAddress): Buffer {
  return Buffer.from(ip.bits.toString(16).padStart(8, "0"), "hex");
}

function ipv6Text(bytes: Uint8Array): string {
  const groups: string[] = [];
  for (let at = 0; at < 16; at += 2) {
    groups.push(((bytes[at]! << 8) | bytes[at + 1]!).toString(16));
  }
  return groups.join(":");
}
