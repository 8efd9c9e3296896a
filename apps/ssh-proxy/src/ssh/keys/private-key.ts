/** Private keys: read from OpenSSH's and PEM files, for host keys and for logins at backends. */
import { createPrivateKey, sign, type KeyObject } from "node:crypto";
import { encodePublicKey } from "./encode-public-key.ts";
import { readOpensshPrivateKey } from "./openssh-private-key.ts";
import { parsePublicKey, type PublicKey } from "./public-key.ts";
import { encodeSignature, SIGNATURE_ALGORITHMS } from "./signature.ts";
import { quoteName, SshKeyError } from "./ssh-key-error.ts";

export interface PrivateKey {
  readonly publicKey: PublicKey;
  /** Signs `data`; the signature as it travels: name and bytes. Throws for another algorithm. */
  sign(algorithm: string, data: Uint8Array): Buffer;
}

/** A file with an RSA key of 16,384 bits has 13 KiB. */
const TEXT_MAX_LENGTH = 65_536;
const LABEL = /-----BEGIN ((?:[A-Z0-9]+ )*PRIVATE KEY)-----/u;

/**
 * Reads the text of a key's file: OpenSSH's own format without encryption, or PEM (PKCS #8, also
 * encrypted, PKCS #1, SEC 1). Throws a SshKeyError that says what is wrong, and nothing secret.
 */
export function parsePrivateKey(text: string, passphrase?: string): PrivateKey {
  if (text.length > TEXT_MAX_LENGTH) {
    throw new SshKeyError(`a file of ${text.length} characters; at most ${TEXT_MAX_LENGTH}`);
  }
  const label = LABEL.exec(text)?.[1];
  if (label === undefined) throw new SshKeyError(explainOther(text));
  try {
    if (label === "OPENSSH PRIVATE KEY") {
      const { keyObject, publicBlob } = readOpensshPrivateKey(text);
      return createSigner(keyObject, publicBlob);
    }
    return createSigner(readPem(text, label, passphrase));
  } catch (error) {
    throw SshKeyError.from("not a private key", error);
  }
}

/**
 * A key of `node:crypto` as one of SSH. `publicBlob`: what a file says its public key is. One
 * signature is made and checked, so that a damaged file is found at the start and not at a login.
 */
export function createSigner(keyObject: KeyObject, publicBlob?: Uint8Array): PrivateKey {
  const publicKey = parsePublicKey(encodePublicKey(keyObject));
  if (publicBlob !== undefined && !publicKey.blob.equals(publicBlob)) {
    throw new SshKeyError("the public key in the file is another key's");
  }
  const signer = new Signer(keyObject, publicKey);
  const algorithm = publicKey.signatureAlgorithms[0]!;
  if (!publicKey.verify(algorithm, publicKey.blob, signer.sign(algorithm, publicKey.blob))) {
    throw new SshKeyError("the key is damaged: what it signs does not hold");
  }
  return signer;
}

class Signer implements PrivateKey {
  readonly publicKey: PublicKey;
  /** Private to the runtime, too: it shows in no log and no snapshot. */
  readonly #keyObject: KeyObject;

  constructor(keyObject: KeyObject, publicKey: PublicKey) {
    this.#keyObject = keyObject;
    this.publicKey = publicKey;
  }

  sign(algorithm: string, data: Uint8Array): Buffer {
    const known = SIGNATURE_ALGORITHMS.get(algorithm);
    if (known === undefined || !this.publicKey.signatureAlgorithms.includes(algorithm)) {
      const { type } = this.publicKey;
      throw new SshKeyError(`a key of type ${type} does not sign with ${quoteName(algorithm)}`);
    }
    const key = { key: this.#keyObject, dsaEncoding: "ieee-p1363" } as const;
    return encodeSignature(known, sign(known.hash, data, key));
  }
}

function readPem(text: string, label: string, passphrase: string | undefined): KeyObject {
  const isEncrypted = label.startsWith("ENCRYPTED ") || text.includes("Proc-Type: 4,ENCRYPTED");
  if (isEncrypted && passphrase === undefined) {
    throw new SshKeyError("the key is encrypted, and no passphrase was given");
  }
  try {
    return createPrivateKey({ key: text, format: "pem", ...(isEncrypted && { passphrase }) });
  } catch (error) {
    if (isEncrypted) throw new SshKeyError("the passphrase is wrong, or the key is damaged");
    throw new SshKeyError(`the file (${label}) is damaged, or of an unknown type`, {
      cause: error,
    });
  }
}

function explainOther(text: string): string {
  if (text.startsWith("PuTTY-User-Key-File")) {
    return "a key of PuTTY; `puttygen FILE -O private-openssh` makes one that can be read";
  }
  if (/^(?:ssh-|ecdsa-)|PUBLIC KEY/u.test(text)) return "a public key; its private key is needed";
  return "no private key in it: a line -----BEGIN … PRIVATE KEY----- is expected";
}
