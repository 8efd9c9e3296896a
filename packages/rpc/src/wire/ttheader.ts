/**
 * TTHeader: the frame that Kitex speaks, which carries what travels with a call beside its Thrift
 * message: log id, names, the time that is left. Not Apache's THeader, which is another format.
 *
 *   u32 length of what follows · u16 magic 0x1000 · u16 flags · i32 sequence id · u16 size of the
 *   header info in words · u8 protocol · u8 transforms · info blocks · padding · Thrift message
 *
 * Source: CloudWeGo Kitex, "TTHeader protocol"; all numbers are big-endian.
 */
import { PRIORITY, type Priority } from "@holdfast/core";
import { type BinaryReader, type BinaryWriter, protocolError } from "@holdfast/thrift";

export const TTHEADER_MAGIC = 0x1000;

/** From the length field to the size of the header info. */
const FIXED_BYTES = 14;
const INFO_PADDING = 0x00;
const INFO_STRINGS = 0x01;
const INFO_INTEGERS = 0x10;
const INFO_ACL_TOKEN = 0x11;
/**
 * What is longer is cut, written or read: ids and names stay in records for a while, a length has
 * 16 bits, and all of a header 256 KiB.
 */
const TEXT_MAX_BYTES = 1024;
/** More tries before this one than anybody makes; said as this many. */
const RETRIES_MAX = 999;
/** The names of all three marks, their values and lengths. */
const MARKS_MAX_BYTES = 96;

/** The integer keys that we read or write. */
export const INFO_KEY = {
  logId: 2,
  fromService: 3,
  toService: 6,
  toMethod: 9,
  timeoutMs: 12,
  /**
   * Ours, from a client: it takes the word to go away in a frame of its own, at any time. Kitex's
   * pooled clients would take that frame for the reply to their next call.
   */
  hearsGoAway: 0x4846,
} as const;

/** String keys. `crrst` is Kitex's: the connection is about to be closed, use another one. */
export const INFO_NAME = {
  goAway: "crrst",
  /** Ours: the call with this sequence id need not be answered any more. */
  cancel: "holdfast-cancel",
  /** Ours, in the first reply of a connection: this server understands `holdfast-cancel`. */
  hears: "holdfast-hears-cancel",
  /** Ours: the tries before this one, a whole number; left out in a first try. */
  retries: "holdfast-retries",
  /** Ours: one of PRIORITY as a digit; left out when it is normal. */
  priority: "holdfast-priority",
  /** Kitex's word for the same: `RetryReq` among what it passes on with every call. */
  kitexRetries: "RPC_PERSIST_RetryReq",
} as const;

/** Filled anew for each frame. */
export interface TtHeader {
  sequenceId: number;
  logId: string;
  fromService: string;
  /** Milliseconds that the caller has left; Infinity when it did not say. */
  timeoutMs: number;
  goAway: boolean;
  hearsGoAway: boolean;
  cancel: boolean;
  hears: boolean;
  /** 0 in a first try. */
  retries: number;
  priority: Priority;
}

export function emptyTtHeader(): TtHeader {
  return {
    sequenceId: 0,
    logId: "",
    fromService: "",
    timeoutMs: Infinity,
    goAway: false,
    hearsGoAway: false,
    cancel: false,
    hears: false,
    retries: 0,
    priority: PRIORITY.normal,
  };
}

/** Reads the header at the reader's offset, which is left at the Thrift message. */
export function readTtHeader(input: BinaryReader, header: TtHeader): void {
  const at = input.offset;
  if (input.end - at < FIXED_BYTES) throw protocolError("a TTHeader frame shorter than its header");
  const { view } = input;
  if (view.getUint16(at + 4) !== TTHEADER_MAGIC) throw protocolError("no TTHeader magic");
  header.sequenceId = view.getInt32(at + 8);
  const { fromService } = header;
  header.logId = "";
  header.fromService = "";
  header.timeoutMs = Infinity;
  header.goAway = false;
  header.hearsGoAway = false;
  header.cancel = false;
  header.hears = false;
  header.retries = 0;
  header.priority = PRIORITY.normal;
  const infoEnd = at + FIXED_BYTES + view.getUint16(at + 12) * 4;
  if (infoEnd > input.end) throw protocolError("a TTHeader longer than its frame");
  const frameEnd = input.end;
  input.offset = at + FIXED_BYTES;
  input.end = infoEnd;
  readInfo(input, header, fromService);
  input.offset = infoEnd;
  input.end = frameEnd;
}

/** `knownCaller` is what the frame before said: most often the same again. */
function readInfo(input: BinaryReader, header: TtHeader, knownCaller: string): void {
  const protocol = input.readByte();
  if (protocol !== 0 && protocol !== 2) {
    throw protocolError(`TTHeader protocol ${protocol}, expected 0 (Thrift)`);
  }
  const transforms = input.readByte() & 0xff;
  if (transforms !== 0) throw protocolError("TTHeader transforms are not supported");
  while (input.offset < input.end) {
    const block = input.readByte();
    if (block === INFO_PADDING) continue;
    if (block === INFO_INTEGERS) readIntegers(input, header, knownCaller);
    else if (block === INFO_STRINGS) readStrings(input, header);
    else if (block === INFO_ACL_TOKEN) skipText(input);
    else throw protocolError(`TTHeader info block ${block & 0xff} does not exist`);
  }
}

function readIntegers(input: BinaryReader, header: TtHeader, knownCaller: string): void {
  const count = input.readI16() & 0xffff;
  for (let index = 0; index < count; index++) {
    const key = input.readI16() & 0xffff;
    if (key === INFO_KEY.timeoutMs) header.timeoutMs = readTimeout(input);
    else if (key === INFO_KEY.logId) header.logId = readText(input);
    else if (key === INFO_KEY.fromService) {
      header.fromService = readSameText(input, knownCaller);
    } else {
      if (key === INFO_KEY.hearsGoAway) header.hearsGoAway = true;
      skipText(input);
    }
  }
}

function readStrings(input: BinaryReader, header: TtHeader): void {
  const count = input.readI16() & 0xffff;
  for (let index = 0; index < count; index++) {
    const name = readText(input);
    const value = readText(input);
    if (name === INFO_NAME.goAway) header.goAway = value !== "";
    else if (name === INFO_NAME.cancel) header.cancel = true;
    else if (name === INFO_NAME.hears) header.hears = true;
    else if (name === INFO_NAME.retries || name === INFO_NAME.kitexRetries) {
      header.retries = Math.max(header.retries, retriesIn(value));
    } else if (name === INFO_NAME.priority) header.priority = priorityIn(value);
  }
}

/** Whoever says that it is a retry, and not which, has tried once before. */
function retriesIn(text: string): number {
  return /^\d{1,3}$/.test(text) ? Number(text) : 1;
}

/** What is no priority of ours counts as not said. */
function priorityIn(text: string): Priority {
  const found = Object.values(PRIORITY).find((priority) => String(priority) === text);
  return found ?? PRIORITY.normal;
}

function takeText(input: BinaryReader): number {
  const length = input.readI16() & 0xffff;
  const start = input.offset;
  input.offset = start + length;
  if (input.offset > input.end) throw protocolError("a TTHeader text longer than its header");
  return start;
}

function skipText(input: BinaryReader): void {
  takeText(input);
}

function readText(input: BinaryReader): string {
  return sliceText(input, takeText(input));
}

function sliceText(input: BinaryReader, start: number): string {
  return input.buffer.utf8Slice(start, Math.min(input.offset, start + TEXT_MAX_BYTES));
}

/** A name that is the same in every frame of a connection is made into a string once. */
function readSameText(input: BinaryReader, known: string): string {
  const start = takeText(input);
  const length = input.offset - start;
  if (length === known.length) {
    let index = 0;
    while (index < length && input.buffer[start + index] === known.charCodeAt(index)) index++;
    if (index === length) return known;
  }
  return sliceText(input, start);
}

/** A decimal number in text. What is not one counts as not said, and so does 0, as Kitex has it. */
function readTimeout(input: BinaryReader): number {
  const start = takeText(input);
  let value = 0;
  for (let at = start; at < input.offset; at++) {
    const digit = input.buffer[at]! - 48;
    if (digit < 0 || digit > 9) return Infinity;
    value = value * 10 + digit;
  }
  return value === 0 ? Infinity : value;
}

/** What a client says in each call; the parts that never change are made into bytes once. */
export interface TtCallHeader {
  readonly sequenceId: number;
  readonly logId: string;
  /** Infinity: not said. */
  readonly timeoutMs: number;
  /** From `fixedCallInfo`. */
  readonly fixed: Uint8Array;
  /** 0: not said. */
  readonly retries: number;
  /** Normal: not said. */
  readonly priority: Priority;
}

/** Caller, callee, method and what we understand, as entries of the block of integers. */
export function fixedCallInfo(caller: string, callee: string, method: string): Uint8Array {
  const entries: [number, string][] = [
    [INFO_KEY.fromService, caller],
    [INFO_KEY.toService, callee],
    [INFO_KEY.toMethod, method],
    [INFO_KEY.hearsGoAway, ""],
  ];
  return Buffer.concat(
    entries.map(([key, text]) => {
      const entry = Buffer.alloc(4 + TEXT_MAX_BYTES);
      // Never half a character.
      const length = entry.utf8Write(text, 4, TEXT_MAX_BYTES);
      entry.writeUInt16BE(key, 0);
      entry.writeUInt16BE(length, 2);
      return entry.subarray(0, 4 + length);
    }),
  );
}

/** Writes the header up to the Thrift message; the length is patched by `patchFrameLength`. */
export function writeCallTtHeader(output: BinaryWriter, header: TtCallHeader): void {
  output.reserve(64 + MARKS_MAX_BYTES + header.fixed.length + textBytesMax(header.logId));
  const at = output.offset;
  const { view } = output;
  view.setUint32(at + 4, TTHEADER_MAGIC << 16);
  view.setInt32(at + 8, header.sequenceId);
  view.setUint16(at + 14, 0);
  view.setUint8(at + 16, INFO_INTEGERS);
  const hasTimeout = header.timeoutMs !== Infinity;
  view.setUint16(at + 17, hasTimeout ? 6 : 5);
  output.buffer.set(header.fixed, at + 19);
  let offset = at + 19 + header.fixed.length;
  offset = writeText(output, offset, INFO_KEY.logId, header.logId);
  if (hasTimeout) {
    const timeoutMs = Math.max(1, Math.floor(header.timeoutMs));
    offset = writeText(output, offset, INFO_KEY.timeoutMs, String(timeoutMs));
  }
  if (header.retries > 0 || header.priority !== PRIORITY.normal) {
    offset = writeMarks(output, offset, header.retries, header.priority);
  }
  finishInfo(output, at, offset);
}

/** The block of strings that a retry has, or a call that matters more or less than others. */
function writeMarks(
  output: BinaryWriter,
  offset: number,
  retries: number,
  priority: Priority,
): number {
  const marks: [string, number][] = [];
  if (retries > 0) {
    const said = Math.min(retries, RETRIES_MAX);
    marks.push([INFO_NAME.retries, said], [INFO_NAME.kitexRetries, said]);
  }
  if (priority !== PRIORITY.normal) marks.push([INFO_NAME.priority, priority]);
  output.view.setUint8(offset, INFO_STRINGS);
  output.view.setUint16(offset + 1, marks.length);
  let end = offset + 3;
  for (const [name, value] of marks) {
    end = writeShortText(output, end, name);
    end = writeShortText(output, end, String(value));
  }
  return end;
}

/** ASCII. */
function writeShortText(output: BinaryWriter, offset: number, text: string): number {
  output.view.setUint16(offset, text.length);
  return offset + 2 + output.buffer.latin1Write(text, offset + 2);
}

/** A header without a word to say: what most replies have. */
export function writePlainTtHeader(output: BinaryWriter, sequenceId: number): void {
  output.reserve(20);
  const at = output.offset;
  output.view.setUint32(at + 4, TTHEADER_MAGIC << 16);
  output.view.setInt32(at + 8, sequenceId);
  output.view.setUint32(at + 12, 0x0001_0000);
  output.view.setUint16(at + 16, 0);
  output.offset = at + 18;
}

/** A header that says one word, such as "use another connection". */
export function writeSignalTtHeader(output: BinaryWriter, sequenceId: number, name: string): void {
  output.reserve(64 + name.length);
  const at = output.offset;
  const { view, buffer } = output;
  view.setUint32(at + 4, TTHEADER_MAGIC << 16);
  view.setInt32(at + 8, sequenceId);
  view.setUint16(at + 14, 0);
  view.setUint8(at + 16, INFO_STRINGS);
  view.setUint16(at + 17, 1);
  view.setUint16(at + 19, name.length);
  let offset = at + 21 + buffer.latin1Write(name, at + 21);
  view.setUint16(offset, 1);
  offset += 2 + buffer.latin1Write("1", offset + 2);
  finishInfo(output, at, offset);
}

/** Pads the info that ends at `offset` to whole words and says how many there are. */
function finishInfo(output: BinaryWriter, at: number, offset: number): void {
  let end = offset;
  while ((end - at - FIXED_BYTES) % 4 !== 0) output.view.setUint8(end++, 0);
  output.view.setUint16(at + 12, (end - at - FIXED_BYTES) / 4);
  output.offset = end;
}

function writeText(output: BinaryWriter, offset: number, key: number, text: string): number {
  const length = output.buffer.utf8Write(text, offset + 4, textBytesMax(text));
  output.view.setUint16(offset, key);
  output.view.setUint16(offset + 2, length);
  return offset + 4 + length;
}

function textBytesMax(text: string): number {
  return Math.min(text.length * 3, TEXT_MAX_BYTES);
}

/** Says at the start of a frame how long the rest of it is. */
export function patchFrameLength(output: BinaryWriter, frameStart: number): void {
  output.view.setUint32(frameStart, output.offset - frameStart - 4);
}
