/** `curve25519-sha256` (RFC 8731), and the X25519 half of the hybrid with ML-KEM. */
import { createPublicKey, diffieHellman, generateKeyPairSync, type KeyObject } from "node:crypto";
import { MessageWriter } from "../../message-writer.ts";
import { badShare, type KeyAgreement } from "./key-agreement.ts";

export const X25519_BYTES = 32;

export interface X25519Pair {
  readonly privateKey: KeyObject;
  readonly share: Buffer;
}

export function generateX25519(): X25519Pair {
  const { publicKey, privateKey } = generateKeyPairSync("x25519");
  // As DER it would cost as much as half a key: OpenSSL looks for an encoder each time.
  const { x } = publicKey.export({ format: "jwk" });
  return { privateKey, share: Buffer.from(x!, "base64url") };
}

/**
 * The 32 bytes that both sides get. Refuses points of small order: their result is zero whatever
 * the private key is (RFC 8731, 3).
 */
export function agreeX25519(privateKey: KeyObject, peerShare: Buffer): Buffer {
  if (peerShare.length !== X25519_BYTES) throw badShare(`has ${peerShare.length} bytes, not 32`);
  let secret: Buffer;
  try {
    const key = { kty: "OKP", crv: "X25519", x: peerShare.toString("base64url") };
    const publicKey = createPublicKey({ key, format: "jwk" });
    secret = diffieHellman({ privateKey, publicKey });
  } catch {
    throw badShare("is a point of small order");
  }
  // OpenSSL refuses these above; it is not for us to trust that every build of it does.
  if (secret.every((byte) => byte === 0)) throw badShare("is a point of small order");
  return secret;
}

export const X25519_AGREEMENT: KeyAgreement = {
  hash: "sha256",
  begin() {
    const { privateKey, share } = generateX25519();
    return { share, finish: (serverShare) => mpint(agreeX25519(privateKey, serverShare)) };
  },
  answer(clientShare) {
    const { privateKey, share } = generateX25519();
    return { share, secret: mpint(agreeX25519(privateKey, clientShare)) };
  },
};

function mpint(secret: Buffer): Buffer {
  return new MessageWriter().mpint(secret).finish();
}
