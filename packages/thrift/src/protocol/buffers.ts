/**
 * Memory that readers and writers work on: a Buffer for strings, bytes and copies, and a DataView
 * of the same bytes for numbers. Making the view once per chunk, not per value, is what makes
 * reading cheap.
 */

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
