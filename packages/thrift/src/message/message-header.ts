/**
 * The head of a Thrift message in Binary, strict and old, and in Compact: what kind of message,
 * which method, which sequence id. The name stays bytes; who looks methods up needs no string.
 *
 * Source: Apache Thrift, doc/specs/thrift-binary-protocol.md and thrift-compact-protocol.md,
 * "Message".
 */
import type { BinaryReader } from "../protocol/binary-reader.ts";
import type { BinaryWriter } from "../protocol/binary-writer.ts";
import type { CompactReader } from "../protocol/compact-reader.ts";
import type { CompactWriter } from "../protocol/compact-writer.ts";
import { protocolError } from "../protocol/error.ts";
import { MESSAGE, type MessageType } from "../protocol/types.ts";

/** Filled anew for each message, so that reading one allocates nothing. */
export interface MessageHeader {
  /** See MESSAGE. */
  type: number;
  sequenceId: number;
  /** Where the method's name stands in the reader's buffer. */
  nameStart: number;
  nameEnd: number;
}

export function emptyMessageHeader(): MessageHeader {
  return { type: 0, sequenceId: 0, nameStart: 0, nameEnd: 0 };
}

const VERSION_1 = 0x8001;
/** The first byte of every message in Compact. */
export const COMPACT_PROTOCOL_ID = 0x82;
const COMPACT_VERSION = 1;
/** Longer than any method's name; the first bytes of something else are often read as a length. */
const NAME_MAX_BYTES = 1024;

export function readBinaryHeader(input: BinaryReader, header: MessageHeader): void {
  const first = input.readI32();
  if (first < 0) readStrict(input, header, first);
  else readOld(input, header, first);
  checkType(header);
}

/** Protocol id, type and version in one byte, sequence id, name. */
export function readCompactHeader(input: CompactReader, header: MessageHeader): void {
  const id = input.readByte() & 0xff;
  if (id !== COMPACT_PROTOCOL_ID) {
    throw protocolError(`protocol id 0x${id.toString(16)}, expected 0x82 of Compact`);
  }
  const versionAndType = input.readByte() & 0xff;
  const version = versionAndType & 0x1f;
  if (version !== COMPACT_VERSION) throw protocolError(`Compact version ${version}, expected 1`);
  header.type = versionAndType >>> 5;
  header.sequenceId = input.readVarint32();
  readName(input, header, input.readVarint32());
  checkType(header);
}

function checkType(header: MessageHeader): void {
  if (header.type < MESSAGE.call || header.type > MESSAGE.oneway) {
    throw protocolError(`message type ${header.type} does not exist`);
  }
}

/** Strict: version, type, name, sequence id. */
function readStrict(input: BinaryReader, header: MessageHeader, first: number): void {
  if (first >>> 16 !== VERSION_1) {
    throw protocolError(`Binary version 0x${(first >>> 16).toString(16)}, expected 0x8001`);
  }
  header.type = first & 0xff;
  readName(input, header, input.readI32());
  header.sequenceId = input.readI32();
}

/** Old, before versions: name, type, sequence id. */
function readOld(input: BinaryReader, header: MessageHeader, nameLength: number): void {
  readName(input, header, nameLength);
  header.type = input.readByte();
  header.sequenceId = input.readI32();
}

function readName(
  input: BinaryReader | CompactReader,
  header: MessageHeader,
  length: number,
): void {
  if (length < 0 || length > NAME_MAX_BYTES || length > input.end - input.offset) {
    throw protocolError(`a method name of ${length} bytes, expected 0 to ${NAME_MAX_BYTES}`);
  }
  header.nameStart = input.offset;
  header.nameEnd = input.offset + length;
  input.offset = header.nameEnd;
}

/** `name` is the method's name as bytes, kept by whoever sends. */
export function writeBinaryHeader(
  output: BinaryWriter,
  type: MessageType,
  name: Uint8Array,
  sequenceId: number,
): void {
  output.startMessage();
  output.reserve(12 + name.length);
  const at = output.offset;
  output.view.setUint32(at, 0x8001_0000 | type);
  output.view.setInt32(at + 4, name.length);
  const { length } = name;
  // A name has a few letters: a loop costs less than a call into the runtime.
  for (let index = 0; index < length; index++) output.view.setUint8(at + 8 + index, name[index]!);
  output.view.setInt32(at + 8 + name.length, sequenceId);
  output.offset = at + 12 + name.length;
}

export function writeCompactHeader(
  output: CompactWriter,
  type: MessageType,
  name: Uint8Array,
  sequenceId: number,
): void {
  output.startMessage();
  output.reserve(12 + name.length);
  output.view.setUint8(output.offset, COMPACT_PROTOCOL_ID);
  output.view.setUint8(output.offset + 1, (type << 5) | COMPACT_VERSION);
  output.offset += 2;
  output.writeVarint32(sequenceId);
  output.writeBinary(name);
}
