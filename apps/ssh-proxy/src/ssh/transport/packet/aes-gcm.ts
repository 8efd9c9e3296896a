/**
 * `aes128-gcm@openssh.com` and `aes256-gcm@openssh.com` (RFC 5647, with OpenSSH's way to agree on
 * them). The length travels in the clear, and is authenticated with the rest.
 */
import { createCipheriv, createDecipheriv, createSecretKey, type KeyObject } from "node:crypto";
import { macError } from "./mac-error.ts";
import type { KeySource, PacketOpener, PacketSealer } from "./packet-cipher.ts";
import { releaseMemory } from "./release-memory.ts";

const TAG_BYTES = 16;
const BLOCK_BYTES = 16;
const IV_BYTES = 12;
const TAG_LENGTH = { authTagLength: TAG_BYTES };

export type GcmName = "aes-128-gcm" | "aes-256-gcm";

export class AesGcmSealer implements PacketSealer {
  readonly blockBytes = BLOCK_BYTES;
  readonly sealsLength = false;
  readonly tagBytes = TAG_BYTES;
  private readonly name: GcmName;
  private readonly key: KeyObject;
  private readonly iv: Buffer;
  private readonly length = Buffer.alloc(4);

  constructor(name: GcmName, keys: KeySource) {
    this.name = name;
    this.key = createSecretKey(keys.cipherKey(keyBytes(name)));
    this.iv = keys.iv(IV_BYTES);
  }

  seal(packet: Buffer): void {
    const end = packet.length - TAG_BYTES;
    packet.copy(this.length, 0, 0, 4);
    const cipher = createCipheriv(this.name, this.key, this.iv, TAG_LENGTH);
    cipher.setAAD(this.length);
    const sealed = cipher.update(packet.subarray(4, end));
    cipher.final();
    packet.set(sealed, 4);
    releaseMemory(sealed);
    packet.set(cipher.getAuthTag(), end);
    countUp(this.iv);
  }
}

export class AesGcmOpener implements PacketOpener {
  readonly blockBytes = BLOCK_BYTES;
  readonly sealsLength = false;
  readonly tagBytes = TAG_BYTES;
  readonly headBytes = 4;
  readonly authenticates = true;
  private readonly name: GcmName;
  private readonly key: KeyObject;
  private readonly iv: Buffer;

  constructor(name: GcmName, keys: KeySource) {
    this.name = name;
    this.key = createSecretKey(keys.cipherKey(keyBytes(name)));
    this.iv = keys.iv(IV_BYTES);
  }

  packetLength(bytes: Buffer, at: number): number {
    return bytes.readUInt32BE(at);
  }

  open(bytes: Buffer, at: number, length: number): Buffer {
    const start = at + 4;
    const end = start + length;
    const decipher = createDecipheriv(this.name, this.key, this.iv, TAG_LENGTH);
    decipher.setAAD(bytes.subarray(at, start));
    decipher.setAuthTag(bytes.subarray(end, end + TAG_BYTES));
    const opened = decipher.update(bytes.subarray(start, end));
    try {
      // Compares the tags, in constant time.
      decipher.final();
    } catch {
      throw macError("a packet's authentication tag is wrong");
    }
    countUp(this.iv);
    return opened;
  }
}

function keyBytes(name: GcmName): number {
  return name === "aes-128-gcm" ? 16 : 32;
}

/** The last eight bytes of the IV are a counter, the first four stay (RFC 5647, 7.1). */
function countUp(iv: Buffer): void {
  for (let at = IV_BYTES - 1; at >= 4; at--) {
    const next = (iv[at]! + 1) & 0xff;
    iv[at] = next;
    if (next !== 0) return;
  }
}
