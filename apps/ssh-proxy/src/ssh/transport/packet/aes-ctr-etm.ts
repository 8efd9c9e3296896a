/**
 * AES-CTR with a MAC over what travels (`hmac-sha2-256-etm@openssh.com`): encrypt, then
 * authenticate. The length is in the clear, and nothing is decrypted before its MAC is right.
 */
import type { Cipheriv, Decipheriv } from "node:crypto";
import { createCtrCipher, createCtrDecipher, CTR_BLOCK_BYTES, type CtrName } from "./aes-ctr.ts";
import { type HmacHash, PacketHmac } from "./hmac.ts";
import { macError } from "./mac-error.ts";
import type { KeySource, PacketOpener, PacketSealer } from "./packet-cipher.ts";
import { releaseMemory } from "./release-memory.ts";

export class AesCtrEtmSealer implements PacketSealer {
  readonly blockBytes = CTR_BLOCK_BYTES;
  readonly sealsLength = false;
  readonly tagBytes: number;
  private readonly cipher: Cipheriv;
  private readonly hmac: PacketHmac;

  constructor(name: CtrName, hash: HmacHash, keys: KeySource) {
    this.cipher = createCtrCipher(name, keys);
    this.hmac = new PacketHmac(hash, keys);
    this.tagBytes = this.hmac.tagBytes;
  }

  seal(packet: Buffer, sequence: number): void {
    const end = packet.length - this.tagBytes;
    const sealed = this.cipher.update(packet.subarray(4, end));
    packet.set(sealed, 4);
    releaseMemory(sealed);
    packet.set(this.hmac.tag(sequence, packet.subarray(0, end)), end);
  }
}

export class AesCtrEtmOpener implements PacketOpener {
  readonly blockBytes = CTR_BLOCK_BYTES;
  readonly sealsLength = false;
  readonly tagBytes: number;
  readonly headBytes = 4;
  readonly authenticates = true;
  private readonly decipher: Decipheriv;
  private readonly hmac: PacketHmac;

  constructor(name: CtrName, hash: HmacHash, keys: KeySource) {
    this.decipher = createCtrDecipher(name, keys);
    this.hmac = new PacketHmac(hash, keys);
    this.tagBytes = this.hmac.tagBytes;
  }

  packetLength(bytes: Buffer, at: number): number {
    return bytes.readUInt32BE(at);
  }

  open(bytes: Buffer, at: number, length: number, sequence: number): Buffer {
    const end = at + 4 + length;
    const tag = bytes.subarray(end, end + this.tagBytes);
    if (!this.hmac.isTag(tag, sequence, bytes.subarray(at, end))) {
      throw macError("a packet's MAC is wrong");
    }
    return this.decipher.update(bytes.subarray(at + 4, end));
  }
}
