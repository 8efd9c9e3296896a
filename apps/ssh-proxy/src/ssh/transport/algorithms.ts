/**
 * The algorithms that are offered, best first, and how a caller restricts them. What is not here
 * is left out on purpose: finite-field Diffie-Hellman (one peer can keep a processor busy with it),
 * CBC and ChaCha20-Poly1305 (CVE-2023-48795), SHA-1, and compression (memory before the login).
 */
import { ML_KEM_IS_SUPPORTED } from "./kex/ml-kem.ts";

export interface AlgorithmOptions {
  /** Key exchange methods, best first; some of `KEX_METHODS`, which is the default. */
  readonly kex?: readonly string[];
  /** Ciphers for both directions, best first; some of `CIPHERS`, which is the default. */
  readonly ciphers?: readonly string[];
  /** MACs for ciphers that need one, best first; some of `MACS`, which is the default. */
  readonly macs?: readonly string[];
}

export interface Algorithms {
  readonly kex: readonly string[];
  readonly ciphers: readonly string[];
  readonly macs: readonly string[];
}

export const ML_KEM_KEX = "mlkem768x25519-sha256";

export const KEX_METHODS: readonly string[] = [
  // First, so that what is recorded today stays secret when quantum computers come.
  ML_KEM_KEX,
  "curve25519-sha256",
  "curve25519-sha256@libssh.org",
  "ecdh-sha2-nistp256",
  "ecdh-sha2-nistp384",
  "ecdh-sha2-nistp521",
];

export const CIPHERS: readonly string[] = [
  // GCM first: one pass, done by the processor itself; of its keys the shorter is the faster.
  "aes128-gcm@openssh.com",
  "aes256-gcm@openssh.com",
  "aes128-ctr",
  "aes192-ctr",
  "aes256-ctr",
];

export const MACS: readonly string[] = [
  "hmac-sha2-256-etm@openssh.com",
  "hmac-sha2-512-etm@openssh.com",
  // Encrypt-and-authenticate: old PuTTY and Paramiko have nothing better.
  "hmac-sha2-256",
  "hmac-sha2-512",
];

/** How host keys and users sign, best first; also our `server-sig-algs`. */
export const SIGNATURE_ALGORITHMS: readonly string[] = [
  "ssh-ed25519",
  "ecdsa-sha2-nistp256",
  "ecdsa-sha2-nistp384",
  "ecdsa-sha2-nistp521",
  "rsa-sha2-512",
  "rsa-sha2-256",
];

/** The key exchange methods of this runtime; ML-KEM needs OpenSSL 3.5 below it. */
export const SUPPORTED_KEX_METHODS: readonly string[] = ML_KEM_IS_SUPPORTED
  ? KEX_METHODS
  : KEX_METHODS.filter((name) => name !== ML_KEM_KEX);

/** Throws a RangeError for names that are not known, and when nothing is left to offer. */
export function completeAlgorithms(options: AlgorithmOptions = {}): Algorithms {
  const kex = chosen("kex", options.kex, KEX_METHODS).filter((name) =>
    SUPPORTED_KEX_METHODS.includes(name),
  );
  if (kex.length === 0) throw new RangeError("algorithms.kex: this runtime supports none of them");
  return {
    kex,
    ciphers: chosen("ciphers", options.ciphers, CIPHERS),
    macs: chosen("macs", options.macs, MACS),
  };
}

function chosen(
  option: keyof AlgorithmOptions,
  names: readonly string[] | undefined,
  known: readonly string[],
): readonly string[] {
  if (names === undefined) return known;
  const unknown = names.filter((name) => !known.includes(name));
  if (names.length === 0 || unknown.length > 0) {
    const what = names.length === 0 ? "is empty" : `knows no ${unknown.join(", ")}`;
    throw new RangeError(`algorithms.${option} ${what}; there are ${known.join(", ")}`);
  }
  return names;
}

/** Types of host key (`ssh-rsa`) as the ways to sign with them (`rsa-sha2-512`, …). */
export function hostKeyAlgorithmsOf(types: readonly string[]): readonly string[] {
  const names = types.flatMap((type) =>
    type === "ssh-rsa" ? ["rsa-sha2-512", "rsa-sha2-256"] : [type],
  );
  const unknown = names.filter((name) => !SIGNATURE_ALGORITHMS.includes(name));
  if (names.length === 0 || unknown.length > 0) {
    const what = names.length === 0 ? "is empty" : `knows no ${unknown.join(", ")}`;
    throw new RangeError(`hostKeyTypes ${what}; there are ${SIGNATURE_ALGORITHMS.join(", ")}`);
  }
  return names;
}

/** The type of the key that signs so. */
export function keyTypeOf(signatureAlgorithm: string): string {
  return signatureAlgorithm.startsWith("rsa-") ? "ssh-rsa" : signatureAlgorithm;
}
