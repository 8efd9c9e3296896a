/** The key exchange methods by their names. */
import { NISTP256_AGREEMENT, NISTP384_AGREEMENT, NISTP521_AGREEMENT } from "./ecdh.ts";
import type { KeyAgreement } from "./key-agreement.ts";
import { ML_KEM_AGREEMENT } from "./ml-kem.ts";
import { X25519_AGREEMENT } from "./x25519.ts";

const AGREEMENTS: ReadonlyMap<string, KeyAgreement> = new Map([
  ["mlkem768x25519-sha256", ML_KEM_AGREEMENT],
  ["curve25519-sha256", X25519_AGREEMENT],
  ["curve25519-sha256@libssh.org", X25519_AGREEMENT],
  ["ecdh-sha2-nistp256", NISTP256_AGREEMENT],
  ["ecdh-sha2-nistp384", NISTP384_AGREEMENT],
  ["ecdh-sha2-nistp521", NISTP521_AGREEMENT],
]);

/** Throws a RangeError for a name that is not one of `KEX_METHODS`. */
export function agreementOf(kex: string): KeyAgreement {
  const agreement = AGREEMENTS.get(kex);
  if (agreement === undefined) throw new RangeError(`no key exchange method ${kex}`);
  return agreement;
}
