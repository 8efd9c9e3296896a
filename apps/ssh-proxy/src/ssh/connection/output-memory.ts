/**
 * Memory in which connections lay out what they send. Almost always the kernel takes it at once,
 * and the next connection uses it again: packets cost no memory of their own, and an idle
 * connection has none.
 */

/** Holds what one read of a socket becomes, with the overhead of its packets. */
const CHUNK_BYTES = 160 * 1_024;
/** Kept for later; more than this are in use only while many sockets are full. */
const SPARE_MAX = 8;

export class OutputMemory {
  readonly chunkBytes = CHUNK_BYTES;
  private readonly spare: Buffer[] = [];

  take(): Buffer {
    return this.spare.pop() ?? Buffer.allocUnsafeSlow(CHUNK_BYTES);
  }

  /** Nobody has any part of it any more. */
  give(chunk: Buffer): void {
    if (this.spare.length < SPARE_MAX) this.spare.push(chunk);
  }
}
