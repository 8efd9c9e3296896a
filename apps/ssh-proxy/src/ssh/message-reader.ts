/** Reads the data types of SSH (RFC 4251, 5) out of one message; every length is checked first. */
import { DISCONNECT, SshError } from "./ssh-error.ts";

export class MessageReader {
  private readonly bytes: Buffer;
  private at: number;

  /** `at`: where to begin; 1 behind the message number. The bytes are not copied. */
  constructor(bytes: Buffer, at = 1) {
    this.bytes = bytes;
    this.at = at;
  }

  /** How many bytes have been read, from the start of the message. */
  get position(): number {
    return this.at;
  }

  get remainingBytes(): number {
    return this.bytes.length - this.at;
  }

  byte(): number {
    this.need(1, "a byte");
    return this.bytes[this.at++]!;
  }

  boolean(): boolean {
    return this.byte() !== 0;
  }

  uint32(): number {
    this.need(4, "a uint32");
    const value = this.bytes.readUInt32BE(this.at);
    this.at += 4;
    return value;
  }

  /** A string as bytes: a view of the message, not a copy. */
  string(maxBytes = 0xffff_ffff): Buffer {
    const length = this.uint32();
    if (length > maxBytes) throw malformed(`a string of ${length} bytes, at most ${maxBytes}`);
    this.need(length, `a string of ${length} bytes`);
    const value = this.bytes.subarray(this.at, this.at + length);
    this.at += length;
    return value;
  }

  /** A string as text, UTF-8; what is not UTF-8 becomes U+FFFD. */
  text(maxBytes?: number): string {
    return this.string(maxBytes).toString("utf8");
  }

  /** A name-list; empty names are left out. */
  names(): string[] {
    return this.string()
      .toString("latin1")
      .split(",")
      .filter((name) => name !== "");
  }

  /** Everything that is left: a view, not a copy. */
  rest(): Buffer {
    const value = this.bytes.subarray(this.at);
    this.at = this.bytes.length;
    return value;
  }

  /** Throws unless everything has been read. */
  end(): void {
    if (this.remainingBytes > 0) throw malformed(`${this.remainingBytes} bytes too many`);
  }

  private need(bytes: number, what: string): void {
    if (this.remainingBytes < bytes) {
      throw malformed(`${what} expected at byte ${this.at}, ${this.remainingBytes} bytes left`);
    }
  }
}

function malformed(what: string): SshError {
  return new SshError(DISCONNECT.protocolError, `malformed message: ${what}`);
}
