/**
 * What a PROXY protocol header says, whichever version it is written in. The protocol is HAProxy's:
 * "The PROXY protocol, versions 1 & 2", 2.1 (human-readable) and 2.2 (binary).
 */
import { type Address, ServiceError } from "holdfast";

export type ProxyHeader =
  | {
      readonly kind: "proxied";
      readonly version: 1 | 2;
      /** Who connected to the first proxy. */
      readonly source: Address;
      /** What it connected to. */
      readonly destination: Address;
    }
  /**
   * Nobody is behind it: the proxy itself connected, for example to see whether we live (LOCAL), or
   * does not know who (UNKNOWN, UNSPEC). The connection's own addresses are the ones to go by.
   */
  | { readonly kind: "own"; readonly version: 1 | 2 };

/** What a parser makes of the bytes that are there. */
export type ProxyHeaderStep =
  | { readonly kind: "more" }
  /** `headerBytes` is where the bytes of the connection itself begin. */
  | { readonly kind: "done"; readonly header: ProxyHeader; readonly headerBytes: number };

export const MORE: ProxyHeaderStep = { kind: "more" };

/** The bytes are no header, or one that this proxy does not take. */
export function badHeader(what: string): ServiceError {
  return new ServiceError("protocol", `bad PROXY protocol header: ${what}`, {
    retryable: false,
    workStarted: "no",
  });
}
