/**
 * Thrift Binary, from values to bytes, into one growing buffer that its owner hands to a socket.
 *
 * Values of fixed size are written without asking whether they fit: `enterStruct` and everything of
 * variable size leave HEADROOM bytes free behind them, which is room for about 25 fields. Whoever
 * writes more of them in a row, or behind a struct, calls `reserve` in between, as generated code
 * does. A mistake here is a RangeError from the DataView, never a byte outside the buffer.
 */
import { allocate } from "./buffers.ts";
import { DEPTH_MAX, fixedSize, TYPE } from "./types.ts";
import { parseUuid } from "./uuid.ts";
import { checkI32, checkInteger, HEADROOM, notI64, notSafe, tooDeep } from "./writing.ts";

/** Below this a loop in JavaScript writes ASCII faster than a call into the runtime does. */
const SHORT_TEXT = 12;

export class BinaryWriter {
  readonly protocol = "binary";
  buffer: Buffer;
  view: DataView;
  offset = 0;

  private capacity: number;
  private depth = 0;

  constructor(size = 4096) {
    const bytes = allocate(size);
    this.buffer = bytes.buffer;
    this.view = bytes.view;
    this.capacity = bytes.buffer.length;
  }

  /** Makes sure that `size` bytes fit, and HEADROOM after them. */
  reserve(size: number): void {
    if (this.offset + size + HEADROOM > this.capacity) this.grow(size + HEADROOM);
  }

  /** Gives the memory away and starts with fresh one; for a buffer that a socket still needs. */
  replaceMemory(size: number): void {
    const bytes = allocate(size);
    this.buffer = bytes.buffer;
    this.view = bytes.view;
    this.capacity = bytes.buffer.length;
    this.offset = 0;
    this.depth = 0;
  }

  /** Begins anew in the same memory. */
  reset(): void {
    this.offset = 0;
    this.startMessage();
  }

  /** Forgets what a message left open that was given up half-way. */
  startMessage(): void {
    this.depth = 0;
  }

  /** Refuses what no reader would take, and what would never end: a value that contains itself. */
  enterStruct(): void {
    if (++this.depth > DEPTH_MAX) throw tooDeep();
    this.reserve(0);
  }

  leaveStruct(): void {
    this.depth--;
  }

  writeField(key: number): void {
    const at = this.offset;
    // Type and id at once; the byte too many is overwritten by what follows.
    this.view.setInt32(at, key << 8);
    this.offset = at + 3;
  }

  writeStop(): void {
    this.view.setUint8(this.offset++, TYPE.stop);
  }

  writeBool(value: boolean): void {
    this.view.setUint8(this.offset++, value ? 1 : 0);
  }

  writeByte(value: number): void {
    checkInteger(value, -0x80, 0x7f, "byte");
    this.view.setInt8(this.offset++, value);
  }

  writeI16(value: number): void {
    checkInteger(value, -0x8000, 0x7fff, "i16");
    this.view.setInt16(this.offset, value);
    this.offset += 2;
  }

  writeI32(value: number): void {
    if ((value | 0) !== value) checkI32(value);
    this.view.setInt32(this.offset, value);
    this.offset += 4;
  }

  writeI64(value: bigint): void {
    // What does not fit would be cut to 64 bits without a word.
    if (BigInt.asIntN(64, value) !== value) throw notI64(value);
    this.view.setBigInt64(this.offset, value);
    this.offset += 8;
  }

  writeI64FromNumber(value: number): void {
    if (!Number.isSafeInteger(value)) throw notSafe(value);
    this.view.setInt32(this.offset, Math.floor(value / 0x1_0000_0000));
    this.view.setUint32(this.offset + 4, value >>> 0);
    this.offset += 8;
  }

  writeDouble(value: number): void {
    this.view.setFloat64(this.offset, value);
    this.offset += 8;
  }

  writeString(value: string): void {
    const length = value.length;
    this.reserve(4 + length * 3);
    const at = this.offset;
    if (length <= SHORT_TEXT && this.writeShortAscii(value)) return;
    const written = this.buffer.utf8Write(value, at + 4, length * 3);
    this.view.setInt32(at, written);
    this.offset = at + 4 + written;
  }

  writeBinary(value: Uint8Array): void {
    const length = value.length;
    this.reserve(4 + length);
    this.view.setInt32(this.offset, length);
    this.buffer.set(value, this.offset + 4);
    this.offset += 4 + length;
  }

  writeUuid(value: string): void {
    parseUuid(value, this.buffer, this.offset);
    this.offset += 16;
  }

  writeList(element: number, count: number): void {
    this.reserve(5 + count * fixedSize(element));
    this.view.setUint8(this.offset, element);
    this.view.setInt32(this.offset + 1, count);
    this.offset += 5;
  }

  writeMap(key: number, value: number, count: number): void {
    this.reserve(6 + count * (fixedSize(key) + fixedSize(value)));
    this.view.setUint8(this.offset, key);
    this.view.setUint8(this.offset + 1, value);
    this.view.setInt32(this.offset + 2, count);
    this.offset += 6;
  }

  /** Bytes that are already in Thrift Binary, copied as they are. */
  writeRaw(source: Uint8Array, start: number, end: number): void {
    const length = end - start;
    this.reserve(length);
    this.buffer.set(
      start === 0 && end === source.length ? source : source.subarray(start, end),
      this.offset,
    );
    this.offset += length;
  }

  private writeShortAscii(value: string): boolean {
    const at = this.offset + 4;
    for (let index = 0; index < value.length; index++) {
      const code = value.charCodeAt(index);
      if (code > 0x7f) return false;
      this.view.setUint8(at + index, code);
    }
    this.view.setInt32(at - 4, value.length);
    this.offset = at + value.length;
    return true;
  }

  private grow(size: number): void {
    const bytes = allocate(Math.max(this.buffer.length * 2, this.offset + size));
    bytes.buffer.set(this.buffer.subarray(0, this.offset));
    this.buffer = bytes.buffer;
    this.view = bytes.view;
    this.capacity = bytes.buffer.length;
  }
}
