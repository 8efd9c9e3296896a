/** Writes the data types of SSH (RFC 4251, 5) into one message. */

export class MessageWriter {
  private readonly pieces: Buffer[] = [];

  /** Begins with the message number; without one it writes a bare structure, such as a key. */
  constructor(number?: number) {
    if (number !== undefined) this.byte(number);
  }

  byte(value: number): this {
    this.pieces.push(Buffer.of(value));
    return this;
  }

  boolean(value: boolean): this {
    return this.byte(value ? 1 : 0);
  }

  uint32(value: number): this {
    const bytes = Buffer.allocUnsafe(4);
    bytes.writeUInt32BE(value);
    return this.raw(bytes);
  }

  string(value: Uint8Array | string): this {
    const bytes = typeof value === "string" ? Buffer.from(value, "utf8") : value;
    return this.uint32(bytes.length).raw(bytes);
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
    if (digits.length > 0 && digits[0]! >= 0x80) {
      return this.string(Buffer.concat([Buffer.of(0), digits]));
    }
    return this.string(digits);
  }

  /** Bytes without a length before them; they are kept, not copied, until `finish`. */
  raw(bytes: Uint8Array): this {
    this.pieces.push(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
    return this;
  }

  finish(): Buffer {
    return Buffer.concat(this.pieces);
  }
}
