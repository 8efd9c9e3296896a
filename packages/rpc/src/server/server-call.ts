/** One call on the server: what the filters see of it, and where its reply goes. */
import type { Context, Settler } from "@holdfast/core";
import type { ProtocolName } from "../wire/framing.ts";
import type { RequestPath } from "./request-path.ts";
import type { ServerConnection } from "./server-connection.ts";
import type { ServerMethod } from "./method-table.ts";

export class ServerCall<Handler = never> implements Settler<unknown> {
  readonly method: ServerMethod<Handler>;
  /** The arguments as one object, a property each. */
  readonly args: object;
  readonly context: Context;
  /** When its bytes arrived, on the clock's `nowMs()` scale. */
  readonly startMs: number;
  readonly sequenceId: number;
  readonly protocol: ProtocolName;
  readonly connection: ServerConnection<Handler>;
  /** Whether the handler has been called. */
  begun = false;
  /** Its entry in the call records; -1 before it has one. */
  recordTicket = -1;
  /** -1 until the outcome is known. */
  durationMs = -1;
  /** Neighbours in the connection's list of calls at work. */
  previous: ServerCall<Handler> | undefined = undefined;
  next: ServerCall<Handler> | undefined = undefined;

  private readonly path: RequestPath<Handler>;

  constructor(
    path: RequestPath<Handler>,
    connection: ServerConnection<Handler>,
    method: ServerMethod<Handler>,
    args: object,
    context: Context,
    startMs: number,
    sequenceId: number,
    protocol: ProtocolName,
  ) {
    this.path = path;
    this.connection = connection;
    this.method = method;
    this.args = args;
    this.context = context;
    this.startMs = startMs;
    this.sequenceId = sequenceId;
    this.protocol = protocol;
  }

  /** The peer's address. */
  get peer(): string {
    return this.connection.socket.remote;
  }

  succeed(reply: unknown): void {
    this.path.finish(this, reply, undefined);
  }

  fail(error: unknown): void {
    this.path.finish(this, undefined, error);
  }
}
