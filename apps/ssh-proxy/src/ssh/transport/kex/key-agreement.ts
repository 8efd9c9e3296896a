/** One way for two sides to agree on a secret: what each sends, and what comes out of it. */
import { DISCONNECT, SshError } from "../../ssh-error.ts";

export interface KeyAgreement {
  /** The hash of the exchange, and of the keys derived from it. */
  readonly hash: "sha256" | "sha384" | "sha512";
  /** The client's part: what it sends, and how it goes on with the answer. */
  begin(): ClientShare;
  /** The server's part. Throws an `SshError` for a share that is no good. */
  answer(clientShare: Buffer): { readonly share: Buffer; readonly secret: Buffer };
}

export interface ClientShare {
  readonly share: Buffer;
  /**
   * The secret, encoded as it goes into the exchange hash (an mpint or a string, with its length).
   * Throws an `SshError` for a share that is no good.
   */
  finish(serverShare: Buffer): Buffer;
}

export function badShare(what: string): SshError {
  return new SshError(DISCONNECT.keyExchangeFailed, `the peer's part of the key exchange ${what}`);
}
