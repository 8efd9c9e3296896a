/** Writes the data types of SSH (RFC 4251, 5) into one message. */

/** Most messages fit; it grows for the others. */
const FIRST_BYTES = 64;

export class MessageWriter {
  private bytes = Buffer.allocUnsafe(FIRST_BYTES);
  private length = 0;

  /** Begins with the message number; without one it writes a bare structure, such as a key. */
  constructor(number?: number) {
    if (number !== undefined) this.byte(number);
  }

  byte(value: number): this {
    const at = this.extend(1);
    this.bytes[at] = value;
    return this;
  }

  boolean(value: boolean): this {
    return this.byte(value ? 1 : 0);
  }

  uint32(value: number): this {
    const at = this.extend(4);
    this.bytes.writeUInt32BE(value, at);
    return this;
  }

  string(value: Uint8Array | string): this {
    if (typeof value !== "string") return this.uint32(value.length).raw(value);
    const byteCount = Buffer.byteLength(value);
    const at = this.uint32(byteCount).extend(byteCount);
    this.bytes.write(value, at);
    return this;
  }

  names(value: readonly string[]): this {
    return this.string(value.join(","));
  }

  /** A number that is never negative, big-endian (RFC 4251, 5, mpint). */
  mpint(value: Uint8Array): this {
    let start = 0;
    while (start < value.length && value[start] === 0) start++;
    const digits = value.subarray(start);
    // A leading 1 bit would make it negative.
    const isSigned = digits.length > 0 && digits[0]! >= 0x80;
    this.uint32(digits.length + (isSigned ? 1 : 0));
    if (isSigned) this.byte(0);
    return this.raw(digits);
  }

  /** Bytes without a length before them. */
  raw(bytes: Uint8Array): this {
    const at = this.extend(bytes.length);
    this.bytes.set(bytes, at);
    return this;
  }

  /** Nothing is written afterwards. */
  finish(): Buffer {
    return this.bytes.subarray(0, this.length);
  }

  /** Room for so many more bytes; gives where they begin. */
  private extend(byteCount: number): number {
    const at = this.length;
    const end = at + byteCount;
    if (end > this.bytes.length) {
      const larger = Buffer.allocUnsafe(Math.max(end, 2 * this.bytes.length));
      this.bytes.copy(larger, 0, 0, at);
      this.bytes = larger;
    }
    this.length = end;
    return at;
  }
}
