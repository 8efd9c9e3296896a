/** The cipher of one direction by the names that were agreed on. */
import { AesCtrEtmOpener, AesCtrEtmSealer } from "./aes-ctr-etm.ts";
import { AesCtrMacOpener, AesCtrMacSealer } from "./aes-ctr-mac.ts";
import type { CtrName } from "./aes-ctr.ts";
import { AesGcmOpener, AesGcmSealer, type GcmName } from "./aes-gcm.ts";
import type { HmacHash } from "./hmac.ts";
import type { KeySource, PacketOpener, PacketSealer } from "./packet-cipher.ts";

interface CipherNames {
  readonly cipher: string;
  /** `""` with a cipher that authenticates by itself. */
  readonly mac: string;
}

const GCM: ReadonlyMap<string, GcmName> = new Map([
  ["aes128-gcm@openssh.com", "aes-128-gcm"],
  ["aes256-gcm@openssh.com", "aes-256-gcm"],
]);

const CTR: ReadonlyMap<string, CtrName> = new Map([
  ["aes128-ctr", "aes-128-ctr"],
  ["aes192-ctr", "aes-192-ctr"],
  ["aes256-ctr", "aes-256-ctr"],
]);

/** Whether the cipher authenticates by itself, so that no MAC is agreed on. */
export function authenticatesByItself(cipher: string): boolean {
  return GCM.has(cipher);
}

export function createSealer(names: CipherNames, keys: KeySource): PacketSealer {
  const gcm = GCM.get(names.cipher);
  if (gcm !== undefined) return new AesGcmSealer(gcm, keys);
  const { ctr, hash, encryptsFirst } = ctrNames(names);
  return encryptsFirst
    ? new AesCtrEtmSealer(ctr, hash, keys)
    : new AesCtrMacSealer(ctr, hash, keys);
}

export function createOpener(names: CipherNames, keys: KeySource): PacketOpener {
  const gcm = GCM.get(names.cipher);
  if (gcm !== undefined) return new AesGcmOpener(gcm, keys);
  const { ctr, hash, encryptsFirst } = ctrNames(names);
  return encryptsFirst
    ? new AesCtrEtmOpener(ctr, hash, keys)
    : new AesCtrMacOpener(ctr, hash, keys);
}

function ctrNames({ cipher, mac }: CipherNames): {
  readonly ctr: CtrName;
  readonly hash: HmacHash;
  readonly encryptsFirst: boolean;
} {
  const ctr = CTR.get(cipher);
  if (ctr === undefined) throw new RangeError(`no cipher ${cipher}`);
  return {
    ctr,
    hash: mac.startsWith("hmac-sha2-512") ? "sha512" : "sha256",
    encryptsFirst: mac.endsWith("-etm@openssh.com"),
  };
}
