/** `ecdh-sha2-nistp256`, 384 and 521 (RFC 5656, 4). */
import { createECDH, type ECDH } from "node:crypto";
import { MessageWriter } from "../../message-writer.ts";
import { badShare, type KeyAgreement } from "./key-agreement.ts";

interface Curve {
  readonly openSslName: string;
  readonly hash: KeyAgreement["hash"];
  /** Bytes of an uncompressed point: 0x04, x and y. */
  readonly pointBytes: number;
}

const UNCOMPRESSED = 0x04;

export const NISTP256_AGREEMENT = ecdhAgreement({
  openSslName: "prime256v1",
  hash: "sha256",
  pointBytes: 65,
});

export const NISTP384_AGREEMENT = ecdhAgreement({
  openSslName: "secp384r1",
  hash: "sha384",
  pointBytes: 97,
});

export const NISTP521_AGREEMENT = ecdhAgreement({
  openSslName: "secp521r1",
  hash: "sha512",
  pointBytes: 133,
});

function ecdhAgreement(curve: Curve): KeyAgreement {
  return {
    hash: curve.hash,
    begin() {
      const ecdh = createECDH(curve.openSslName);
      const share = ecdh.generateKeys();
      return { share, finish: (serverShare) => agree(curve, ecdh, serverShare) };
    },
    answer(clientShare) {
      const ecdh = createECDH(curve.openSslName);
      const share = ecdh.generateKeys();
      return { share, secret: agree(curve, ecdh, clientShare) };
    },
  };
}

function agree(curve: Curve, ecdh: ECDH, peerShare: Buffer): Buffer {
  // Not the point at infinity, and not compressed, which need not be taken (RFC 5656, 4).
  if (peerShare.length !== curve.pointBytes || peerShare[0] !== UNCOMPRESSED) {
    throw badShare(`is no point of ${curve.pointBytes} bytes`);
  }
  let secret: Buffer;
  try {
    secret = ecdh.computeSecret(peerShare);
  } catch {
    throw badShare("is not on the curve");
  }
  return new MessageWriter().mpint(secret).finish();
}
