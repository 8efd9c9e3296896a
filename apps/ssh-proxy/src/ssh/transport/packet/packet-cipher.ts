/**
 * The two halves of a cipher as packets meet it (RFC 4253, 6): one seals what goes out, the other
 * opens what comes in. Each lives from one NEWKEYS to the next.
 */

/** Encrypts and authenticates the packets of one direction, in their order. */
export interface PacketSealer {
  /** What the padded part of a packet is a multiple of. */
  readonly blockBytes: number;
  /** Whether the four bytes of the length are padded and encrypted with the rest. */
  readonly sealsLength: boolean;
  /** Bytes behind the packet that prove it: a MAC or a tag. */
  readonly tagBytes: number;
  /**
   * Seals `packet` where it lies: length, padding length, payload, padding, and `tagBytes` of room,
   * which it fills.
   */
  seal(packet: Buffer, sequence: number): void;
}

/** Checks and decrypts the packets of one direction, in their order. */
export interface PacketOpener {
  readonly blockBytes: number;
  readonly sealsLength: boolean;
  readonly tagBytes: number;
  /** How many bytes of a packet must be there before its length can be told; at most 16. */
  readonly headBytes: number;
  /** False until keys are in force, when a wrong length means a wrong key or a changed packet. */
  readonly authenticates: boolean;
  /** The length that the packet at `at` says it has; called once for each packet. */
  packetLength(bytes: Buffer, at: number): number;
  /**
   * The packet from `at`, without its length and its tag: padding length, payload, padding. It is
   * a view of `bytes` or has memory of its own. Throws an `SshError` (MAC error) unless all of it
   * is what the peer sealed.
   */
  open(bytes: Buffer, at: number, length: number, sequence: number): Buffer;
}

/** Key material for one direction, as long as asked for (RFC 4253, 7.2). */
export interface KeySource {
  iv(bytes: number): Buffer;
  cipherKey(bytes: number): Buffer;
  macKey(bytes: number): Buffer;
}
