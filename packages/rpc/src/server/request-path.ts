/**
 * The path of one request, top to bottom:
 *
 *   ① socket → ② frame → ③ decode → ④ filters in → ⑤ handler → ⑥ filters out → ⑦ encode → ⑧ socket
 *
 * Read this file first; each step names the file that does it. ARCHITECTURE.md has the same
 * numbers, with the exit that an error takes at each.
 */
import {
  CancelScope,
  Context,
  type DirectService,
  PRIORITY,
  priorityKey,
  type RequestIds,
  retriesKey,
  type Runtime,
  ServiceError,
} from "@holdfast/core";
import {
  BinaryReader,
  type Bytes,
  bytesOf,
  CompactReader,
  emptyMessageHeader,
  MESSAGE,
  readBinaryHeader,
  readCompactHeader,
} from "@holdfast/thrift";
import { type ProtocolName, sniffProtocol } from "../wire/framing.ts";
import { ChunkView } from "../wire/frame-reader.ts";
import { readTtHeader, type TtHeader } from "../wire/ttheader.ts";
import type { MethodTable } from "./method-table.ts";
import type { ServerOptions } from "./options.ts";
import { TurnWriter } from "../wire/turn-writer.ts";
import { ReplyWriter } from "./reply-writer.ts";
import { ServerCall } from "./server-call.ts";
import type { ServerConnection } from "./server-connection.ts";

export interface RequestPathParts<Handler> {
  readonly runtime: Runtime;
  readonly options: ServerOptions;
  readonly requestIds: RequestIds;
  readonly methods: MethodTable<Handler>;
  /** ④ ⑤ ⑥ The stack of filters over the handler: server-stack.ts, dispatch.ts. */
  readonly service: DirectService<ServerCall<Handler>, unknown>;
  /** A call that never reached the filters. */
  readonly onRefusedCall: (peer: string, method: string, error: ServiceError) => void;
  /** Somebody may wait for the last one. */
  readonly onCallEnded: () => void;
  /** A handler's answer that cannot be written; the caller hears of it by the request id. */
  readonly onBadReply: (call: ServerCall<Handler>, error: unknown) => void;
  /** A connection that is closed because of what came over it, or did not come. */
  readonly onRefusedConnection: (peer: string, error: ServiceError) => void;
  readonly onForgotten: (connection: ServerConnection<Handler>) => void;
}

export class RequestPath<Handler> {
  readonly chunkView = new ChunkView();
  /** ⑧ Sends what the connections have when the turn is over. */
  readonly turn: TurnWriter;
  private readonly parts: RequestPathParts<Handler>;
  private readonly replies: ReplyWriter<Handler>;
  private readonly binary = new BinaryReader(EMPTY);
  private readonly compact = new CompactReader(EMPTY);
  private readonly message = emptyMessageHeader();
  /** Peers are told to use another connection, with their first word if need be. */
  private goingAway = false;

  constructor(parts: RequestPathParts<Handler>) {
    this.parts = parts;
    this.turn = new TurnWriter(parts.runtime.clock);
    this.replies = new ReplyWriter(this.turn, parts);
  }

  /** ① → ② Bytes have come: every whole frame among them is served. False: read no more. */
  receive(connection: ServerConnection<Handler>, chunk: Uint8Array, nowMs: number): boolean {
    return connection.frames.read(chunk, (bytes, start, end) =>
      this.serveFrame(connection, bytes, start, end, nowMs, 0),
    );
  }

  /** ② The same for frames that were left when the connection had no room. */
  receivePending(connection: ServerConnection<Handler>): boolean {
    // They had all come by then, and their time has passed since.
    const arrivedMs = connection.lastByteMs;
    const waitedMs = this.parts.runtime.clock.nowMs() - arrivedMs;
    return connection.frames.readPending((bytes, start, end) =>
      this.serveFrame(connection, bytes, start, end, arrivedMs, waitedMs),
    );
  }

  /** ② → ③ One frame: what travels with the call, then the head of the message. */
  private serveFrame(
    connection: ServerConnection<Handler>,
    bytes: Bytes,
    start: number,
    end: number,
    arrivedMs: number,
    waitedMs: number,
  ): boolean {
    const { framing, header } = { framing: connection.frames.framing, header: connection.header };
    let at = start;
    if (framing === "ttheader") {
      this.binary.reset(bytes, start, end);
      readTtHeader(this.binary, header);
      at = this.binary.offset;
      if (header.hearsGoAway && !connection.hearsGoAway) {
        connection.hearsGoAway = true;
        // Whoever understands one word of ours in a frame of its own understands this one.
        if (!connection.saidHears) this.replies.writeHears(connection);
      }
      if (this.goingAway) this.sayGoAwayOnce(connection);
      if (header.cancel) return this.cancelCall(connection);
      // Kitex may put a framed message inside.
      if (end - at > 8 && bytes.view.getUint32(at) === end - at - 4) at += 4;
    } else if (framing === "framed") at += 4;
    if (end - at < 1) throw new ServiceError("protocol", "a frame without a message");
    const protocol = sniffProtocol(bytes.view, at);
    if (protocol === "compact") {
      this.compact.reset(bytes, at, end);
      readCompactHeader(this.compact, this.message);
    } else {
      this.binary.reset(bytes, at, end);
      readBinaryHeader(this.binary, this.message);
    }
    this.serveMessage(connection, bytes, protocol, arrivedMs, waitedMs);
    return connection.hasRoom;
  }

  /** ③ Which method; whether the call is still worth its arguments; the arguments. */
  private serveMessage(
    connection: ServerConnection<Handler>,
    bytes: Bytes,
    protocol: ProtocolName,
    arrivedMs: number,
    waitedMs: number,
  ): void {
    const { type, sequenceId, nameStart, nameEnd } = this.message;
    const method = this.parts.methods.find(bytes.buffer, nameStart, nameEnd);
    if (method === undefined || (type !== MESSAGE.call && type !== MESSAGE.oneway)) {
      const name = bytes.buffer.utf8Slice(nameStart, nameEnd);
      return this.refuse(connection, name, protocol, noSuchCall(name, type));
    }
    const { header } = connection;
    const hasHeader = connection.frames.framing === "ttheader";
    const allowedMs = this.parts.options.callTimeoutMs;
    const timeoutMs = hasHeader && header.timeoutMs < allowedMs ? header.timeoutMs : allowedMs;
    if (timeoutMs <= waitedMs) {
      return this.refuse(connection, method.definition.name, protocol, tooLate());
    }
    let args: object;
    try {
      args =
        protocol === "binary"
          ? method.definition.arguments.readBinary(this.binary)
          : method.definition.arguments.readCompact(this.compact);
    } catch (error) {
      return this.refuse(connection, method.definition.name, protocol, ServiceError.from(error));
    }
    const scope = new CancelScope(this.parts.runtime.clock, arrivedMs + timeoutMs, undefined);
    const id = hasHeader && header.logId !== "" ? header.logId : this.parts.requestIds.next();
    const caller = hasHeader ? header.fromService : "";
    const unmarked = new Context(scope, caller, this.parts.requestIds, id, undefined);
    const context = hasHeader ? withMarks(unmarked, header) : unmarked;
    const call = new ServerCall(
      this,
      connection,
      method,
      args,
      context,
      arrivedMs,
      sequenceId,
      protocol,
    );
    connection.addCall(call);
    // ④ ⑤ ⑥ Down the filters to the handler and up again; the call itself hears how it ended.
    this.parts.service(context, call, call);
  }

  /** ⑥ → ⑦ The call has an answer: encode it where the other answers of this turn stand. */
  finish(call: ServerCall<Handler>, reply: unknown, error: unknown): void {
    const { connection } = call;
    // Whoever still listens would hear of a deadline that means nothing any more.
    call.context.scope.close();
    if (!connection.closed && !call.method.definition.oneway) this.answer(call, reply, error);
    // Only now: a connection that waits for its last reply to end must see that there is one.
    connection.removeCall(call);
    this.parts.onCallEnded();
  }

  private answer(call: ServerCall<Handler>, reply: unknown, error: unknown): void {
    try {
      if (error === undefined) this.replies.writeResult(call, reply);
      else this.replies.writeFailure(call, error);
    } catch (thrown) {
      // Not even the failure could be written: without its reply the connection is of no use.
      call.connection.close(ServiceError.from(thrown));
    }
  }

  /** A call that ends before the filters; the connection goes on. */
  private refuse(
    connection: ServerConnection<Handler>,
    method: string,
    protocol: ProtocolName,
    error: ServiceError,
  ): void {
    this.parts.onRefusedCall(connection.socket.remote, method, error);
    if (this.message.type === MESSAGE.oneway) return;
    this.replies.writeRefusal(connection, method, protocol, this.message.sequenceId, error);
  }

  /** The caller does not wait any more: whoever works on it is told. */
  private cancelCall(connection: ServerConnection<Handler>): boolean {
    const call = connection.findCall(connection.header.sequenceId);
    call?.context.scope.cancel(new ServiceError("cancelled", "the caller gave the call up"));
    return true;
  }

  /** What came is no Thrift, or did not come in time: the connection cannot go on. */
  refuseConnection(connection: ServerConnection<Handler>, error: ServiceError): void {
    this.parts.onRefusedConnection(connection.socket.remote, error);
  }

  /** Tells all peers that understand it, and those still to be heard, to leave. */
  sayGoAway(connections: Iterable<ServerConnection<Handler>>): void {
    this.goingAway = true;
    for (const connection of connections) {
      if (connection.frames.framing === "ttheader") this.sayGoAwayOnce(connection);
    }
  }

  private sayGoAwayOnce(connection: ServerConnection<Handler>): void {
    if (connection.saidGoAway) return;
    connection.saidGoAway = true;
    if (connection.hearsGoAway) this.replies.writeGoAway(connection);
    else connection.goAwayInReplies = true;
  }

  forget(connection: ServerConnection<Handler>): void {
    this.parts.onForgotten(connection);
  }
}

const EMPTY = bytesOf(new Uint8Array(0));

/** What the caller said of the call beside its time; goes on with the calls that it leads to. */
function withMarks(context: Context, { retries, priority }: TtHeader): Context {
  const counted = retries > 0 ? context.withValue(retriesKey, retries) : context;
  return priority === PRIORITY.normal ? counted : counted.withValue(priorityKey, priority);
}

function noSuchCall(name: string, type: number): ServiceError {
  return type === MESSAGE.call || type === MESSAGE.oneway
    ? new ServiceError("not-found", `the service has no method ${name}`, { workStarted: "no" })
    : new ServiceError("protocol", `message type ${type} is not a call`, { workStarted: "no" });
}

function tooLate(): ServiceError {
  const message = "the time allowed for the call had run out before it was read";
  return new ServiceError("deadline-exceeded", message, { workStarted: "no" });
}
