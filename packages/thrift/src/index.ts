/** The public door of @holdfast/thrift. */
export * from "./codegen/generate.ts";
export * from "./idl/index.ts";
export * from "./message/application-exception.ts";
export * from "./message/message-header.ts";
export { BinaryReader } from "./protocol/binary-reader.ts";
export { BinaryWriter } from "./protocol/binary-writer.ts";
export { type Bytes, allocate, bytesOf } from "./protocol/buffers.ts";
export { CompactReader } from "./protocol/compact-reader.ts";
export { CompactWriter } from "./protocol/compact-writer.ts";
export {
  badValue,
  missingField,
  notOneField,
  protocolError,
  truncated,
  unknownMember,
} from "./protocol/error.ts";
export { StructScanner, type StructScannerOptions } from "./protocol/struct-scanner.ts";
export { MESSAGE, type MessageType, TYPE, type TypeCode, fieldKey } from "./protocol/types.ts";
export { CODEC } from "./schema/base-codecs.ts";
export { exceptionMessage } from "./schema/exception-message.ts";
export { DynamicCodecs } from "./schema/dynamic-codec.ts";
export { DynamicException } from "./schema/dynamic-exception.ts";
export { dynamicService, type DynamicMethods } from "./schema/dynamic-service.ts";
export { fromJson, type Json, structType, toJson } from "./schema/json.ts";
export { type ProgramSchema, schemaOf } from "./schema/schema-of.ts";
export type * from "./schema/schema.ts";
export { EncodedValue } from "./schema/encoded-value.ts";
export * from "./schema/service-definition.ts";
