/**
 * Thrift Compact, from values to bytes, with the methods of BinaryWriter and its HEADROOM rule.
 */
import { allocate } from "./buffers.ts";
import { COMPACT, COMPACT_OF_TYPE, compactSizeMax } from "./compact-types.ts";
import { checkInteger, checkI32, HEADROOM, notI64, notSafe, tooDeep } from "./writing.ts";
import { DEPTH_MAX, TYPE } from "./types.ts";
import { parseUuid } from "./uuid.ts";

/** Below this a loop in JavaScript writes ASCII faster than a call into the runtime does. */
const SHORT_TEXT = 12;
/** Text of so many characters is at most 127 bytes, whose count is one byte. */
const ONE_BYTE_LENGTH_MAX = 42;
/** What stands in the head of a field beside the distance; a bool's is more than a byte holds. */
const HEAD_OF_TYPE = Uint16Array.from(COMPACT_OF_TYPE);
HEAD_OF_TYPE[TYPE.bool] = 0x100;
/** No field id: ids are 16 bits. */
const NO_FIELD = 0x1_0000;

export class CompactWriter {
  readonly protocol = "compact";
  buffer: Buffer;
  view: DataView;
  offset = 0;

  private capacity: number;
  private depth = 0;
  private lastId = 0;
  private readonly outerIds = new Int16Array(DEPTH_MAX + 1);
  /** The bool field whose header waits for its value, which the header contains. */
  private boolField = NO_FIELD;
  /** Where a bigint becomes two halves. */
  private readonly halves = new DataView(new ArrayBuffer(8));

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
    this.startMessage();
  }

  /** Begins anew in the same memory. */
  reset(): void {
    this.offset = 0;
    this.startMessage();
  }

  /** Forgets what a message left open that was given up half-way. */
  startMessage(): void {
    this.depth = 0;
    this.lastId = 0;
    this.boolField = NO_FIELD;
  }

  enterStruct(): void {
    if (++this.depth > DEPTH_MAX) throw tooDeep();
    this.outerIds[this.depth] = this.lastId;
    this.lastId = 0;
    this.reserve(0);
  }

  leaveStruct(): void {
    this.lastId = this.outerIds[this.depth--] ?? 0;
  }

  writeField(key: number): void {
    const id = (key << 16) >> 16;
    const head = ((id - this.lastId) << 4) | (HEAD_OF_TYPE[key >>> 16] as number);
    if ((head - 0x10) >>> 0 > 0xef) {
      this.writeUnusualField(key, id);
    } else {
      this.lastId = id;
      this.view.setUint8(this.offset++, head);
    }
  }

  writeStop(): void {
    this.view.setUint8(this.offset++, COMPACT.stop);
  }

  writeBool(value: boolean): void {
    const compact = value ? COMPACT.true : COMPACT.false;
    if (this.boolField === NO_FIELD) {
      this.view.setUint8(this.offset++, compact);
    } else {
      this.writeFieldHead(compact, this.boolField);
      this.boolField = NO_FIELD;
    }
  }

  writeByte(value: number): void {
    checkInteger(value, -0x80, 0x7f, "byte");
    this.view.setInt8(this.offset++, value);
  }

  writeI16(value: number): void {
    checkInteger(value, -0x8000, 0x7fff, "i16");
    this.writeVarint32((value << 1) ^ (value >> 31));
  }

  writeI32(value: number): void {
    if ((value | 0) !== value) checkI32(value);
    this.writeVarint32((value << 1) ^ (value >> 31));
  }

  writeI64(value: bigint): void {
    // What does not fit would be cut to 64 bits without a word.
    if (BigInt.asIntN(64, value) !== value) throw notI64(value);
    this.halves.setBigInt64(0, value, true);
    this.writeZigzag(this.halves.getInt32(0, true), this.halves.getInt32(4, true));
  }

  writeI64FromNumber(value: number): void {
    if (!Number.isSafeInteger(value)) throw notSafe(value);
    this.writeZigzag(value | 0, Math.floor(value / 0x1_0000_0000));
  }

  writeDouble(value: number): void {
    this.view.setFloat64(this.offset, value, true);
    this.offset += 8;
  }

  writeString(value: string): void {
    const length = value.length;
    if (length > ONE_BYTE_LENGTH_MAX) {
      this.writeLongString(value);
      return;
    }
    this.reserve(1 + length * 3);
    if (length <= SHORT_TEXT && this.writeShortAscii(value)) return;
    const at = this.offset;
    const written = this.buffer.utf8Write(value, at + 1);
    this.view.setUint8(at, written);
    this.offset = at + 1 + written;
  }

  writeBinary(value: Uint8Array): void {
    const length = value.length;
    this.reserve(5 + length);
    this.writeVarint32(length);
    this.buffer.set(value, this.offset);
    this.offset += length;
  }

  writeUuid(value: string): void {
    parseUuid(value, this.buffer, this.offset);
    this.offset += 16;
  }

  writeList(element: number, count: number): void {
    this.reserve(6 + count * compactSizeMax(element));
    const compact = COMPACT_OF_TYPE[element] ?? 0;
    if (count < 0x0f) {
      this.view.setUint8(this.offset++, (count << 4) | compact);
    } else {
      this.view.setUint8(this.offset++, 0xf0 | compact);
      this.writeVarint32(count);
    }
  }

  writeMap(key: number, value: number, count: number): void {
    this.reserve(6 + count * (compactSizeMax(key) + compactSizeMax(value)));
    this.writeVarint32(count);
    if (count === 0) return;
    const types = ((COMPACT_OF_TYPE[key] ?? 0) << 4) | (COMPACT_OF_TYPE[value] ?? 0);
    this.view.setUint8(this.offset++, types);
  }

  /** Bytes that are already in Thrift Compact, copied as they are: whole structs, not fields. */
  writeRaw(source: Uint8Array, start: number, end: number): void {
    const length = end - start;
    this.reserve(length);
    this.buffer.set(
      start === 0 && end === source.length ? source : source.subarray(start, end),
      this.offset,
    );
    this.offset += length;
  }

  /** An unsigned number of at most 32 bits, given as 32 bits of either sign. */
  writeVarint32(value: number): void {
    const view = this.view;
    let at = this.offset;
    while ((value & ~0x7f) !== 0) {
      view.setUint8(at++, (value & 0x7f) | 0x80);
      value >>>= 7;
    }
    view.setUint8(at, value);
    this.offset = at + 1;
  }

  /** The next id is not 1 to 15 above the last one, or the value belongs into the head. */
  private writeUnusualField(key: number, id: number): void {
    const type = key >>> 16;
    if (type === TYPE.bool) this.boolField = id;
    else this.writeFieldHead(COMPACT_OF_TYPE[type] ?? 0, id);
  }

  private writeFieldHead(compact: number, id: number): void {
    const distance = id - this.lastId;
    this.lastId = id;
    if (distance > 0 && distance <= 0x0f) {
      this.view.setUint8(this.offset++, (distance << 4) | compact);
    } else {
      this.view.setUint8(this.offset++, compact);
      this.writeI16(id);
    }
  }

  /** Ids and times take 5 to 8 bytes: two stores of four bytes instead of a loop. */
  private writeZigzag(low: number, high: number): void {
    const sign = high >> 31;
    const lower = (low << 1) ^ sign;
    const upper = ((high << 1) | (low >>> 31)) ^ sign;
    if (upper === 0) {
      this.writeVarint32(lower);
      return;
    }
    const { view } = this;
    const at = this.offset;
    view.setInt32(at, spread(lower) | 0x8080_8080, true);
    const middle = (lower >>> 28) | (upper << 4);
    const top = upper >>> 24;
    if (top === 0) {
      const size = varintSize(middle);
      view.setInt32(at + 4, spread(middle) | (0x80_8080 >>> (32 - size * 8)), true);
      this.offset = at + 4 + size;
      return;
    }
    view.setInt32(at + 4, spread(middle) | 0x8080_8080, true);
    this.offset = at + 8;
    this.writeVarint32(top);
  }

  private writeLongString(value: string): void {
    const length = value.length;
    this.reserve(5 + length * 3);
    const at = this.offset;
    // Most text is ASCII, so its length in bytes is guessed; a wrong guess costs one move.
    const guess = at + varintSize(length);
    const written = this.buffer.utf8Write(value, guess);
    const start = at + varintSize(written);
    if (start !== guess) this.buffer.copyWithin(start, guess, guess + written);
    this.writeVarint32(written);
    this.offset = start + written;
  }

  private writeShortAscii(value: string): boolean {
    const at = this.offset + 1;
    for (let index = 0; index < value.length; index++) {
      const code = value.charCodeAt(index);
      if (code > 0x7f) return false;
      this.view.setUint8(at + index, code);
    }
    this.view.setUint8(at - 1, value.length);
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

/** The lower 28 bits as four groups of 7, each in a byte of its own. */
function spread(bits: number): number {
  return (
    (bits & 0x7f) | ((bits & 0x3f80) << 1) | ((bits & 0x1f_c000) << 2) | ((bits & 0xfe0_0000) << 3)
  );
}

function varintSize(value: number): number {
  if (value < 0x80) return 1;
  if (value < 0x4000) return 2;
  if (value < 0x20_0000) return 3;
  return value < 0x1000_0000 ? 4 : 5;
}
