/** New keys, for a first start that finds none. */
import { generateKeyPairSync, type KeyObject } from "node:crypto";
import { writeOpensshPrivateKey } from "./openssh-private-key.ts";
import { createSigner, type PrivateKey } from "./private-key.ts";

export type GeneratedKeyType = "ssh-ed25519" | "ecdsa-sha2-nistp256" | "ssh-rsa";

export interface GeneratedKey {
  readonly privateKey: PrivateKey;
  /** The text of its file, as ssh-keygen writes it, not encrypted: only its mode guards it. */
  readonly openssh: string;
  /** The text of its `.pub` file, without an end of line. */
  readonly publicLine: string;
}

/** As ssh-keygen's default: about the strength of 128 bits. */
const RSA_BITS = 3_072;

/**
 * `comment`: what the key is called, without control characters. Takes up to a second for RSA,
 * during which nothing else runs.
 */
export function generatePrivateKey(type: GeneratedKeyType, comment = ""): GeneratedKey {
  if (/\p{Cc}/u.test(comment)) throw new RangeError("a control character in the comment");
  const keyObject = generateKeyObject(type);
  const privateKey = createSigner(keyObject);
  const { blob } = privateKey.publicKey;
  return {
    privateKey,
    openssh: writeOpensshPrivateKey(keyObject, blob, comment),
    publicLine: `${type} ${blob.toString("base64")} ${comment}`.trimEnd(),
  };
}

function generateKeyObject(type: GeneratedKeyType): KeyObject {
  switch (type) {
    case "ssh-ed25519":
      return generateKeyPairSync("ed25519").privateKey;
    case "ecdsa-sha2-nistp256":
      return generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey;
    case "ssh-rsa":
      return generateKeyPairSync("rsa", { modulusLength: RSA_BITS }).privateKey;
  }
}
