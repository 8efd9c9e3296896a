/**
 * AES in counter mode (RFC 4344). One cipher serves a direction from NEWKEYS to NEWKEYS, because
 * the counter runs on from packet to packet.
 */
import { type Cipheriv, createCipheriv, createDecipheriv, type Decipheriv } from "node:crypto";
import type { KeySource } from "./packet-cipher.ts";

export const CTR_BLOCK_BYTES = 16;

export type CtrName = "aes-128-ctr" | "aes-192-ctr" | "aes-256-ctr";

export function createCtrCipher(name: CtrName, keys: KeySource): Cipheriv {
  return createCipheriv(name, keys.cipherKey(keyBytes(name)), keys.iv(CTR_BLOCK_BYTES));
}

export function createCtrDecipher(name: CtrName, keys: KeySource): Decipheriv {
  return createDecipheriv(name, keys.cipherKey(keyBytes(name)), keys.iv(CTR_BLOCK_BYTES));
}

function keyBytes(name: CtrName): number {
  return Number(name.slice(4, 7)) / 8;
}
