/**
 * Thrift Binary, from bytes to values. Reads within one frame: every length is checked against
 * what is left of it before anything is allocated.
 */
import type { Bytes } from "./buffers.ts";
import { protocolError, truncated } from "./error.ts";
import { readText } from "./text.ts";
import { formatUuid } from "./uuid.ts";
import { DEPTH_MAX, sizeMin, TYPE } from "./types.ts";

export class BinaryReader {
  readonly protocol = "binary";
  buffer: Buffer;
  view: DataView;
  offset = 0;
  end = 0;
  private depth = 0;

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
  }

  enterStruct(): void {
    if (++this.depth > DEPTH_MAX) throw protocolError(`nested deeper than ${DEPTH_MAX}`);
  }

  leaveStruct(): void {
    this.depth--;
  }

  /** The next field's key (see `fieldKey`), or 0 at the end of the struct. */
  readField(): number {
    const at = this.offset;
    if (at >= this.end) throw truncated("a field", 1, this.end - at);
    const type = this.view.getUint8(at);
    if (type === TYPE.stop) {
      this.offset = at + 1;
      return 0;
    }
    this.offset = at + 3;
    if (this.offset > this.end) throw truncated("a field", 3, this.end - at);
    return (type << 16) | this.view.getUint16(at + 1);
  }

  readBool(): boolean {
    return this.readByte() !== 0;
  }

  readByte(): number {
    const at = this.take(1);
    return this.view.getInt8(at);
  }

  readI16(): number {
    const at = this.take(2);
    return this.view.getInt16(at);
  }

  readI32(): number {
    const at = this.take(4);
    return this.view.getInt32(at);
  }

  readI64(): bigint {
    const at = this.take(8);
    return this.view.getBigInt64(at);
  }

  /** An i64 whose field says `js.type = "number"`; refuses what a number cannot hold exactly. */
  readI64AsNumber(): number {
    const at = this.take(8);
    const value = this.view.getInt32(at) * 0x1_0000_0000 + this.view.getUint32(at + 4);
    if (!Number.isSafeInteger(value)) {
      throw protocolError(`${this.view.getBigInt64(at)} is not a safe integer`);
    }
    return value;
  }

  readDouble(): number {
    const at = this.take(8);
    return this.view.getFloat64(at);
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
    const at = this.take(5);
    const type = this.view.getUint8(at);
    const count = this.view.getInt32(at + 1);
    this.checkCount(count, sizeMin(type));
    if (type !== element && count > 0) {
      throw protocolError(`a list has elements of type ${type}, expected ${element}`);
    }
    return count;
  }

  /** The count of a map whose keys and values must have these types. */
  readMap(key: number, value: number): number {
    const at = this.take(6);
    const keyType = this.view.getUint8(at);
    const valueType = this.view.getUint8(at + 1);
    const count = this.view.getInt32(at + 2);
    this.checkCount(count, sizeMin(keyType) + sizeMin(valueType));
    if (count > 0 && (keyType !== key || valueType !== value)) {
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

  private skip(type: number): void {
    switch (type) {
      case TYPE.bool:
      case TYPE.byte:
      case TYPE.i16:
      case TYPE.i32:
      case TYPE.i64:
      case TYPE.double:
      case TYPE.uuid:
        this.take(sizeMin(type));
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

  private skipList(): void {
    const at = this.take(5);
    const type = this.view.getUint8(at);
    const count = this.view.getInt32(at + 1);
    this.checkCount(count, sizeMin(type));
    this.enterStruct();
    for (let index = 0; index < count; index++) this.skip(type);
    this.leaveStruct();
  }

  private skipMap(): void {
    const at = this.take(6);
    const keyType = this.view.getUint8(at);
    const valueType = this.view.getUint8(at + 1);
    const count = this.view.getInt32(at + 2);
    this.checkCount(count, sizeMin(keyType) + sizeMin(valueType));
    this.enterStruct();
    for (let index = 0; index < count; index++) {
      this.skip(keyType);
      this.skip(valueType);
    }
    this.leaveStruct();
  }

  private readLength(what: string): number {
    const at = this.take(4);
    const length = this.view.getInt32(at);
    if (length < 0) throw protocolError(`${what} has the negative length ${length}`);
    if (length > this.end - this.offset) throw truncated(what, length, this.end - this.offset);
    return length;
  }

  private checkCount(count: number, elementSizeMin: number): void {
    if (count < 0) throw protocolError(`a container has the negative count ${count}`);
    const left = this.end - this.offset;
    if (count * elementSizeMin > left) {
      throw truncated(`a container of ${count} elements`, count * elementSizeMin, left);
    }
  }

  private take(size: number): number {
    const at = this.offset;
    this.offset = at + size;
    if (this.offset > this.end) throw truncated("a value", size, this.end - at);
    return at;
  }
}
