/**
 * Thrift Compact, from bytes to values, with the methods of BinaryReader and the same checks: every
 * length is compared with what is left of the frame before anything is allocated.
 *
 * Why no base class for both readers? Each method would meet two shapes of object in a process that
 * speaks both protocols, and reading is made of nothing but such methods.
 */
import type { Bytes } from "./buffers.ts";
import { COMPACT, compactSizeMin, TYPE_OF_COMPACT } from "./compact-types.ts";
import { protocolError, truncated } from "./error.ts";
import { readText } from "./text.ts";
import { DEPTH_MAX, TYPE } from "./types.ts";
import { formatUuid } from "./uuid.ts";

/** The longest varint: 64 bits in groups of 7. */
const VARINT_MAX_BYTES = 10;

export class CompactReader {
  readonly protocol = "compact";
  buffer: Buffer;
  view: DataView;
  offset = 0;
  end = 0;
  private depth = 0;
  /** Field ids are sent as the distance to the field before. */
  private lastId = 0;
  private readonly outerIds = new Int16Array(DEPTH_MAX + 1);
  /** The value of the bool field whose header was just read, COMPACT.stop when there is none. */
  private headerBool: number = COMPACT.stop;
  /** The upper 32 bits of the varint that was just read; the lower are what was returned. */
  private high = 0;
  /** Where two halves become a bigint. */
  private readonly halves = new DataView(new ArrayBuffer(8));

  constructor(bytes: Bytes, start = 0, end = bytes.buffer.length) {
    this.buffer = bytes.buffer;
    this.view = bytes.view;
    this.offset = start;
    this.end = end;
  }

  /** Points the reader at other bytes, so that one reader serves a connection for good. */
  reset(bytes: Bytes, start: number, end: number): void {
    this.buffer = bytes.buffer;
    this.view = bytes.view;
    this.offset = start;
    this.end = end;
    this.depth = 0;
    this.lastId = 0;
    this.headerBool = COMPACT.stop;
  }

  enterStruct(): void {
    if (++this.depth > DEPTH_MAX) throw protocolError(`nested deeper than ${DEPTH_MAX}`);
    this.outerIds[this.depth] = this.lastId;
    this.lastId = 0;
  }

  leaveStruct(): void {
    this.lastId = this.outerIds[this.depth--] ?? 0;
  }

  /** The next field's key (see `fieldKey`), or 0 at the end of the struct. */
  readField(): number {
    const at = this.offset;
    if (at >= this.end) throw truncated("a field", 1, this.end - at);
    const head = this.view.getUint8(at);
    this.offset = at + 1;
    if (head === COMPACT.stop) return 0;
    const compact = head & 0x0f;
    const type = TYPE_OF_COMPACT[compact] ?? 0;
    if (type === 0) throw protocolError(`Compact type ${compact} does not exist`);
    const distance = head >>> 4;
    const id = distance === 0 ? this.readI16() : this.lastId + distance;
    this.lastId = id;
    if (type === TYPE.bool) this.headerBool = compact;
    return (type << 16) | (id & 0xffff);
  }

  readBool(): boolean {
    let value = this.headerBool;
    if (value === COMPACT.stop) value = this.readByte();
    else this.headerBool = COMPACT.stop;
    return value === COMPACT.true;
  }

  readByte(): number {
    const at = this.take(1);
    return this.view.getInt8(at);
  }

  readI16(): number {
    const value = this.readI32();
    if ((value << 16) >> 16 !== value) throw protocolError(`${value} is not an i16`);
    return value;
  }

  readI32(): number {
    const value = this.readVarint32();
    return (value >>> 1) ^ -(value & 1);
  }

  readI64(): bigint {
    const low = this.readVarint();
    const sign = -(low & 1);
    this.halves.setInt32(0, ((low >>> 1) | (this.high << 31)) ^ sign, true);
    this.halves.setInt32(4, (this.high >>> 1) ^ sign, true);
    return this.halves.getBigInt64(0, true);
  }

  /** An i64 whose field says `js.type = "number"`; refuses what a number cannot hold exactly. */
  readI64AsNumber(): number {
    const low = this.readVarint();
    const sign = -(low & 1);
    const upper = (this.high >>> 1) ^ sign;
    const lower = ((low >>> 1) | (this.high << 31)) ^ sign;
    const value = upper * 0x1_0000_0000 + (lower >>> 0);
    if (!Number.isSafeInteger(value)) {
      const exact = (BigInt(upper) << 32n) | BigInt(lower >>> 0);
      throw protocolError(`${exact} is not a safe integer`);
    }
    return value;
  }

  readDouble(): number {
    const at = this.take(8);
    return this.view.getFloat64(at, true);
  }

  readString(): string {
    const length = this.readLength("a string");
    const at = this.offset;
    this.offset = at + length;
    return length === 0 ? "" : readText(this.buffer, this.view, at, length);
  }

  /** A copy: the bytes below are reused for the next read from the socket. */
  readBinary(): Uint8Array {
    const length = this.readLength("a binary");
    const at = this.offset;
    this.offset = at + length;
    return new Uint8Array(this.buffer.subarray(at, at + length));
  }

  readUuid(): string {
    const at = this.take(16);
    return formatUuid(this.buffer, at);
  }

  /** The count of a list or a set whose elements must have type `element`. */
  readList(element: number): number {
    const head = this.readByte();
    const type = this.elementType(head & 0x0f);
    const short = (head >>> 4) & 0x0f;
    const count = short === 0x0f ? this.readVarint32() : short;
    this.checkCount(count, compactSizeMin(type));
    if (type !== element && count > 0) {
      throw protocolError(`a list has elements of type ${type}, expected ${element}`);
    }
    return count;
  }

  /** The count of a map whose keys and values must have these types. */
  readMap(key: number, value: number): number {
    const count = this.readVarint32();
    if (count === 0) return 0;
    const types = this.readByte();
    const keyType = this.elementType((types >>> 4) & 0x0f);
    const valueType = this.elementType(types & 0x0f);
    this.checkCount(count, compactSizeMin(keyType) + compactSizeMin(valueType));
    if (keyType !== key || valueType !== value) {
      throw protocolError(
        `a map is of type ${keyType} to ${valueType}, expected ${key} to ${value}`,
      );
    }
    return count;
  }

  /** Passes over the value of a field that the reader does not know. */
  skipField(key: number): void {
    this.skip(key >>> 16);
  }

  /** Not `offset += readLength()`: that would add to the offset from before the length. */
  private skipText(): void {
    const length = this.readLength("a string");
    this.offset += length;
  }

  skipStruct(): void {
    this.enterStruct();
    for (let key = this.readField(); key !== 0; key = this.readField()) this.skip(key >>> 16);
    this.leaveStruct();
  }

  /** An unsigned number of at most 32 bits, for heads of messages; as a signed one. */
  readVarint32(): number {
    const at = this.offset;
    if (at < this.end) {
      const first = this.view.getUint8(at);
      if (first < 0x80) {
        this.offset = at + 1;
        return first;
      }
    }
    const low = this.readVarint();
    if (this.high !== 0) throw protocolError("a number does not fit 32 bits");
    return low;
  }

  private skip(type: number): void {
    switch (type) {
      case TYPE.bool:
        this.readBool();
        return;
      case TYPE.byte:
        this.take(1);
        return;
      case TYPE.i16:
      case TYPE.i32:
      case TYPE.i64:
        this.readVarint();
        return;
      case TYPE.double:
        this.take(8);
        return;
      case TYPE.uuid:
        this.take(16);
        return;
      case TYPE.string:
        this.skipText();
        return;
      case TYPE.struct:
        this.skipStruct();
        return;
      case TYPE.list:
      case TYPE.set:
        this.skipList();
        return;
      case TYPE.map:
        this.skipMap();
        return;
      default:
        throw protocolError(`type ${type} does not exist`);
    }
  }

  private skipList(): void {
    const at = this.take(1);
    this.offset = at;
    const type = this.elementType(this.view.getUint8(at) & 0x0f);
    const count = this.readList(type);
    this.enterStruct();
    for (let index = 0; index < count; index++) this.skip(type);
    this.leaveStruct();
  }

  private skipMap(): void {
    const count = this.readVarint32();
    if (count === 0) return;
    const types = this.readByte();
    const keyType = this.elementType((types >>> 4) & 0x0f);
    const valueType = this.elementType(types & 0x0f);
    this.checkCount(count, compactSizeMin(keyType) + compactSizeMin(valueType));
    this.enterStruct();
    for (let index = 0; index < count; index++) {
      this.skip(keyType);
      this.skip(valueType);
    }
    this.leaveStruct();
  }

  private elementType(compact: number): number {
    return TYPE_OF_COMPACT[compact] ?? 0;
  }

  private readLength(what: string): number {
    const length = this.readVarint32();
    if (length < 0) throw protocolError(`${what} is longer than 2 GiB`);
    if (length > this.end - this.offset) throw truncated(what, length, this.end - this.offset);
    return length;
  }

  private checkCount(count: number, elementSizeMin: number): void {
    if (count < 0) throw protocolError("a container has more than 2^31 elements");
    const left = this.end - this.offset;
    if (count * elementSizeMin > left) {
      throw truncated(`a container of ${count} elements`, count * elementSizeMin, left);
    }
  }

  /** The lower 32 bits of a varint; the upper go to `high`. */
  private readVarint(): number {
    const at = this.offset;
    if (at + VARINT_MAX_BYTES > this.end) return this.readVarintNearEnd();
    const view = this.view;
    let byte = view.getUint8(at);
    let low = byte & 0x7f;
    this.high = 0;
    this.offset = at + 1;
    if (byte < 0x80) return low;
    byte = view.getUint8(at + 1);
    low |= (byte & 0x7f) << 7;
    this.offset = at + 2;
    if (byte < 0x80) return low;
    byte = view.getUint8(at + 2);
    low |= (byte & 0x7f) << 14;
    this.offset = at + 3;
    if (byte < 0x80) return low;
    byte = view.getUint8(at + 3);
    low |= (byte & 0x7f) << 21;
    this.offset = at + 4;
    if (byte < 0x80) return low;
    byte = view.getUint8(at + 4);
    low |= byte << 28;
    let high = (byte & 0x7f) >>> 4;
    let next = at + 5;
    for (let shift = 3; byte >= 0x80; shift += 7) {
      if (next - at === VARINT_MAX_BYTES) throw protocolError("a varint is longer than 10 bytes");
      byte = view.getUint8(next++);
      if (shift > 24 && (byte & 0x7f) > 1) throw protocolError("a varint has more than 64 bits");
      high |= (byte & 0x7f) << shift;
    }
    this.high = high;
    this.offset = next;
    return low;
  }

  /** The same when the frame ends within 10 bytes, so that each byte must be asked for. */
  private readVarintNearEnd(): number {
    let low = 0;
    let high = 0;
    for (let index = 0; index < VARINT_MAX_BYTES; index++) {
      const byte = this.view.getUint8(this.take(1));
      const bits = byte & 0x7f;
      const shift = index * 7;
      if (shift < 32) low |= bits << shift;
      if (shift === 28) high |= bits >>> 4;
      if (shift > 28) high |= bits << (shift - 32);
      if (shift === 63 && bits > 1) throw protocolError("a varint has more than 64 bits");
      if (byte < 0x80) {
        this.high = high;
        return low;
      }
    }
    throw protocolError("a varint is longer than 10 bytes");
  }

  private take(size: number): number {
    const at = this.offset;
    this.offset = at + size;
    if (this.offset > this.end) throw truncated("a value", size, this.end - at);
    return at;
  }
}
