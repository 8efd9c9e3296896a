/**
 * Memory that readers and writers work on: a Buffer for strings, bytes and copies, and a DataView
 * of the same bytes for numbers. Making the view once per chunk, not per value, is what makes
 * reading cheap.
 */

/** What Node's Buffer has and its type does not say: the calls below `toString` and `write`. */
declare global {
  interface Buffer<
    TArrayBuffer extends ArrayBufferLike = ArrayBufferLike,
  > extends Uint8Array<TArrayBuffer> {
    latin1Slice(start: number, end: number): string;
    utf8Slice(start: number, end: number): string;
    hexSlice(start: number, end: number): string;
    latin1Write(text: string, offset: number, length?: number): number;
    utf8Write(text: string, offset: number, length?: number): number;
    hexWrite(text: string, offset: number, length?: number): number;
  }
}

export interface Bytes {
  readonly buffer: Buffer;
  readonly view: DataView;
}

export function bytesOf(source: Uint8Array): Bytes {
  const buffer = Buffer.isBuffer(source)
    ? source
    : Buffer.from(source.buffer, source.byteOffset, source.byteLength);
  return { buffer, view: new DataView(buffer.buffer, buffer.byteOffset, buffer.byteLength) };
}

/** Memory of its own, never a piece of Node's shared pool. */
export function allocate(size: number): Bytes {
  return bytesOf(Buffer.allocUnsafeSlow(size));
}
