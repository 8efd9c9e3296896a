/** A key of `node:crypto` as it travels; the way back from a PEM file to SSH. */
import { createPublicKey, type KeyObject } from "node:crypto";
import { MessageWriter } from "../message-writer.ts";
import { CURVES } from "./curve.ts";
import { ED25519, RSA } from "./signature.ts";
import { SshKeyError } from "./ssh-key-error.ts";

/** Throws a SshKeyError for a key of a type that we do not take. */
export function encodePublicKey(privateKey: KeyObject): Buffer {
  const type = privateKey.asymmetricKeyType;
  if (type !== "ed25519" && type !== "ec" && type !== "rsa") {
    throw new SshKeyError(`a key of type ${type}; it must be ed25519, ecdsa or rsa`);
  }
  // What is not a curve of ours cannot be exported, either.
  const { crv, x = "", y = "", n = "", e = "" } = exportJwk(privateKey);
  if (type === "ed25519") return new MessageWriter().string(ED25519).string(decode(x)).finish();
  if (type === "rsa") {
    return new MessageWriter().string(RSA).mpint(decode(e)).mpint(decode(n)).finish();
  }
  const curve = CURVES.find(({ jwkName }) => jwkName === crv);
  if (curve === undefined) throw new SshKeyError(`a key on the curve ${crv}, which is not taken`);
  const point = Buffer.concat([Buffer.of(4), decode(x), decode(y)]);
  return new MessageWriter().string(curve.type).string(curve.name).string(point).finish();
}

function exportJwk(privateKey: KeyObject) {
  try {
    return createPublicKey(privateKey).export({ format: "jwk" });
  } catch (error) {
    throw SshKeyError.from("a key that is not taken", error);
  }
}

function decode(digits: string): Buffer {
  return Buffer.from(digits, "base64url");
}
