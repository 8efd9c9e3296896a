/**
 * TApplicationException: how the machinery of a callee, not its IDL, says that a call failed.
 * Ours carries the code and what the caller may do next in fields of its own, which peers that do
 * not know them skip; from a peer that has no such fields the code is read off its type.
 *
 * Our fields are numbers only. Kitex (gopkg 0.1.6) skips a field that it does not know as if it
 * stood at the start of the struct: harmless where the length is always the same, while one string
 * there costs its caller the whole exception.
 *
 * Source: Apache Thrift, doc/specs/thrift-rpc.md, "Exceptions".
 */
import { type ErrorCode, ServiceError, type WorkStarted } from "@holdfast/core";
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
const FIELD_CODE = 0x08_1001;
const FIELD_WORK_STARTED = 0x03_1002;
const FIELD_RETRYABLE = 0x02_1003;
const FIELD_RETRY_AFTER_MS = 0x08_1004;

/** The codes as they stand on the wire: what has a number keeps it, and no number is used again. */
const NUMBER_OF_CODE: Record<ErrorCode, number> = {
  cancelled: 1,
  "deadline-exceeded": 2,
  overloaded: 3,
  unavailable: 4,
  "breaker-open": 5,
  degraded: 6,
  "not-found": 7,
  invalid: 8,
  protocol: 9,
  "too-large": 10,
  internal: 11,
  draining: 12,
};
const CODE_OF_NUMBER = new Map(
  Object.entries(NUMBER_OF_CODE).map(([code, number]) => [number, code as ErrorCode]),
);
const NUMBER_OF_WORK_STARTED: Record<WorkStarted, number> = { no: 1, maybe: 2, yes: 3 };
const WORK_STARTED_OF_NUMBER = [undefined, "no", "maybe", "yes"] as const;

function read(input: BinaryReader | CompactReader): ServiceError {
  let message = "";
  let type: number = APPLICATION_EXCEPTION.unknown;
  let code: ErrorCode | undefined;
  let workStarted: WorkStarted | undefined;
  let retryable: boolean | undefined;
  let retryAfterMs: number | undefined;
  input.enterStruct();
  for (let key = input.readField(); key !== 0; key = input.readField()) {
    if (key === FIELD_MESSAGE) message = input.readString();
    else if (key === FIELD_TYPE) type = input.readI32();
    else if (key === FIELD_CODE) code = CODE_OF_NUMBER.get(input.readI32());
    else if (key === FIELD_WORK_STARTED) workStarted = WORK_STARTED_OF_NUMBER[input.readByte()];
    else if (key === FIELD_RETRYABLE) retryable = input.readBool();
    else if (key === FIELD_RETRY_AFTER_MS) retryAfterMs = input.readI32();
    else input.skipField(key);
  }
  input.leaveStruct();
  return new ServiceError(code ?? CODE_OF_TYPE[type] ?? "internal", message, {
    ...(retryable === undefined ? {} : { retryable }),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs: Math.max(0, retryAfterMs) }),
    workStarted: workStarted ?? "maybe",
  });
}

function write(output: BinaryWriter | CompactWriter, error: ServiceError): void {
  output.enterStruct();
  output.writeField(FIELD_MESSAGE);
  output.writeString(error.message);
  output.writeField(FIELD_TYPE);
  output.writeI32(TYPE_OF_CODE[error.code] ?? APPLICATION_EXCEPTION.internalError);
  output.writeField(FIELD_CODE);
  output.writeI32(NUMBER_OF_CODE[error.code]);
  output.writeField(FIELD_WORK_STARTED);
  output.writeByte(NUMBER_OF_WORK_STARTED[error.workStarted]);
  output.writeField(FIELD_RETRYABLE);
  output.writeBool(error.retryable);
  if (error.retryAfterMs !== undefined) {
    output.writeField(FIELD_RETRY_AFTER_MS);
    output.writeI32(Math.min(0x7fff_ffff, Math.ceil(error.retryAfterMs)));
  }
  output.writeStop();
  output.leaveStruct();
}

export const ApplicationExceptionCodec: Codec<ServiceError> = {
  type: TYPE.struct,
  readBinary: read,
  writeBinary: write,
  readCompact: read,
  writeCompact: write,
};
