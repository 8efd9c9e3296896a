/** One key of every type, made once for all tests of a file. */
import { generateKeyPairSync } from "node:crypto";
import { createSigner, type PrivateKey } from "../../keys/private-key.ts";

export const HOST_KEYS: readonly PrivateKey[] = [
  generateKeyPairSync("ed25519").privateKey,
  generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey,
  generateKeyPairSync("ec", { namedCurve: "P-384" }).privateKey,
  generateKeyPairSync("ec", { namedCurve: "P-521" }).privateKey,
  generateKeyPairSync("rsa", { modulusLength: 2_048 }).privateKey,
].map((key) => createSigner(key));
