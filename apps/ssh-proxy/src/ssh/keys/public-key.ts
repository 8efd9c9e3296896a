/** Public keys as they travel (RFC 4253, 6.6; RFC 5656; RFC 8709): parsed, named, verified with. */
import { createHash, createPublicKey, verify, type KeyObject, type webcrypto } from "node:crypto";
import { MessageReader } from "../message-reader.ts";
import { CURVES, type Curve } from "./curve.ts";
import { bitLength, readMpint } from "./mpint.ts";
import {
  decodeSignature,
  ED25519,
  RSA,
  RSA_SIGNATURE_ALGORITHMS,
  SIGNATURE_ALGORITHMS,
} from "./signature.ts";
import { quoteName, SshKeyError } from "./ssh-key-error.ts";

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

/** Below 2,048 bits a modulus can be factored by those who can pay for it (NIST SP 800-57). */
const RSA_BITS_MIN = 2_048;
/** A check takes milliseconds at 16,384 bits, and four times as long at twice that. */
const RSA_BITS_MAX = 16_384;
/** 65,537 is usual; a large exponent makes each check of a signature as slow as a signature. */
const RSA_EXPONENT_MAX_BYTES = 4;
/** No key within these limits is longer. */
const BLOB_MAX_BYTES = 4_096;
const ED25519_BYTES = 32;

/** What its type says about a key, once the blob has been taken apart. */
interface KeyParts {
  readonly bits: number;
  readonly signatureAlgorithms: readonly string[];
  readonly signatureBytes: number;
  readonly jwk: () => webcrypto.JsonWebKey;
}

/**
 * Throws a SshKeyError, for users to read, unless `blob` is exactly one key of a type we take.
 * Whether a point lies on its curve shows only when a signature is checked, which then fails.
 */
export function parsePublicKey(blob: Uint8Array): PublicKey {
  if (blob.length > BLOB_MAX_BYTES) {
    throw new SshKeyError(`a key of ${blob.length} bytes; at most ${BLOB_MAX_BYTES}`);
  }
  const copy = Buffer.from(blob);
  try {
    const reader = new MessageReader(copy, 0);
    const type = reader.text();
    const parts = readParts(type, reader);
    reader.end();
    return new BlobPublicKey(type, copy, parts);
  } catch (error) {
    throw SshKeyError.from("not a public key", error);
  }
}

function readParts(type: string, reader: MessageReader): KeyParts {
  if (type === ED25519) return readEd25519(reader);
  if (type === RSA) return readRsa(reader);
  const curve = CURVES.find((candidate) => candidate.type === type);
  if (curve !== undefined) return readEcdsa(reader, curve);
  throw new SshKeyError(`keys of type ${quoteName(type)} are not taken`);
}

function readEd25519(reader: MessageReader): KeyParts {
  const x = reader.string();
  if (x.length !== ED25519_BYTES) {
    throw new SshKeyError(`an Ed25519 key of ${x.length} bytes; it must be ${ED25519_BYTES}`);
  }
  return {
    bits: 256,
    signatureAlgorithms: [ED25519],
    signatureBytes: 2 * ED25519_BYTES,
    jwk: () => ({ kty: "OKP", crv: "Ed25519", x: x.toString("base64url") }),
  };
}

function readEcdsa(reader: MessageReader, curve: Curve): KeyParts {
  const name = reader.text();
  if (name !== curve.name) {
    throw new SshKeyError(`a key of type ${curve.type} on the curve ${quoteName(name)}`);
  }
  const point = reader.string();
  const { coordinateBytes } = curve;
  // 4: both coordinates stand there (SEC 1, 2.3.4). Compressed points: RFC 5656, 3.1 forbids them.
  if (point.length !== 1 + 2 * coordinateBytes || point[0] !== 4) {
    throw new SshKeyError(`a key on ${name} must be an uncompressed point`);
  }
  const x = point.subarray(1, 1 + coordinateBytes);
  const y = point.subarray(1 + coordinateBytes);
  return {
    bits: curve.bits,
    signatureAlgorithms: [curve.type],
    signatureBytes: 2 * coordinateBytes,
    jwk: () => ({
      kty: "EC",
      crv: curve.jwkName,
      x: x.toString("base64url"),
      y: y.toString("base64url"),
    }),
  };
}

function readRsa(reader: MessageReader): KeyParts {
  const e = readMpint(reader, RSA_EXPONENT_MAX_BYTES, "the RSA exponent");
  if (e.at(-1)! % 2 === 0 || (e.length === 1 && e[0] === 1)) {
    throw new SshKeyError("the RSA exponent must be odd and above 1");
  }
  const n = readMpint(reader, RSA_BITS_MAX / 8, "the RSA modulus");
  const bits = bitLength(n);
  if (bits < RSA_BITS_MIN) {
    throw new SshKeyError(`an RSA key of ${bits} bits; from ${RSA_BITS_MIN} to ${RSA_BITS_MAX}`);
  }
  if (n.at(-1)! % 2 === 0) throw new SshKeyError("the RSA modulus is even");
  return {
    bits,
    signatureAlgorithms: RSA_SIGNATURE_ALGORITHMS,
    signatureBytes: n.length,
    jwk: () => ({ kty: "RSA", n: n.toString("base64url"), e: e.toString("base64url") }),
  };
}

class BlobPublicKey implements PublicKey {
  readonly type: string;
  readonly blob: Buffer;
  readonly fingerprint: string;
  readonly bits: number;
  readonly signatureAlgorithms: readonly string[];
  private readonly signatureBytes: number;
  private readonly jwk: () => webcrypto.JsonWebKey;
  /** Made at the first signature: most keys that are offered or on file are never used. */
  private keyObject: KeyObject | undefined = undefined;

  constructor(type: string, blob: Buffer, parts: KeyParts) {
    this.type = type;
    this.blob = blob;
    this.fingerprint = fingerprintOf(blob);
    this.bits = parts.bits;
    this.signatureAlgorithms = parts.signatureAlgorithms;
    this.signatureBytes = parts.signatureBytes;
    this.jwk = parts.jwk;
  }

  verify(algorithm: string, data: Uint8Array, signature: Uint8Array): boolean {
    if (!this.signatureAlgorithms.includes(algorithm)) return false;
    const known = SIGNATURE_ALGORITHMS.get(algorithm);
    if (known === undefined) return false;
    try {
      const bytes = decodeSignature(known, signature, this.signatureBytes);
      this.keyObject ??= createPublicKey({ key: this.jwk(), format: "jwk" });
      const key = { key: this.keyObject, dsaEncoding: "ieee-p1363" } as const;
      return verify(known.hash, data, key, bytes);
    } catch {
      // A signature in the wrong form, or a point that is not on the curve.
      return false;
    }
  }
}

function fingerprintOf(blob: Buffer): string {
  const digest = createHash("sha256").update(blob).digest("base64");
  return `SHA256:${digest.replaceAll("=", "")}`;
}
