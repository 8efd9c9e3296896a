/** Messages to packets (RFC 4253, 6): each is laid out, padded and sealed in one buffer. */
import type { PacketSealer } from "./packet-cipher.ts";
import { PLAIN_SEALER } from "./plain.ts";

/**
 * 34,900 bytes: with length, padding and MAC a packet stays within the 35,000 bytes that every
 * peer must take (RFC 4253, 6.1).
 */
export const PAYLOAD_MAX_BYTES = 34_900;

const PADDING_MIN_BYTES = 4;
const NOTHING = new Uint8Array(0);

export class PacketWriter {
  /** Number of the next packet; counts up to 2^32, then from 0. */
  sequence = 0;
  private sealer: PacketSealer = PLAIN_SEALER;
  private readonly allocate: (bytes: number) => Buffer;

  /** `allocate` gives memory for each packet; default: new memory. */
  constructor(allocate: (bytes: number) => Buffer = (bytes) => Buffer.allocUnsafe(bytes)) {
    this.allocate = allocate;
  }

  use(sealer: PacketSealer): void {
    this.sealer = sealer;
  }

  /** The packet for a message in two pieces. Throws a RangeError above `PAYLOAD_MAX_BYTES`. */
  packet(head: Uint8Array, body: Uint8Array = NOTHING): Buffer {
    const { sealer } = this;
    const payloadBytes = head.length + body.length;
    if (payloadBytes === 0 || payloadBytes > PAYLOAD_MAX_BYTES) {
      throw new RangeError(`a message of ${payloadBytes} bytes: from 1 to ${PAYLOAD_MAX_BYTES}`);
    }
    const paddedBytes = (sealer.sealsLength ? 4 : 0) + 1 + payloadBytes;
    let paddingBytes = sealer.blockBytes - (paddedBytes % sealer.blockBytes);
    if (paddingBytes < PADDING_MIN_BYTES) paddingBytes += sealer.blockBytes;
    const length = 1 + payloadBytes + paddingBytes;
    const packet = this.allocate(4 + length + sealer.tagBytes);
    packet.writeUInt32BE(length);
    packet[4] = paddingBytes;
    packet.set(head, 5);
    packet.set(body, 5 + head.length);
    // Zeros, not random bytes: no stream cipher is the better for them, and in plain packets they
    // would only cost.
    for (let at = 5 + payloadBytes; at < 4 + length; at++) packet[at] = 0;
    sealer.seal(packet, this.sequence);
    this.sequence = (this.sequence + 1) >>> 0;
    return packet;
  }
}
