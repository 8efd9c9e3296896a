/**
 * The path of one call, the mirror of request-path.ts: down the client's filters (④ client-stack),
 * onto a connection (pool), ⑦ encoded, ⑧ sent; and its reply ① received, ② framed, ③ decoded,
 * up the filters (⑥) to whoever called.
 */
import { type Clock, priorityKey, retriesKey, ServiceError } from "@holdfast/core";
import {
  ApplicationExceptionCodec,
  BinaryReader,
  type BinaryWriter,
  type Bytes,
  bytesOf,
  CompactReader,
  emptyMessageHeader,
  fieldKey,
  MESSAGE,
  protocolError,
  readBinaryHeader,
  readCompactHeader,
} from "@holdfast/thrift";
import { type ProtocolName, sniffProtocol } from "../wire/framing.ts";
import { ChunkView } from "../wire/frame-reader.ts";
import { MessageWriter } from "../wire/message-writer.ts";
import {
  INFO_NAME,
  patchFrameLength,
  readTtHeader,
  writeCallTtHeader,
  writeSignalTtHeader,
} from "../wire/ttheader.ts";
import { TurnWriter } from "../wire/turn-writer.ts";
import type { ClientConnection } from "./client-connection.ts";
import type { ClientMethod, Try } from "./client-call.ts";
import type { ClientOptions } from "./options.ts";

export class CallPath {
  readonly turn: TurnWriter;
  readonly chunkView = new ChunkView();
  private readonly options: ClientOptions;
  private readonly messages: MessageWriter;
  private readonly binary = new BinaryReader(EMPTY);
  private readonly compact = new CompactReader(EMPTY);
  private readonly message = emptyMessageHeader();

  constructor(clock: Clock, options: ClientOptions) {
    this.options = options;
    this.turn = new TurnWriter(clock);
    this.messages = new MessageWriter(options.frameMaxBytes);
  }

  /** ⑦ Encodes the try behind what this connection sends in this turn. */
  send(connection: ClientConnection, attempt: Try): void {
    const { method, args } = attempt.call;
    const { definition, nameBytes } = method;
    const timeoutMs = attempt.context.remainingMs();
    if (timeoutMs <= 0) {
      attempt.fail(tooLate());
      return;
    }
    connection.take(attempt);
    attempt.timeoutMs = timeoutMs;
    const { sequenceId } = attempt;
    const body = {
      type: definition.oneway ? MESSAGE.oneway : MESSAGE.call,
      name: nameBytes,
      sequenceId,
      key: 0,
      codec: definition.arguments,
      value: args,
    };
    try {
      const { framing, protocol } = this.options;
      const output = this.turn.outputOf(connection);
      this.messages.write(output, framing, protocol, body, writeCallHeader, attempt);
    } catch (error) {
      connection.tries.take(sequenceId);
      attempt.fail(unfit(definition.name, error));
      return;
    }
    if (definition.oneway) {
      connection.tries.take(sequenceId);
      attempt.succeed(undefined);
    } else attempt.scope.listen(attempt);
  }

  /** Tells the server that nobody waits for this reply. */
  sendCancel(connection: ClientConnection, sequenceId: number): void {
    const output = this.turn.outputOf(connection);
    const start = output.offset;
    writeSignalTtHeader(output, sequenceId, INFO_NAME.cancel);
    patchFrameLength(output, start);
  }

  /** ① → ② Bytes have come. */
  receive(connection: ClientConnection, chunk: Uint8Array): void {
    connection.frames.read(chunk, (bytes, start, end) => {
      this.receiveFrame(connection, bytes, start, end);
      return true;
    });
  }

  /** ② → ③ One frame: what the server says beside the reply, then the reply's head. */
  private receiveFrame(
    connection: ClientConnection,
    bytes: Bytes,
    start: number,
    end: number,
  ): void {
    const { framing } = this.options;
    let at = start;
    if (framing === "ttheader") {
      this.binary.reset(bytes, start, end);
      readTtHeader(this.binary, connection.header);
      at = this.binary.offset;
      if (connection.header.hears) connection.hearsCancel = true;
      if (connection.header.goAway) connection.leave();
      if (at === end) return;
      if (end - at > 8 && bytes.view.getUint32(at) === end - at - 4) at += 4;
    } else if (framing === "framed") at += 4;
    const protocol = sniffProtocol(bytes.view, at);
    if (protocol === "compact") {
      this.compact.reset(bytes, at, end);
      readCompactHeader(this.compact, this.message);
    } else {
      this.binary.reset(bytes, at, end);
      readBinaryHeader(this.binary, this.message);
    }
    this.settle(connection, protocol);
  }

  /** ③ → ⑥ The reply finds its try, which settles. */
  private settle(connection: ClientConnection, protocol: ProtocolName): void {
    const attempt = connection.tries.take(this.message.sequenceId);
    // Given up meanwhile, or a reply that nobody asked for.
    if (attempt === undefined) return connection.countLateReply();
    attempt.scope.unlisten(attempt);
    const answer = this.readAnswer(attempt.call.method, protocol);
    if (!answer.failed) attempt.succeed(answer.value);
    else if (isRefusalToMove(answer.value)) this.move(connection, attempt, answer.value);
    else attempt.failAnswered(answer.value);
    connection.endWhenDone();
  }

  private readAnswer(method: ClientMethod, protocol: ProtocolName): Answer {
    const { type, nameStart, nameEnd } = this.message;
    const input = protocol === "binary" ? this.binary : this.compact;
    try {
      if (type === MESSAGE.exception) return { failed: true, value: this.readFailure(protocol) };
      if (type !== MESSAGE.reply) throw protocolError(`message type ${type} is no reply`);
      if (!sameName(method.nameBytes, input.buffer, nameStart, nameEnd)) {
        const name = input.buffer.utf8Slice(nameStart, nameEnd);
        throw protocolError(`the reply is to ${name}, not to ${method.definition.name}`);
      }
      return this.readResult(method, protocol);
    } catch (error) {
      return { failed: true, value: unreadable(method.definition.name, error) };
    }
  }

  /** The result struct has one field: the result, or an exception that the IDL declares. */
  private readResult(method: ClientMethod, protocol: ProtocolName): Answer {
    const { result, exceptions, name } = method.definition;
    const input = protocol === "binary" ? this.binary : this.compact;
    let value: unknown;
    let seen = result === undefined;
    input.enterStruct();
    for (let key = input.readField(); key !== 0; key = input.readField()) {
      const codec =
        key === method.resultKey && result !== undefined
          ? result
          : exceptions.find(({ id, codec: { type } }) => fieldKey(type, id) === key)?.codec;
      if (codec === undefined) {
        input.skipField(key);
        continue;
      }
      const read =
        protocol === "binary" ? codec.readBinary(this.binary) : codec.readCompact(this.compact);
      if (codec !== result) return { failed: true, value: read };
      value = read;
      seen = true;
    }
    input.leaveStruct();
    if (!seen) throw protocolError(`the reply to ${name} has no result`);
    return { failed: false, value };
  }

  private readFailure(protocol: ProtocolName): ServiceError {
    return protocol === "binary"
      ? ApplicationExceptionCodec.readBinary(this.binary)
      : ApplicationExceptionCodec.readCompact(this.compact);
  }

  /** The server goes away and has not begun: another connection may have the try. */
  private move(connection: ClientConnection, attempt: Try, refusal: ServiceError): void {
    connection.leave();
    // Each connection of the pool may be on its way out, and one more that was just made.
    if (attempt.moves > this.options.connectionsMax) {
      attempt.failAnswered(refusal);
      return;
    }
    attempt.moves++;
    connection.owner.onMoved(attempt);
  }
}

/** What a reply holds: the result, or what the call failed with. */
interface Answer {
  readonly failed: boolean;
  readonly value: unknown;
}

function isRefusalToMove(error: unknown): error is ServiceError {
  return error instanceof ServiceError && error.code === "draining" && error.workStarted === "no";
}

/** Nothing was sent: the arguments are not what the IDL says, or too large. */
function unfit(method: string, thrown: unknown): ServiceError {
  const { code, message } = ServiceError.from(thrown);
  const isOurs = thrown instanceof ServiceError;
  return new ServiceError(
    isOurs ? code : "invalid",
    isOurs ? message : `the arguments of ${method} do not fit: ${message}`,
    { cause: thrown, workStarted: "no" },
  );
}

/** A reply came, so the work was done; only what it came to is not known. */
function unreadable(method: string, thrown: unknown): ServiceError {
  const { code, message } = ServiceError.from(thrown);
  return new ServiceError(
    code === "internal" ? "protocol" : code,
    `the reply to ${method}: ${message}`,
    { cause: thrown, workStarted: "yes" },
  );
}

function tooLate(): ServiceError {
  return new ServiceError("deadline-exceeded", "the time allowed for the call ran out unsent", {
    workStarted: "no",
  });
}

const EMPTY = bytesOf(new Uint8Array(0));

/** What travels with the call: whose it is, how much of its time is left, how much it matters. */
function writeCallHeader(output: BinaryWriter, sequenceId: number, attempt: Try): void {
  const { context, call, timeoutMs } = attempt;
  writeCallTtHeader(output, {
    sequenceId,
    logId: context.requestId,
    timeoutMs,
    fixed: call.method.fixedInfo,
    retries: context.get(retriesKey),
    priority: context.get(priorityKey),
  });
}

function sameName(name: Uint8Array, bytes: Uint8Array, start: number, end: number): boolean {
  if (name.length !== end - start) return false;
  for (let index = 0; index < name.length; index++) {
    if (name[index] !== bytes[start + index]) return false;
  }
  return true;
}
