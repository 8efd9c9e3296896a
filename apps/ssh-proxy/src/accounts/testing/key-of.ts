/** Keys for tests that never sign: as many as wanted, each from a name. */
import { createHash } from "node:crypto";
import { MessageWriter } from "../../ssh/message-writer.ts";
import { parsePublicKey, type PublicKey } from "../../ssh/keys/public-key.ts";

/** The same key for the same name. */
export function keyOf(name: string): PublicKey {
  const bytes = createHash("sha256").update(name).digest();
  return parsePublicKey(new MessageWriter().string("ssh-ed25519").string(bytes).finish());
}

/** As it stands in a file: options in front if there are any. */
export function lineOf(name: string, comment = "", options = ""): string {
  const { type, blob } = keyOf(name);
  return `${options} ${type} ${blob.toString("base64")} ${comment}`.trim();
}
