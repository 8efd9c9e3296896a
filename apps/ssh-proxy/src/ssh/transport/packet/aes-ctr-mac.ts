/**
 * AES-CTR with a MAC over the plain packet (`hmac-sha2-256`): encrypt and authenticate, the old
 * way, for clients that know no better (old PuTTY, Paramiko). The length is encrypted.
 */
import type { Cipheriv, Decipheriv } from "node:crypto";
import { createCtrCipher, createCtrDecipher, CTR_BLOCK_BYTES, type CtrName } from "./aes-ctr.ts";
import { type HmacHash, PacketHmac } from "./hmac.ts";
import { macError } from "./mac-error.ts";
import type { KeySource, PacketOpener, PacketSealer } from "./packet-cipher.ts";

export class AesCtrMacSealer implements PacketSealer {
  readonly blockBytes = CTR_BLOCK_BYTES;
  readonly sealsLength = true;
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
    const plain = packet.subarray(0, end);
    packet.set(this.hmac.tag(sequence, plain), end);
    packet.set(this.cipher.update(plain));
  }
}

export class AesCtrMacOpener implements PacketOpener {
  readonly blockBytes = CTR_BLOCK_BYTES;
  readonly sealsLength = true;
  readonly tagBytes: number;
  readonly headBytes = CTR_BLOCK_BYTES;
  readonly authenticates = true;
  private readonly decipher: Decipheriv;
  private readonly hmac: PacketHmac;
  /** The first block of the packet in hand: it had to be decrypted to tell the length. */
  private readonly firstBlock = Buffer.alloc(CTR_BLOCK_BYTES);

  constructor(name: CtrName, hash: HmacHash, keys: KeySource) {
    this.decipher = createCtrDecipher(name, keys);
    this.hmac = new PacketHmac(hash, keys);
    this.tagBytes = this.hmac.tagBytes;
  }

  packetLength(bytes: Buffer, at: number): number {
    this.firstBlock.set(this.decipher.update(bytes.subarray(at, at + CTR_BLOCK_BYTES)));
    return this.firstBlock.readUInt32BE(0);
  }

  open(bytes: Buffer, at: number, length: number, sequence: number): Buffer {
    const end = at + 4 + length;
    const plain = Buffer.allocUnsafe(4 + length);
    plain.set(this.firstBlock);
    if (plain.length > CTR_BLOCK_BYTES) {
      const rest = this.decipher.update(bytes.subarray(at + CTR_BLOCK_BYTES, end));
      plain.set(rest, CTR_BLOCK_BYTES);
    }
    if (!this.hmac.isTag(bytes.subarray(end, end + this.tagBytes), sequence, plain)) {
      throw macError("a packet's MAC is wrong");
    }
    return plain.subarray(4);
  }
}
