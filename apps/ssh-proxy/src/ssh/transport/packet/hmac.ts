/** HMAC-SHA2 over a sequence number and a packet (RFC 4253, 6.4; RFC 6668). */
import { createHmac, createSecretKey, type KeyObject, timingSafeEqual } from "node:crypto";
import type { KeySource } from "./packet-cipher.ts";

export type HmacHash = "sha256" | "sha512";

export class PacketHmac {
  readonly tagBytes: number;
  private readonly hash: HmacHash;
  private readonly key: KeyObject;
  private readonly sequence = Buffer.alloc(4);

  constructor(hash: HmacHash, keys: KeySource) {
    this.hash = hash;
    this.tagBytes = hash === "sha256" ? 32 : 64;
    this.key = createSecretKey(keys.macKey(this.tagBytes));
  }

  tag(sequence: number, packet: Uint8Array): Buffer {
    this.sequence.writeUInt32BE(sequence);
    return createHmac(this.hash, this.key).update(this.sequence).update(packet).digest();
  }

  /** Compares in constant time; `tag` has `tagBytes`. */
  isTag(tag: Uint8Array, sequence: number, packet: Uint8Array): boolean {
    return timingSafeEqual(this.tag(sequence, packet), tag);
  }
}
