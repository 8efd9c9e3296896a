/** The curves of ECDSA keys (RFC 5656, 10.1), each with the names that others have for it. */

export interface Curve {
  /** As SSH names it within a key. */
  readonly name: string;
  /** The type of a key on it, and the name of a signature with one. */
  readonly type: string;
  /** As JSON Web Keys name it, and `node:crypto` with them. */
  readonly jwkName: string;
  readonly bits: number;
  readonly coordinateBytes: number;
  readonly hash: string;
}

export const CURVES: readonly Curve[] = [
  curve("nistp256", "P-256", 256, "sha256"),
  curve("nistp384", "P-384", 384, "sha384"),
  curve("nistp521", "P-521", 521, "sha512"),
];

function curve(name: string, jwkName: string, bits: number, hash: string): Curve {
  const coordinateBytes = Math.ceil(bits / 8);
  return { name, type: `ecdsa-sha2-${name}`, jwkName, bits, coordinateBytes, hash };
}
