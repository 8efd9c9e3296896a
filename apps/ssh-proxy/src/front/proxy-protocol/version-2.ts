/**
 * The binary header: 12 bytes that no other protocol begins with, the command, the family, how many
 * bytes follow, the addresses, and extensions (TLVs), which are skipped.
 */
import type { Address } from "holdfast";
import { badHeader, MORE, type ProxyHeader, type ProxyHeaderStep } from "./header.ts";
import { formatIp } from "../source-address.ts";
import { ipFromBytes } from "./tcp-address.ts";

export const VERSION_2_START = Buffer.from("\r\n\r\n\0\r\nQUIT\n", "latin1");
/** Signature, command, family, length. */
export const VERSION_2_HEAD_BYTES = 16;

/** The high half of the byte behind the signature is the version, the low half the command. */
export const COMMAND_LOCAL = 0x20;
export const COMMAND_PROXY = 0x21;
/** The high half is the address family, the low half the transport: 1 is a stream. */
export const FAMILY_UNSPECIFIED = 0x00;
export const FAMILY_TCP4 = 0x11;
export const FAMILY_TCP6 = 0x21;
export const FAMILY_UNIX = 0x31;
/** The length of a path, filled up with zero bytes. */
export const UNIX_PATH_BYTES = 108;

const OWN: ProxyHeader = { kind: "own", version: 2 };

/** `bytes` begin with `VERSION_2_START`. Throws a ServiceError, `protocol`. */
export function readVersion2(bytes: Buffer, headerMaxBytes: number): ProxyHeaderStep {
  const command = bytes[12];
  if (command === undefined) return MORE;
  if (command !== COMMAND_LOCAL && command !== COMMAND_PROXY) {
    throw badHeader(`version and command are ${hex(command)}, not 0x20 or 0x21`);
  }
  if (bytes.length < VERSION_2_HEAD_BYTES) return MORE;
  const headerBytes = VERSION_2_HEAD_BYTES + bytes.readUInt16BE(14);
  if (headerBytes > headerMaxBytes) {
    throw badHeader(`it is ${headerBytes} bytes long, at most ${headerMaxBytes}`);
  }
  if (command === COMMAND_LOCAL) {
    return bytes.length < headerBytes ? MORE : { kind: "done", header: OWN, headerBytes };
  }
  // What is wrong with the family is said before its bytes are waited for.
  const family = bytes[13]!;
  const endBytes = VERSION_2_HEAD_BYTES + 2 * addressBytesOf(family);
  if (headerBytes < endBytes) {
    throw badHeader(`family ${hex(family)} needs ${endBytes} bytes, it has ${headerBytes}`);
  }
  if (bytes.length < headerBytes) return MORE;
  const header = readAddresses(family, bytes.subarray(VERSION_2_HEAD_BYTES, endBytes));
  return { kind: "done", header, headerBytes };
}

/** `body` is both addresses. */
function readAddresses(family: number, body: Buffer): ProxyHeader {
  if (family === FAMILY_UNSPECIFIED) return OWN;
  if (family === FAMILY_UNIX) {
    const source = unixAddress(body.subarray(0, UNIX_PATH_BYTES));
    const destination = unixAddress(body.subarray(UNIX_PATH_BYTES));
    return { kind: "proxied", version: 2, source, destination };
  }
  const ipBytes = body.length / 2 - 2;
  const endpoint = (index: 0 | 1): Address => ({
    kind: "tcp",
    host: formatIp(ipFromBytes(body.subarray(index * ipBytes, (index + 1) * ipBytes))),
    port: body.readUInt16BE(2 * ipBytes + 2 * index),
  });
  return { kind: "proxied", version: 2, source: endpoint(0), destination: endpoint(1) };
}

/** The bytes of one of the two addresses, its port included. */
function addressBytesOf(family: number): number {
  switch (family) {
    case FAMILY_UNSPECIFIED:
      return 0;
    case FAMILY_TCP4:
      return 4 + 2;
    case FAMILY_TCP6:
      return 16 + 2;
    case FAMILY_UNIX:
      return UNIX_PATH_BYTES;
    default:
      throw badHeader(`family ${hex(family)} is none of a stream: 0x11, 0x21, 0x31 or 0x00`);
  }
}

/** A client's socket usually has no path. */
function unixAddress(bytes: Buffer): Address {
  const end = bytes.indexOf(0);
  return { kind: "unix", path: bytes.toString("utf8", 0, end < 0 ? bytes.length : end) };
}

function hex(byte: number): string {
  return `0x${byte.toString(16).padStart(2, "0")}`;
}
