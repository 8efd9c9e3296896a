/** Writes a binary PROXY protocol header, for a backend that wants to know who is behind us. */
import { type Address, parseAddress } from "holdfast";
import { parseIp } from "../source-address.ts";
import { ipv4Bytes, ipv6Bytes } from "./tcp-address.ts";
import {
  COMMAND_LOCAL,
  COMMAND_PROXY,
  FAMILY_TCP4,
  FAMILY_TCP6,
  FAMILY_UNIX,
  FAMILY_UNSPECIFIED,
  UNIX_PATH_BYTES,
  VERSION_2_START,
} from "./version-2.ts";

/**
 * The header for a connection made on behalf of a client: the `remote` and `local` of the client's
 * socket. What is no pair of addresses of one kind is written as unspecified, which the backend
 * reads as our own address.
 */
export function writeProxyHeader(remote: string, local: string): Buffer {
  const source = parseAddress(remote);
  const destination = parseAddress(local);
  if (source?.kind === "tcp" && destination?.kind === "tcp") return writeTcp(source, destination);
  if (source?.kind === "unix" && destination?.kind === "unix") {
    const body = Buffer.concat([unixBytes(source.path), unixBytes(destination.path)]);
    return withHead(COMMAND_PROXY, FAMILY_UNIX, body);
  }
  return withHead(COMMAND_PROXY, FAMILY_UNSPECIFIED, Buffer.alloc(0));
}

/** The header of a connection that we make for ourselves, such as a health check. */
export function writeLocalHeader(): Buffer {
  return withHead(COMMAND_LOCAL, FAMILY_UNSPECIFIED, Buffer.alloc(0));
}

type TcpAddress = Extract<Address, { readonly kind: "tcp" }>;

function writeTcp(source: TcpAddress, destination: TcpAddress): Buffer {
  const from = parseIp(source.host);
  const to = parseIp(destination.host);
  if (from === undefined || to === undefined) {
    return withHead(COMMAND_PROXY, FAMILY_UNSPECIFIED, Buffer.alloc(0));
  }
  const ports = Buffer.alloc(4);
  ports.writeUInt16BE(source.port, 0);
  ports.writeUInt16BE(destination.port, 2);
  // Both have to be of one family: where one is IPv6, the other is written within it.
  return from.family === 4 && to.family === 4
    ? withHead(COMMAND_PROXY, FAMILY_TCP4, Buffer.concat([ipv4Bytes(from), ipv4Bytes(to), ports]))
    : withHead(COMMAND_PROXY, FAMILY_TCP6, Buffer.concat([ipv6Bytes(from), ipv6Bytes(to), ports]));
}

/** A path that is too long is cut: it is for logs. */
function unixBytes(path: string): Buffer {
  const bytes = Buffer.alloc(UNIX_PATH_BYTES);
  bytes.write(path, "utf8");
  return bytes;
}

function withHead(command: number, family: number, body: Buffer): Buffer {
  const length = Buffer.alloc(2);
  length.writeUInt16BE(body.length);
  return Buffer.concat([VERSION_2_START, Buffer.of(command, family), length, body]);
}
