/**
 * ⑦ ⑧ From answers to bytes. All answers that a connection gets in one turn of the event loop
 * stand in one buffer, one behind the other, and leave in one write when the turn is over.
 */
import { type Clock, ServiceError } from "@holdfast/core";
import {
  ApplicationExceptionCodec,
  BinaryReader,
  BinaryWriter,
  type Codec,
  CompactWriter,
  EncodedValue,
  type ExceptionDefinition,
  MESSAGE,
  type MessageType,
  fieldKey,
  bytesOf,
  writeBinaryHeader,
  writeCompactHeader,
} from "@holdfast/thrift";
import type { ProtocolName } from "../wire/framing.ts";
import {
  INFO_NAME,
  patchFrameLength,
  writePlainTtHeader,
  writeSignalTtHeader,
} from "../wire/ttheader.ts";
import type { ServerCall } from "./server-call.ts";
import type { ServerConnection } from "./server-connection.ts";

/** Buffers kept for the next turn, and how large one may be to be kept. */
const SPARE_MAX = 256;
const SPARE_MAX_BYTES = 256 * 1024;

const APPLICATION_EXCEPTION_TYPE = MESSAGE.exception;

/** What stands in a reply: one field of the result struct, or an application exception. */
interface Body {
  readonly type: MessageType;
  /** 0: the codec writes the whole struct itself. */
  readonly key: number;
  readonly codec: Codec<unknown> | undefined;
  readonly value: unknown;
}

export class ReplyWriter<Handler> {
  private readonly clock: Clock;
  private readonly frameMaxBytes: number;
  private readonly spare: BinaryWriter[] = [];
  private readonly compact = new CompactWriter();
  private readonly scratch = new BinaryWriter();
  /** Connections with something to send at the end of this turn. */
  private dirty: ServerConnection<Handler>[] = [];
  private readonly flushAll = (): void => this.flush();

  constructor(clock: Clock, frameMaxBytes: number) {
    this.clock = clock;
    this.frameMaxBytes = frameMaxBytes;
  }

  writeResult(call: ServerCall<Handler>, reply: unknown): void {
    const { definition, resultKey } = call.method;
    const { result } = definition;
    if (result !== undefined && (reply === undefined || reply === null)) {
      return this.writeFailure(call, missingResult(definition.name));
    }
    const body = { type: MESSAGE.reply, key: resultKey, codec: result, value: reply };
    try {
      this.write(call.connection, call.method.nameBytes, call.protocol, call.sequenceId, body);
    } catch (error) {
      this.writeFailure(call, ServiceError.from(error));
    }
  }

  writeFailure(call: ServerCall<Handler>, error: unknown): void {
    const declared = call.method.definition.exceptions.find((exception) => exception.is(error));
    const body = declared === undefined ? failure(error) : exceptionBody(declared, error);
    const { connection, method, protocol, sequenceId } = call;
    try {
      this.write(connection, method.nameBytes, protocol, sequenceId, body);
    } catch (thrown) {
      // A declared exception with a value that does not fit its field, at worst.
      this.write(connection, method.nameBytes, protocol, sequenceId, failure(thrown));
    }
  }

  writeRefusal(
    connection: ServerConnection<Handler>,
    method: string,
    protocol: ProtocolName,
    sequenceId: number,
    error: ServiceError,
  ): void {
    this.write(connection, Buffer.from(method), protocol, sequenceId, failure(error));
  }

  writeGoAway(connection: ServerConnection<Handler>): void {
    const output = this.outputOf(connection);
    const start = output.offset;
    writeSignalTtHeader(output, 0, INFO_NAME.goAway);
    patchFrameLength(output, start);
  }

  giveBack(output: BinaryWriter): void {
    output.offset = 0;
    const keep = this.spare.length < SPARE_MAX && output.buffer.length <= SPARE_MAX_BYTES;
    if (keep) this.spare.push(output);
  }

  /** One message in its frame; nothing of it stays when it cannot be written whole. */
  private write(
    connection: ServerConnection<Handler>,
    name: Uint8Array,
    protocol: ProtocolName,
    sequenceId: number,
    body: Body,
  ): void {
    const output = this.outputOf(connection);
    const start = output.offset;
    const { framing } = connection.frames;
    try {
      if (framing === "ttheader") this.writeHeader(connection, output, sequenceId);
      else if (framing === "framed") {
        output.reserve(4);
        output.offset += 4;
      }
      if (protocol === "binary") writeBinaryMessage(output, name, sequenceId, body);
      else this.writeCompactMessage(output, name, sequenceId, body);
      if (output.offset - start > this.frameMaxBytes) throw this.tooLarge(output.offset - start);
      if (framing !== "buffered") patchFrameLength(output, start);
    } catch (error) {
      output.offset = start;
      throw error;
    }
  }

  private writeHeader(
    connection: ServerConnection<Handler>,
    output: BinaryWriter,
    sequenceId: number,
  ): void {
    if (connection.saidHears) writePlainTtHeader(output, sequenceId);
    else {
      connection.saidHears = true;
      writeSignalTtHeader(output, sequenceId, INFO_NAME.hears);
    }
  }

  private writeCompactMessage(
    output: BinaryWriter,
    name: Uint8Array,
    sequenceId: number,
    body: Body,
  ): void {
    const { compact } = this;
    compact.reset();
    writeCompactHeader(compact, body.type, name, sequenceId);
    const { codec, key } = body;
    const value = this.decoded(codec, body.value);
    if (key === 0) codec?.writeCompact(compact, value);
    else {
      compact.enterStruct();
      compact.writeField(key);
      codec?.writeCompact(compact, value);
      compact.writeStop();
      compact.leaveStruct();
    }
    if (codec === undefined) compact.writeStop();
    output.writeRaw(compact.buffer, 0, compact.offset);
  }

  /** What a handler left in Binary is read once more for a peer that speaks Compact. */
  private decoded(codec: Codec<unknown> | undefined, value: unknown): unknown {
    if (!(value instanceof EncodedValue) || codec === undefined) return value;
    this.scratch.offset = 0;
    value.write(this.scratch);
    const bytes = bytesOf(this.scratch.buffer.subarray(0, this.scratch.offset));
    return codec.readBinary(new BinaryReader(bytes));
  }

  private outputOf(connection: ServerConnection<Handler>): BinaryWriter {
    if (connection.output !== undefined) return connection.output;
    const output = this.spare.pop() ?? new BinaryWriter();
    connection.output = output;
    if (this.dirty.length === 0) this.clock.afterTurn(this.flushAll);
    this.dirty.push(connection);
    return output;
  }

  /** ⑧ */
  private flush(): void {
    const { dirty } = this;
    this.dirty = [];
    for (const connection of dirty) connection.flush();
  }

  private tooLarge(size: number): ServiceError {
    const message = `the reply has ${size} bytes, at most ${this.frameMaxBytes} are allowed`;
    return new ServiceError("too-large", message, { workStarted: "yes" });
  }
}

function writeBinaryMessage(
  output: BinaryWriter,
  name: Uint8Array,
  sequenceId: number,
  body: Body,
): void {
  writeBinaryHeader(output, body.type, name, sequenceId);
  const { codec, key, value } = body;
  if (codec !== undefined) {
    if (key !== 0) output.writeField(key);
    if (value instanceof EncodedValue) value.write(output);
    else codec.writeBinary(output, value);
    if (key === 0) return;
  }
  output.writeStop();
}

function failure(error: unknown): Body {
  const value = ServiceError.from(error);
  return { type: APPLICATION_EXCEPTION_TYPE, key: 0, codec: ApplicationExceptionCodec, value };
}

function exceptionBody(declared: ExceptionDefinition, value: unknown): Body {
  const key = fieldKey(declared.codec.type, declared.id);
  return { type: MESSAGE.reply, key, codec: declared.codec, value };
}

function missingResult(method: string): ServiceError {
  return new ServiceError("internal", `${method} returned nothing`, { workStarted: "yes" });
}
