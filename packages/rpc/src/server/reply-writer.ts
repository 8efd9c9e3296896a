/** ⑦ From answers to bytes: a result, an exception the IDL declares, or a failure. */
import { ServiceError } from "@holdfast/core";
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

export class ReplyWriter<Handler> {
  private readonly turn: TurnWriter;
  private readonly messages: MessageWriter;

  constructor(turn: TurnWriter, frameMaxBytes: number) {
    this.turn = turn;
    this.messages = new MessageWriter(frameMaxBytes);
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
      this.writeFailure(call, error);
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
        // Its value does not fit its field: the caller hears that instead.
        return this.write(connection, protocol, failure(method.nameBytes, sequenceId, thrown));
      }
    }
    this.write(connection, protocol, failure(method.nameBytes, sequenceId, error));
  }

  /** A call that never became one. */
  writeRefusal(
    connection: ServerConnection<Handler>,
    method: string,
    protocol: ProtocolName,
    sequenceId: number,
    error: ServiceError,
  ): void {
    this.write(connection, protocol, failure(Buffer.from(method), sequenceId, error));
  }

  /** A frame of its own, without a message, that says: use another connection. */
  writeGoAway(connection: ServerConnection<Handler>): void {
    const output = this.turn.outputOf(connection);
    const start = output.offset;
    writeSignalTtHeader(output, 0, INFO_NAME.goAway);
    patchFrameLength(output, start);
  }

  private write(
    connection: ServerConnection<Handler>,
    protocol: ProtocolName,
    body: MessageBody,
  ): void {
    const framing = connection.frames.framing!;
    this.messages.write(this.turn.outputOf(connection), framing, protocol, body, (output) =>
      writeHeader(connection, output, body.sequenceId),
    );
  }
}

/** The first reply of a connection says what this server understands. */
function writeHeader<Handler>(
  connection: ServerConnection<Handler>,
  output: BinaryWriter,
  sequenceId: number,
): void {
  if (connection.saidHears) return writePlainTtHeader(output, sequenceId);
  connection.saidHears = true;
  writeSignalTtHeader(output, sequenceId, INFO_NAME.hears);
}

function failure(name: Uint8Array, sequenceId: number, error: unknown): MessageBody {
  return {
    type: MESSAGE.exception,
    name,
    sequenceId,
    key: 0,
    codec: ApplicationExceptionCodec,
    value: ServiceError.from(error),
  };
}

function missingResult(method: string): ServiceError {
  return new ServiceError("internal", `${method} returned nothing`, { workStarted: "yes" });
}
