/**
 * TApplicationException: how the machinery of a callee, not its IDL, says that a call failed.
 * Ours carries the code and what the caller may do next in fields of its own, which peers that do
 * not know them skip; from a peer that has no such fields the code is read off its type.
 *
 * Source: Apache Thrift, doc/specs/thrift-rpc.md, "Exceptions".
 */
import { type ErrorCode, isErrorCode, ServiceError, type WorkStarted } from "@holdfast/core";
import type { Codec } from "../schema/service-definition.ts";
import type { BinaryReader } from "../protocol/binary-reader.ts";
import type { BinaryWriter } from "../protocol/binary-writer.ts";
import type { CompactReader } from "../protocol/compact-reader.ts";
import type { CompactWriter } from "../protocol/compact-writer.ts";
import { TYPE } from "../protocol/types.ts";

/** The types that Apache Thrift defines. */
export const APPLICATION_EXCEPTION = {
  unknown: 0,
  unknownMethod: 1,
  invalidMessageType: 2,
  wrongMethodName: 3,
  badSequenceId: 4,
  missingResult: 5,
  internalError: 6,
  protocolError: 7,
} as const;

const TYPE_OF_CODE: Partial<Record<ErrorCode, number>> = {
  "not-found": APPLICATION_EXCEPTION.unknownMethod,
  protocol: APPLICATION_EXCEPTION.protocolError,
  "too-large": APPLICATION_EXCEPTION.protocolError,
};

const CODE_OF_TYPE: Record<number, ErrorCode> = {
  [APPLICATION_EXCEPTION.unknownMethod]: "not-found",
  [APPLICATION_EXCEPTION.invalidMessageType]: "protocol",
  [APPLICATION_EXCEPTION.wrongMethodName]: "protocol",
  [APPLICATION_EXCEPTION.badSequenceId]: "protocol",
  [APPLICATION_EXCEPTION.missingResult]: "protocol",
  [APPLICATION_EXCEPTION.protocolError]: "protocol",
};

const FIELD_MESSAGE = 0x0b_0001;
const FIELD_TYPE = 0x08_0002;
/** Ours: far above what Apache may add. */
const FIELD_CODE = 0x0b_1001;
const FIELD_WORK_STARTED = 0x0b_1002;
const FIELD_RETRYABLE = 0x02_1003;
const FIELD_RETRY_AFTER_MS = 0x08_1004;

function read(input: BinaryReader | CompactReader): ServiceError {
  let message = "";
  let type: number = APPLICATION_EXCEPTION.unknown;
  let code = "";
  let workStarted = "";
  let retryable: boolean | undefined;
  let retryAfterMs: number | undefined;
  input.enterStruct();
  for (let key = input.readField(); key !== 0; key = input.readField()) {
    if (key === FIELD_MESSAGE) message = input.readString();
    else if (key === FIELD_TYPE) type = input.readI32();
    else if (key === FIELD_CODE) code = input.readString();
    else if (key === FIELD_WORK_STARTED) workStarted = input.readString();
    else if (key === FIELD_RETRYABLE) retryable = input.readBool();
    else if (key === FIELD_RETRY_AFTER_MS) retryAfterMs = input.readI32();
    else input.skipField(key);
  }
  input.leaveStruct();
  return new ServiceError(isErrorCode(code) ? code : (CODE_OF_TYPE[type] ?? "internal"), message, {
    ...(retryable === undefined ? {} : { retryable }),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs: Math.max(0, retryAfterMs) }),
    workStarted: isWorkStarted(workStarted) ? workStarted : "maybe",
  });
}

function write(output: BinaryWriter | CompactWriter, error: ServiceError): void {
  output.enterStruct();
  output.writeField(FIELD_MESSAGE);
  output.writeString(error.message);
  output.writeField(FIELD_TYPE);
  output.writeI32(TYPE_OF_CODE[error.code] ?? APPLICATION_EXCEPTION.internalError);
  output.writeField(FIELD_CODE);
  output.writeString(error.code);
  output.writeField(FIELD_WORK_STARTED);
  output.writeString(error.workStarted);
  output.writeField(FIELD_RETRYABLE);
  output.writeBool(error.retryable);
  if (error.retryAfterMs !== undefined) {
    output.writeField(FIELD_RETRY_AFTER_MS);
    output.writeI32(Math.min(0x7fff_ffff, Math.ceil(error.retryAfterMs)));
  }
  output.writeStop();
  output.leaveStruct();
}

function isWorkStarted(text: string): text is WorkStarted {
  return text === "no" || text === "maybe" || text === "yes";
}

export const ApplicationExceptionCodec: Codec<ServiceError> = {
  type: TYPE.struct,
  readBinary: read,
  writeBinary: write,
  readCompact: read,
  writeCompact: write,
};
