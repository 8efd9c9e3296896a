/**
 * The server's side of an SSH connection, from the accepted socket to its end:
 * ident → keys → login → sessions. Each phase takes its own messages and refuses all others.
 */
import type { Clock, Socket } from "holdfast";
import type { PrivateKey } from "../keys/private-key.ts";
import { DISCONNECT, SshError } from "../ssh-error.ts";
import type { CreateTransport, TransportInput } from "../transport/ssh-transport.ts";
import { ChannelTable } from "./channel-table.ts";
import type { SshConnectionOptions } from "./connection-options.ts";
import type { OutputMemory } from "./output-memory.ts";
import { GlobalRequests } from "./global-requests.ts";
import { PacketLink } from "./packet-link.ts";
import { ServerAuth } from "./server-auth.ts";
import { RefusedSession } from "./ssh-channel.ts";
import type { ServerConnectionHandler, SshConnection } from "./ssh-connection.ts";

export interface AcceptSsh extends Pick<TransportInput, "ident" | "algorithms"> {
  readonly socket: Socket;
  readonly clock: Clock;
  readonly hostKeys: readonly PrivateKey[];
  readonly options: SshConnectionOptions;
  readonly createTransport: CreateTransport;
  readonly memory: OutputMemory;
  /** See `LinkInput`. */
  readonly admit?: (() => Promise<boolean>) | undefined;
  /** Gets the connection before anything happens on it. */
  readonly handle: (connection: SshServerConnection) => ServerConnectionHandler;
}

export class SshServerConnection implements SshConnection {
  remoteIdent = "";
  private readonly link: PacketLink;
  private readonly auth: ServerAuth;
  private readonly channels: ChannelTable;
  private readonly globals: GlobalRequests;
  private readonly handler: ServerConnectionHandler;
  private keyed = false;

  constructor(input: AcceptSsh) {
    const { socket, clock, options, hostKeys, createTransport, ident } = input;
    this.link = new PacketLink({
      ...{ socket, clock, createTransport, ident, admit: input.admit, memory: input.memory },
      ...(input.algorithms !== undefined && { algorithms: input.algorithms }),
      role: { kind: "server", hostKeys },
      handler: {
        onIdent: (line) => this.onIdent(line),
        onReceived: () => this.handler.onReceived(),
        onKeys: (algorithms) => {
          const first = !this.keyed;
          this.keyed = true;
          this.handler.onKeys(algorithms, first);
        },
        onMessage: (payload) => this.onMessage(payload),
        onSendable: () => this.channels.onSendable(),
        onEnd: (end) => {
          this.auth.close();
          this.channels.end(end.error ?? new SshError(DISCONNECT.connectionLost, end.text));
          this.handler.onClose(end);
        },
      },
    });
    const { transport } = this.link;
    this.globals = new GlobalRequests(transport, clock, options.globalRequestsPerSecondMax);
    this.channels = new ChannelTable(this.link, options, (channel) =>
      this.globals.noMoreSessions
        ? new RefusedSession("the client said that it would open no more sessions")
        : this.handler.onSession(channel),
    );
    this.auth = new ServerAuth({
      ...{ transport, options },
      findIdentity: (user, key) => this.handler.findIdentity(user, key),
      onAuth: (attempt) => this.handler.onAuth(attempt),
      onAuthenticated: (identity) => this.handler.onAuthenticated(identity),
      disconnect: (reason, text) => this.link.disconnect(reason, text),
    });
    this.handler = input.handle(this);
  }

  get channelCount(): number {
    return this.channels.count;
  }

  get bytesIn(): number {
    return this.channels.bytesIn;
  }

  get bytesOut(): number {
    return this.channels.bytesOut;
  }

  /** Keys that did not do, so far. */
  get authFailureCount(): number {
    return this.auth.failureCount;
  }

  /** Login requests so far, offers included. */
  get authRequestCount(): number {
    return this.auth.requestCount;
  }

  get pendingBytes(): number {
    return this.link.pendingBytes;
  }

  get readingPaused(): boolean {
    return this.link.paused;
  }

  pauseReading(): void {
    this.link.pause();
  }

  resumeReading(): void {
    this.link.resume();
  }

  sendKeepalive(): void {
    this.globals.sendKeepalive();
  }

  disconnect(reason: number, text: string): void {
    this.link.disconnect(reason, text);
  }

  destroy(): void {
    this.link.destroy();
  }

  private onIdent(line: string): void {
    this.remoteIdent = line;
    this.handler.onIdent(line);
  }

  private onMessage(payload: Buffer): void {
    const number = payload[0]!;
    if (number < 80) return this.auth.onMessage(payload);
    if (!this.auth.authenticated) {
      throw new SshError(DISCONNECT.protocolError, `message ${number} before the login`);
    }
    if (number < 90) this.globals.onMessage(payload);
    else this.channels.onMessage(payload);
  }
}
