/**
 * Memory that a cipher gave us goes back at once. Each packet's is its own, outside the heap, and
 * 32 KiB of it weigh nothing for the collector until there are thousands: then it stops everything
 * to find them. Taken back, the next packet gets the same bytes, which are still in the cache.
 */

/** Less is not worth the call. */
const RELEASE_MIN_BYTES = 4_096;

/** `bytes`, and every view of it, are empty afterwards. No effect on a part of something larger. */
export function releaseMemory(bytes: Buffer): void {
  const { buffer } = bytes;
  if (bytes.length < RELEASE_MIN_BYTES || buffer.byteLength !== bytes.length) return;
  if (buffer instanceof ArrayBuffer) buffer.transfer(0);
}
