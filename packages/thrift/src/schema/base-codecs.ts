/** The codecs of types that need no generated code: what a method may return besides structs. */
import { TYPE } from "../protocol/types.ts";
import type { Codec } from "./service-definition.ts";

const bool: Codec<boolean> = {
  type: TYPE.bool,
  readBinary: (input) => input.readBool(),
  writeBinary: (output, value) => output.writeBool(value),
  readCompact: (input) => input.readBool(),
  writeCompact: (output, value) => output.writeBool(value),
};

const byte: Codec<number> = {
  type: TYPE.byte,
  readBinary: (input) => input.readByte(),
  writeBinary: (output, value) => output.writeByte(value),
  readCompact: (input) => input.readByte(),
  writeCompact: (output, value) => output.writeByte(value),
};

const i16: Codec<number> = {
  type: TYPE.i16,
  readBinary: (input) => input.readI16(),
  writeBinary: (output, value) => output.writeI16(value),
  readCompact: (input) => input.readI16(),
  writeCompact: (output, value) => output.writeI16(value),
};

const i32: Codec<number> = {
  type: TYPE.i32,
  readBinary: (input) => input.readI32(),
  writeBinary: (output, value) => output.writeI32(value),
  readCompact: (input) => input.readI32(),
  writeCompact: (output, value) => output.writeI32(value),
};

const i64: Codec<bigint> = {
  type: TYPE.i64,
  readBinary: (input) => input.readI64(),
  writeBinary: (output, value) => output.writeI64(value),
  readCompact: (input) => input.readI64(),
  writeCompact: (output, value) => output.writeI64(value),
};

const i64AsNumber: Codec<number> = {
  type: TYPE.i64,
  readBinary: (input) => input.readI64AsNumber(),
  writeBinary: (output, value) => output.writeI64FromNumber(value),
  readCompact: (input) => input.readI64AsNumber(),
  writeCompact: (output, value) => output.writeI64FromNumber(value),
};

const double: Codec<number> = {
  type: TYPE.double,
  readBinary: (input) => input.readDouble(),
  writeBinary: (output, value) => output.writeDouble(value),
  readCompact: (input) => input.readDouble(),
  writeCompact: (output, value) => output.writeDouble(value),
};

const string: Codec<string> = {
  type: TYPE.string,
  readBinary: (input) => input.readString(),
  writeBinary: (output, value) => output.writeString(value),
  readCompact: (input) => input.readString(),
  writeCompact: (output, value) => output.writeString(value),
};

const binary: Codec<Uint8Array> = {
  type: TYPE.string,
  readBinary: (input) => input.readBinary(),
  writeBinary: (output, value) => output.writeBinary(value),
  readCompact: (input) => input.readBinary(),
  writeCompact: (output, value) => output.writeBinary(value),
};

const uuid: Codec<string> = {
  type: TYPE.uuid,
  readBinary: (input) => input.readUuid(),
  writeBinary: (output, value) => output.writeUuid(value),
  readCompact: (input) => input.readUuid(),
  writeCompact: (output, value) => output.writeUuid(value),
};

export const CODEC = { bool, byte, i16, i32, i64, i64AsNumber, double, string, binary, uuid };
