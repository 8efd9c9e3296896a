/**
 * Signatures as they travel: a name, and bytes whose form the name says (RFC 8709, 6 for Ed25519;
 * RFC 5656, 3.1.2 for ECDSA; RFC 8332, 3 for RSA). What is not exactly that is refused.
 */
import { MessageReader } from "../message-reader.ts";
import { MessageWriter } from "../message-writer.ts";
import { CURVES, type Curve } from "./curve.ts";
import { padDigits, readMpint } from "./mpint.ts";
import { quoteName, SshKeyError } from "./ssh-key-error.ts";

export const ED25519 = "ssh-ed25519";
export const RSA = "ssh-rsa";

/** Best first. `ssh-rsa` as the name of a signature is SHA-1: never. */
export const RSA_SIGNATURE_ALGORITHMS = ["rsa-sha2-512", "rsa-sha2-256"] as const;

export interface SignatureAlgorithm {
  readonly name: string;
  /** As `node:crypto` names it; null when the algorithm hashes by itself. */
  readonly hash: string | null;
  /** Only of ECDSA. */
  readonly curve?: Curve;
}

export const SIGNATURE_ALGORITHMS: ReadonlyMap<string, SignatureAlgorithm> = new Map(
  [
    { name: ED25519, hash: null },
    ...CURVES.map((curve) => ({ name: curve.type, hash: curve.hash, curve })),
    { name: "rsa-sha2-512", hash: "sha512" },
    { name: "rsa-sha2-256", hash: "sha256" },
  ].map((algorithm) => [algorithm.name, algorithm]),
);

/**
 * The signature as `node:crypto` takes it, `signatureBytes` long; for ECDSA r and s side by side.
 * Throws for anything that is no signature of this algorithm and length.
 */
export function decodeSignature(
  algorithm: SignatureAlgorithm,
  signature: Uint8Array,
  signatureBytes: number,
): Buffer {
  const reader = new MessageReader(asBuffer(signature), 0);
  const name = reader.text();
  if (name !== algorithm.name) {
    throw new SshKeyError(`a signature of ${quoteName(name)}, not of ${algorithm.name}`);
  }
  const bytes = reader.string();
  reader.end();
  if (algorithm.curve !== undefined) return decodeEcdsa(bytes, algorithm.curve);
  if (bytes.length === signatureBytes) return bytes;
  // Some clients (PuTTY up to 0.67) leave out the leading 0s of one RSA signature in 256; it is
  // the same number, and OpenSSH takes it, too.
  if (algorithm.name !== ED25519 && bytes.length > 0 && bytes.length < signatureBytes) {
    return padDigits(bytes, signatureBytes);
  }
  throw new SshKeyError(`a signature of ${bytes.length} bytes; it must be ${signatureBytes}`);
}

/** The other way: what `node:crypto` made, as it travels. */
export function encodeSignature(algorithm: SignatureAlgorithm, bytes: Uint8Array): Buffer {
  const { name, curve } = algorithm;
  if (curve === undefined) return new MessageWriter().string(name).string(bytes).finish();
  const r = bytes.subarray(0, curve.coordinateBytes);
  const s = bytes.subarray(curve.coordinateBytes);
  const pair = new MessageWriter().mpint(r).mpint(s).finish();
  return new MessageWriter().string(name).string(pair).finish();
}

/** That r and s are below the order of the curve is looked at by `node:crypto`. */
function decodeEcdsa(bytes: Buffer, { coordinateBytes }: Curve): Buffer {
  const reader = new MessageReader(bytes, 0);
  const r = readMpint(reader, coordinateBytes, "r");
  const s = readMpint(reader, coordinateBytes, "s");
  reader.end();
  return Buffer.concat([padDigits(r, coordinateBytes), padDigits(s, coordinateBytes)]);
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
