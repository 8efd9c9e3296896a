/** Public keys as they travel (RFC 4253, 6.6; RFC 5656; RFC 8709): parsed, named, verified with. */

export interface PublicKey {
  /** `ssh-ed25519`, `ecdsa-sha2-nistp256` (384, 521) or `ssh-rsa`. */
  readonly type: string;
  /** The key as it travels, its type in front. A copy of its own. */
  readonly blob: Buffer;
  /** As `ssh-keygen -l` shows it: `SHA256:` and base64 without padding. */
  readonly fingerprint: string;
  /** Length of the key: RSA 2,048 to 16,384; the curve's otherwise. */
  readonly bits: number;
  /** The names a signature with it may have, best first: `rsa-sha2-512`, `rsa-sha2-256`, … */
  readonly signatureAlgorithms: readonly string[];
  /**
   * Whether `signature` (as it travels: name and bytes) is this key's over `data`, made with
   * `algorithm`. False for anything that is wrong with it; never throws.
   */
  verify(algorithm: string, data: Uint8Array, signature: Uint8Array): boolean;
}
