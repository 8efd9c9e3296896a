/** What the two ends of a connection are called, in logs and on the ops port. */
import type * as net from "node:net";
import { type Address, formatAddress } from "@holdfast/core";

/** Taken when the connection is made: a stream forgets them when it is closed. */
export interface SocketNames {
  readonly remote: string;
  readonly local: string;
  readonly peerSubject: string | undefined;
}

/** `address` is what was listened on or connected to: all that a Unix socket knows of itself. */
export function namesOf(
  address: Address,
  stream: net.Socket,
  peerSubject: string | undefined,
): SocketNames {
  if (address.kind === "unix") {
    const name = formatAddress(address);
    return { remote: name, local: name, peerSubject };
  }
  return {
    remote: nameOf(stream.remoteAddress, stream.remotePort),
    local: nameOf(stream.localAddress, stream.localPort),
    peerSubject,
  };
}

/** IPv4 through an IPv6 socket reads as IPv4: it is the same peer. */
function nameOf(host: string | undefined, port: number | undefined): string {
  // The peer was gone before we could ask.
  if (host === undefined || port === undefined) return "unknown";
  const plain = host.startsWith("::ffff:") ? host.slice("::ffff:".length) : host;
  return formatAddress({ kind: "tcp", host: plain, port });
}
