/** ⑦ From answers to bytes: a result, an exception the IDL declares, or a failure. */
import { ServiceError, type WorkStarted } from "@holdfast/core";
import { ApplicationExceptionCodec, type BinaryWriter, fieldKey, MESSAGE } from "@holdfast/thrift";
import type { ProtocolName } from "../wire/framing.ts";
import { type MessageBody, MessageWriter } from "../wire/message-writer.ts";
import {
  INFO_NAME,
  patchFrameLength,
  writePlainTtHeader,
  writeSignalTtHeader,
} from "../wire/ttheader.ts";
import type { TurnWriter } from "../wire/turn-writer.ts";
import type { ServerCall } from "./server-call.ts";
import type { ServerConnection } from "./server-connection.ts";

/** Longer messages are cut: what says more belongs into the log. */
const MESSAGE_MAX_CHARACTERS = 2_000;

export interface ReplyWriterParts<Handler> {
  readonly options: { readonly frameMaxBytes: number };
  readonly onBadReply: (call: ServerCall<Handler>, error: unknown) => void;
}

export class ReplyWriter<Handler> {
  private readonly turn: TurnWriter;
  private readonly messages: MessageWriter;
  private readonly onBadReply: (call: ServerCall<Handler>, error: unknown) => void;

  constructor(turn: TurnWriter, parts: ReplyWriterParts<Handler>) {
    this.turn = turn;
    this.messages = new MessageWriter(parts.options.frameMaxBytes);
    this.onBadReply = parts.onBadReply;
  }

  writeResult(call: ServerCall<Handler>, reply: unknown): void {
    const { method, sequenceId } = call;
    const { result } = method.definition;
    if (result !== undefined && (reply === undefined || reply === null)) {
      return this.writeFailure(call, missingResult(method.definition.name));
    }
    try {
      this.write(call.connection, call.protocol, {
        type: MESSAGE.reply,
        name: method.nameBytes,
        sequenceId,
        key: method.resultKey,
        codec: result,
        value: reply,
      });
    } catch (error) {
      this.writeBadReply(call, error);
    }
  }

  writeFailure(call: ServerCall<Handler>, error: unknown): void {
    const { connection, method, protocol, sequenceId } = call;
    const declared = method.definition.exceptions.find((exception) => exception.is(error));
    if (declared !== undefined) {
      try {
        return this.write(connection, protocol, {
          type: MESSAGE.reply,
          name: method.nameBytes,
          sequenceId,
          key: fieldKey(declared.codec.type, declared.id),
          codec: declared.codec,
          value: error,
        });
      } catch (thrown) {
        return this.writeBadReply(call, thrown);
      }
    }
    const told = toldToCaller(ServiceError.from(error), call.begun);
    try {
      this.write(connection, protocol, failure(method.nameBytes, sequenceId, told));
    } catch {
      // A small limit on frames: the code is what matters.
      const { code, retryable, workStarted } = told;
      const bare = new ServiceError(code, "", { retryable, workStarted });
      this.write(connection, protocol, failure(method.nameBytes, sequenceId, bare));
    }
  }

  /** What the handler answered does not fit: a mistake of the service, or more than is allowed. */
  private writeBadReply(call: ServerCall<Handler>, thrown: unknown): void {
    this.onBadReply(call, thrown);
    const { code, message } = ServiceError.from(thrown);
    const { name } = call.method.definition;
    const { requestId } = call.context;
    const error =
      code === "too-large"
        ? new ServiceError(code, `the reply of ${name}: ${message}`, { workStarted: "yes" })
        : new ServiceError("internal", failedMessage(name, requestId), { workStarted: "yes" });
    this.writeFailure(call, error);
  }

  /** A call that never became one. */
  writeRefusal(
    connection: ServerConnection<Handler>,
    method: string,
    protocol: ProtocolName,
    sequenceId: number,
    error: ServiceError,
  ): void {
    const told = toldToCaller(error, false);
    this.write(connection, protocol, failure(Buffer.from(method), sequenceId, told));
  }

  /** A frame of its own, without a message, that says: use another connection. */
  writeGoAway(connection: ServerConnection<Handler>): void {
    const output = this.turn.outputOf(connection);
    const start = output.offset;
    writeSignalTtHeader(output, 0, INFO_NAME.goAway);
    patchFrameLength(output, start);
  }

  /** The same, saying what this server understands: a first call may be given up as well. */
  writeHears(connection: ServerConnection<Handler>): void {
    connection.saidHears = true;
    const output = this.turn.outputOf(connection);
    const start = output.offset;
    writeSignalTtHeader(output, 0, INFO_NAME.hears);
    patchFrameLength(output, start);
  }

  private write(
    connection: ServerConnection<Handler>,
    protocol: ProtocolName,
    body: MessageBody,
  ): void {
    const framing = connection.frames.framing!;
    const output = this.turn.outputOf(connection);
    this.messages.write(output, framing, protocol, body, writeHeader, connection);
    connection.saidHears = true;
  }
}

/** Plain, but for a word: what this server understands, and to leave for who hears it only so. */
function writeHeader(
  output: BinaryWriter,
  sequenceId: number,
  connection: { readonly saidHears: boolean; readonly goAwayInReplies: boolean },
): void {
  if (connection.goAwayInReplies) {
    return writeSignalTtHeader(output, sequenceId, INFO_NAME.goAway);
  }
  if (connection.saidHears) return writePlainTtHeader(output, sequenceId);
  writeSignalTtHeader(output, sequenceId, INFO_NAME.hears);
}

/** How a caller learns of a failure whose cause stands in the log. */
export function failedMessage(method: string, requestId: string): string {
  return `${method} failed; its request id in the log is ${requestId}`;
}

/**
 * The error as it goes over the wire: with what is known here of how far the work had got. An
 * error that a handler passes on from a service behind it may say "no" of that service.
 */
function toldToCaller(error: ServiceError, begun: boolean): ServiceError {
  const { code, message, retryable, retryAfterMs } = error;
  const workStarted = workStartedOf(error, begun);
  const sayable = retryAfterMs === undefined || retryAfterMs >= 0;
  if (workStarted === error.workStarted && message.length <= MESSAGE_MAX_CHARACTERS && sayable) {
    return error;
  }
  return new ServiceError(code, message.slice(0, MESSAGE_MAX_CHARACTERS), {
    retryable,
    workStarted,
    ...(retryAfterMs !== undefined && sayable ? { retryAfterMs } : {}),
  });
}

function workStartedOf({ workStarted }: ServiceError, begun: boolean): WorkStarted {
  if (!begun) return "no";
  return workStarted === "no" ? "maybe" : workStarted;
}

function failure(name: Uint8Array, sequenceId: number, error: ServiceError): MessageBody {
  return {
    type: MESSAGE.exception,
    name,
    sequenceId,
    key: 0,
    codec: ApplicationExceptionCodec,
    value: error,
  };
}

function missingResult(method: string): ServiceError {
  return new ServiceError("internal", `${method} returned nothing`, { workStarted: "yes" });
}
