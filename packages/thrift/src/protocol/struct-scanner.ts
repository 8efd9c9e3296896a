/**
 * Finds where a message ends when no frame says so (the "buffered" transport), in Binary and in
 * Compact. It is fed with more and more bytes of the same message and goes on where it stopped: all
 * it knows stands in fields, none of it on the call stack, so a message that comes byte by byte
 * costs no more than one that comes whole.
 */
import { ServiceError } from "@holdfast/core";
import type { Bytes } from "./buffers.ts";
import { COMPACT, compactSizeMin, TYPE_OF_COMPACT } from "./compact-types.ts";
import { protocolError } from "./error.ts";
import { fixedSize, sizeMin, TYPE } from "./types.ts";

export interface StructScannerOptions {
  /** The largest message, its head included, in bytes; a longer one is refused as `too-large`. */
  readonly messageMaxBytes: number;
}

/** Longer than any method's name; the first bytes of something else are often read as a length. */
const NAME_MAX_BYTES = 1024;
const VARINT_MAX_BYTES = 10;

/**
 * Structs and containers within each other. More than readers take, who count structs where they
 * know the type: what they refuse must still be scanned as one message.
 */
const NESTING_MAX = 1024;
/** A number that stands where no number can be read yet. */
const MORE = -1;

/** A struct, or the elements of a list, a set or a map that are still to come. */
interface Container {
  /** The type of the next element; 0 in a struct, where each field has its own. */
  elementType: number;
  /** For maps, the type that takes turns with the one above; otherwise the same. */
  otherType: number;
  elementsLeft: number;
}

export class StructScanner {
  private readonly messageMaxBytes: number;
  private compact = false;
  private started = false;
  /** Bytes of the message that need not be looked at again; more than have come when skipping. */
  private position = 0;
  /** The type of the value that comes next; 0 when a field or an element does. */
  private valueType = 0;
  /** What the scanner is inside of; the innermost stands last. */
  private readonly inside: Container[] = [];

  /** The bytes of the present call of `scan`. */
  private view: DataView;
  private start = 0;
  private available = 0;
  /** Where `number` and its siblings read; becomes `position` when a step was taken. */
  private cursor = 0;

  constructor(options: StructScannerOptions) {
    this.messageMaxBytes = options.messageMaxBytes;
    this.view = NO_BYTES;
  }

  /**
   * `start` is where the message begins in `bytes`, each time, and `end` where the bytes end that
   * have come. The answer is where the message ends, or undefined while it does not. One scanner
   * is for one message.
   */
  scan(bytes: Bytes, start: number, end: number): number | undefined {
    this.view = bytes.view;
    this.start = start;
    this.available = end - start;
    const ended = this.run();
    this.view = NO_BYTES;
    return ended ? start + this.position : undefined;
  }

  private run(): boolean {
    for (;;) {
      if (this.position > this.messageMaxBytes) throw tooLarge(this.messageMaxBytes);
      if (this.started && this.inside.length === 0) return this.position <= this.available;
      if (this.position > this.available) return false;
      this.cursor = this.position;
      if (!this.step()) return false;
      this.position = this.cursor;
    }
  }

  /** Passes over one thing; false when it has not come whole. */
  private step(): boolean {
    if (!this.started) return this.head();
    if (this.valueType !== 0) return this.value(this.valueType);
    const container = this.inside.at(-1);
    if (container === undefined || container.elementType === 0) {
      return this.compact ? this.compactField() : this.binaryField();
    }
    this.element(container);
    return true;
  }

  private element(container: Container): void {
    if (container.elementsLeft === 0) {
      this.inside.pop();
      return;
    }
    this.valueType = container.elementType;
    container.elementsLeft--;
    container.elementType = container.otherType;
    container.otherType = this.valueType;
  }

  private head(): boolean {
    const first = this.byte();
    if (first === MORE) return false;
    this.compact = first === 0x82;
    const complete = this.compact ? this.compactHead() : this.binaryHead(first);
    if (!complete) return false;
    this.started = true;
    this.enter(0, 0, 0);
    return true;
  }

  private binaryHead(first: number): boolean {
    this.cursor--;
    const strict = first === 0x80;
    if (!strict && first !== 0) throw protocolError(`no message begins with byte ${first}`);
    const head = strict ? this.bigEndian32() : 0;
    if (head === MORE) return false;
    if (strict && head >>> 16 !== 0x8001) {
      throw protocolError(`Binary version 0x${(head >>> 16).toString(16)}, expected 0x8001`);
    }
    const nameLength = this.bigEndian32();
    if (nameLength === MORE) return false;
    checkName(nameLength);
    this.cursor += nameLength + (strict ? 4 : 5);
    return true;
  }

  private compactHead(): boolean {
    const version = this.byte();
    if (version === MORE) return false;
    if ((version & 0x1f) !== 1) {
      throw protocolError(`Compact version ${version & 0x1f}, expected 1`);
    }
    if (this.varint() === MORE) return false;
    const nameLength = this.varint();
    if (nameLength === MORE) return false;
    checkName(nameLength);
    this.cursor += nameLength;
    return true;
  }

  private binaryField(): boolean {
    const type = this.byte();
    if (type === MORE) return false;
    if (type === TYPE.stop) {
      this.inside.pop();
      return true;
    }
    this.cursor += 2;
    this.valueType = type;
    return true;
  }

  private compactField(): boolean {
    const head = this.byte();
    if (head === MORE) return false;
    if (head === COMPACT.stop) {
      this.inside.pop();
      return true;
    }
    if (head >>> 4 === 0 && this.varint() === MORE) return false;
    const type = TYPE_OF_COMPACT[head & 0x0f] ?? 0;
    if (type === 0) throw protocolError(`Compact type ${head & 0x0f} does not exist`);
    // A bool is in the head.
    this.valueType = type === TYPE.bool ? 0 : type;
    return true;
  }

  private value(type: number): boolean {
    // The value of a list is its elements, each a value again: so the wait ends here.
    const complete = this.valueBegins(type);
    if (complete) this.valueType = 0;
    return complete;
  }

  private valueBegins(type: number): boolean {
    switch (type) {
      case TYPE.i16:
      case TYPE.i32:
      case TYPE.i64:
        if (this.compact) return this.varint() !== MORE;
        this.cursor += fixedSize(type);
        return true;
      case TYPE.bool:
      case TYPE.byte:
      case TYPE.double:
      case TYPE.uuid:
        this.cursor += fixedSize(type);
        return true;
      case TYPE.string:
        return this.text();
      case TYPE.struct:
        this.enter(0, 0, 0);
        return true;
      case TYPE.list:
      case TYPE.set:
        return this.compact ? this.compactList() : this.binaryList();
      case TYPE.map:
        return this.compact ? this.compactMap() : this.binaryMap();
      default:
        throw protocolError(`type ${type} does not exist`);
    }
  }

  private text(): boolean {
    const length = this.compact ? this.varint() : this.bigEndian32();
    if (length === MORE) return false;
    this.checkSize(length);
    this.cursor += length;
    return true;
  }

  private binaryList(): boolean {
    const type = this.byte();
    const count = this.bigEndian32();
    if (type === MORE || count === MORE) return false;
    return this.elements(type, type, count, count);
  }

  private binaryMap(): boolean {
    const key = this.byte();
    const value = this.byte();
    const count = this.bigEndian32();
    if (key === MORE || value === MORE || count === MORE) return false;
    return this.elements(key, value, count, count * 2);
  }

  private compactList(): boolean {
    const head = this.byte();
    if (head === MORE) return false;
    const count = head >>> 4 === 0x0f ? this.varint() : head >>> 4;
    if (count === MORE) return false;
    const type = TYPE_OF_COMPACT[head & 0x0f] ?? 0;
    return this.elements(type, type, count, count);
  }

  private compactMap(): boolean {
    const count = this.varint();
    if (count === 0) return true;
    const types = this.byte();
    if (count === MORE || types === MORE) return false;
    const key = TYPE_OF_COMPACT[types >>> 4] ?? 0;
    const value = TYPE_OF_COMPACT[types & 0x0f] ?? 0;
    return this.elements(key, value, count, count * 2);
  }

  /**
   * Goes into a container, or past it at once when its size follows from its count. `valueCount`
   * is twice the count for a map, whose values are of the types `type` and `other` in turns.
   */
  private elements(type: number, other: number, count: number, valueCount: number): boolean {
    if (count === 0) return true;
    if (type === 0 || other === 0) throw protocolError("a container of a type that does not exist");
    const bytesMin = ((this.sizeMin(type) + this.sizeMin(other)) / 2) * valueCount;
    this.checkSize(bytesMin);
    const sizeKnown = !this.compact && fixedSize(type) > 0 && fixedSize(other) > 0;
    if (sizeKnown) this.cursor += bytesMin;
    else this.enter(type, other, valueCount);
    return true;
  }

  private sizeMin(type: number): number {
    return this.compact ? compactSizeMin(type) : sizeMin(type);
  }

  private enter(elementType: number, otherType: number, elementsLeft: number): void {
    if (this.inside.length === NESTING_MAX) {
      throw protocolError(`nested deeper than ${NESTING_MAX}`);
    }
    this.inside.push({ elementType, otherType, elementsLeft });
  }

  private checkSize(size: number): void {
    if (this.cursor + size > this.messageMaxBytes) throw tooLarge(this.messageMaxBytes);
  }

  private byte(): number {
    if (this.cursor >= this.available) return MORE;
    return this.view.getUint8(this.start + this.cursor++);
  }

  /** A length or a count, unsigned: a negative one is too large for any message. */
  private bigEndian32(): number {
    if (this.cursor + 4 > this.available) return MORE;
    const value = this.view.getUint32(this.start + this.cursor);
    this.cursor += 4;
    return value;
  }

  /** Exact up to 53 bits; lengths are far below, and of others only the end matters. */
  private varint(): number {
    let value = 0;
    let unit = 1;
    for (let index = 0; index < VARINT_MAX_BYTES; index++) {
      const byte = this.byte();
      if (byte === MORE) return MORE;
      value += (byte & 0x7f) * unit;
      if (byte < 0x80) return value;
      unit *= 0x80;
    }
    throw protocolError("a varint is longer than 10 bytes");
  }
}

const NO_BYTES = new DataView(new ArrayBuffer(0));

function checkName(length: number): void {
  if (length <= NAME_MAX_BYTES) return;
  throw protocolError(`a method name of ${length} bytes, expected 0 to ${NAME_MAX_BYTES}`);
}

function tooLarge(messageMaxBytes: number): ServiceError {
  return new ServiceError("too-large", `a message is longer than ${messageMaxBytes} bytes`, {
    workStarted: "no",
  });
}
