/**
 * `mlkem768x25519-sha256` (draft-ietf-sshm-mlkem-hybrid-kex): ML-KEM-768 (FIPS 203) and X25519 at
 * once, so that the secret holds as long as one of them does.
 */
import * as crypto from "node:crypto";
import { MessageWriter } from "../../message-writer.ts";
import { badShare, type KeyAgreement } from "./key-agreement.ts";
import { agreeX25519, generateX25519, X25519_BYTES } from "./x25519.ts";

const ENCAPSULATION_KEY_BYTES = 1184;
const CIPHERTEXT_BYTES = 1088;

/** What stands before an encapsulation key in its DER form (RFC 9935). */
const DER_HEAD = Buffer.from("308204b2300b0609608648016503040402038204a100", "hex");

/** Whether this runtime has ML-KEM; it came with Node 24.7, where OpenSSL is 3.5. */
export const ML_KEM_IS_SUPPORTED = detectMlKem();

function detectMlKem(): boolean {
  if (typeof crypto.encapsulate !== "function") return false;
  try {
    crypto.generateKeyPairSync("ml-kem-768");
    return true;
  } catch {
    return false;
  }
}

export const ML_KEM_AGREEMENT: KeyAgreement = {
  hash: "sha256",
  begin() {
    const kem = crypto.generateKeyPairSync("ml-kem-768");
    const der = kem.publicKey.export({ type: "spki", format: "der" });
    const x25519 = generateX25519();
    return {
      share: Buffer.concat([der.subarray(DER_HEAD.length), x25519.share]),
      finish: (serverShare) => agreeWithServer(kem.privateKey, x25519.privateKey, serverShare),
    };
  },
  answer(clientShare) {
    const [kemKey, x25519Share] = split(clientShare, ENCAPSULATION_KEY_BYTES);
    const { ciphertext, sharedKey } = encapsulateFor(kemKey);
    const x25519 = generateX25519();
    const secret = combine(sharedKey, agreeX25519(x25519.privateKey, x25519Share));
    return { share: Buffer.concat([ciphertext, x25519.share]), secret };
  },
};

/** The secret of a client with these keys. Exported for the test with known answers. */
export function agreeWithServer(
  kem: crypto.KeyObject,
  x25519: crypto.KeyObject,
  serverShare: Buffer,
): Buffer {
  const [ciphertext, x25519Share] = split(serverShare, CIPHERTEXT_BYTES);
  // A wrong ciphertext gives another secret (FIPS 203, 6.3); the signature then shows it.
  const sharedKey = crypto.decapsulate(kem, ciphertext);
  return combine(sharedKey, agreeX25519(x25519, x25519Share));
}

function split(share: Buffer, kemBytes: number): [Buffer, Buffer] {
  const bytes = kemBytes + X25519_BYTES;
  if (share.length !== bytes) throw badShare(`has ${share.length} bytes, not ${bytes}`);
  return [share.subarray(0, kemBytes), share.subarray(kemBytes)];
}

function encapsulateFor(kemKey: Buffer): { sharedKey: Buffer; ciphertext: Buffer } {
  try {
    const der = Buffer.concat([DER_HEAD, kemKey]);
    return crypto.encapsulate(crypto.createPublicKey({ key: der, format: "der", type: "spki" }));
  } catch {
    throw badShare("is no ML-KEM-768 key");
  }
}

function combine(sharedKey: Buffer, x25519Secret: Buffer): Buffer {
  const secret = crypto.createHash("sha256").update(sharedKey).update(x25519Secret).digest();
  // A string, not an mpint as with the other methods (section 2.3 of the draft).
  return new MessageWriter().string(secret).finish();
}
