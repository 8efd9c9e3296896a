/**
 * Bytes to messages (RFC 4253, 6). A packet that came whole is opened where it lies; only one that
 * came in pieces is put together in memory of its own, after its length has been checked.
 */
import { DISCONNECT, SshError } from "../../ssh-error.ts";
import { macError } from "./mac-error.ts";
import type { PacketOpener } from "./packet-cipher.ts";
import { PLAIN_OPENER } from "./plain.ts";
import { releaseMemory } from "./release-memory.ts";

/**
 * The longest packet that is taken, without length and MAC: 35,000 bytes is what everybody must
 * take (RFC 4253, 6.1), and what windows of ours let peers send fits in it.
 */
export const PACKET_MAX_BYTES = 35_000;

const PADDING_MIN_BYTES = 4;
const HEAD_MAX_BYTES = 16;
const NOTHING = Buffer.alloc(0);

export class PacketReader {
  /** Number of the next packet; counts up to 2^32, then from 0. */
  sequence = 0;
  private opener: PacketOpener = PLAIN_OPENER;
  private chunk: Buffer = NOTHING;
  private at = 0;
  /** The length of the packet that is being read; 0 until it is known. */
  private length = 0;
  /** What came of a packet whose end has not come; as long as needed to go on. */
  private partial: Buffer = NOTHING;
  private partialBytes = 0;
  /** The packet of the last message; nobody needs it once the next is asked for. */
  private opened: Buffer = NOTHING;

  use(opener: PacketOpener): void {
    this.opener = opener;
  }

  /** Takes the next bytes; `next` must have said that it is through with the last ones. */
  push(chunk: Buffer): void {
    this.chunk = chunk;
    this.at = 0;
  }

  /** Forgets what has come: nothing more is asked for. */
  forget(): void {
    this.chunk = NOTHING;
    this.at = 0;
    this.partial = NOTHING;
    this.partialBytes = 0;
    this.length = 0;
  }

  /**
   * The next message, or undefined when it has not come whole; the bytes are then no longer
   * needed. The message before it is gone. Throws an `SshError`.
   */
  next(): Buffer | undefined {
    releaseMemory(this.opened);
    this.opened = NOTHING;
    const payload = this.partialBytes > 0 ? this.nextOfPartial() : this.nextOfChunk();
    if (payload === undefined) this.chunk = NOTHING;
    return payload;
  }

  private nextOfChunk(): Buffer | undefined {
    const { chunk, at, opener } = this;
    const bytesLeft = chunk.length - at;
    if (bytesLeft < opener.headBytes) {
      if (bytesLeft > 0) this.keep(HEAD_MAX_BYTES);
      return undefined;
    }
    this.length = this.checkLength(opener.packetLength(chunk, at));
    const packetBytes = 4 + this.length + opener.tagBytes;
    if (bytesLeft < packetBytes) {
      this.keep(packetBytes);
      return undefined;
    }
    this.at += packetBytes;
    return this.open(chunk, at);
  }

  private nextOfPartial(): Buffer | undefined {
    const { opener } = this;
    if (this.length === 0) {
      if (!this.fill(opener.headBytes)) return undefined;
      this.length = this.checkLength(opener.packetLength(this.partial, 0));
      const whole = Buffer.allocUnsafeSlow(4 + this.length + opener.tagBytes);
      this.partial.copy(whole, 0, 0, this.partialBytes);
      this.partial = whole;
    }
    if (!this.fill(4 + this.length + opener.tagBytes)) return undefined;
    const packet = this.partial;
    this.partial = NOTHING;
    this.partialBytes = 0;
    const payload = this.open(packet, 0);
    if (this.opened.buffer !== packet.buffer) releaseMemory(packet);
    return payload;
  }

  private open(bytes: Buffer, at: number): Buffer {
    const { length } = this;
    this.length = 0;
    const packet = this.opener.open(bytes, at, length, this.sequence);
    this.opened = packet;
    this.sequence = (this.sequence + 1) >>> 0;
    const paddingBytes = packet[0]!;
    const payloadEnd = length - paddingBytes;
    if (paddingBytes < PADDING_MIN_BYTES || payloadEnd < 2) {
      throw protocolError(`a packet of ${length} bytes with ${paddingBytes} bytes of padding`);
    }
    return packet.subarray(1, payloadEnd);
  }

  /** Keeps what is left of the chunk, in memory of `bytes`. */
  private keep(bytes: number): void {
    this.partial = Buffer.allocUnsafeSlow(bytes);
    this.partialBytes = this.chunk.copy(this.partial, 0, this.at);
    this.at = this.chunk.length;
  }

  /** Takes from the chunk until `bytes` of the packet are there; whether they are. */
  private fill(bytes: number): boolean {
    const missing = bytes - this.partialBytes;
    if (missing > 0) {
      const taken = this.chunk.copy(this.partial, this.partialBytes, this.at, this.at + missing);
      this.partialBytes += taken;
      this.at += taken;
    }
    return this.partialBytes >= bytes;
  }

  private checkLength(length: number): number {
    const { blockBytes, sealsLength, authenticates } = this.opener;
    const padded = length + (sealsLength ? 4 : 0);
    // One byte of payload, with the shortest padding, fills a block.
    const isRight = length <= PACKET_MAX_BYTES && padded >= blockBytes && padded % blockBytes === 0;
    if (isRight) return length;
    const what = `a packet says that it has ${length} bytes`;
    throw authenticates ? macError(what) : protocolError(what);
  }
}

function protocolError(what: string): SshError {
  return new SshError(DISCONNECT.protocolError, what);
}
