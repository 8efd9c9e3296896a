/** Private keys: read from OpenSSH's and PEM files, for host keys and for logins at backends. */
import type { PublicKey } from "./public-key.ts";

export interface PrivateKey {
  readonly publicKey: PublicKey;
  /** Signs `data`; the signature as it travels: name and bytes. Throws for another algorithm. */
  sign(algorithm: string, data: Uint8Array): Buffer;
}
