/** The client's side of an SSH connection: dials a backend, checks its key, logs in. */
import type { Clock, Socket } from "holdfast";
import type { PrivateKey } from "../keys/private-key.ts";
import type { PublicKey } from "../keys/public-key.ts";
import { DISCONNECT, SshError } from "../ssh-error.ts";
import type { CreateTransport, TransportInput } from "../transport/ssh-transport.ts";
import { ChannelTable } from "./channel-table.ts";
import { ClientAuth } from "./client-auth.ts";
import type { SshConnectionOptions } from "./connection-options.ts";
import type { OutputMemory } from "./output-memory.ts";
import { GlobalRequests } from "./global-requests.ts";
import { PacketLink } from "./packet-link.ts";
import type { ChannelHandler, SshChannel } from "./ssh-channel.ts";
import type { ConnectionEnd, SshClientConnection } from "./ssh-connection.ts";

export interface LoginSsh extends Pick<TransportInput, "ident" | "algorithms"> {
  /** Connected, and not started. */
  readonly socket: Socket;
  readonly clock: Clock;
  readonly user: string;
  readonly keys: readonly PrivateKey[];
  readonly acceptHostKey: (key: PublicKey) => boolean;
  readonly options: SshConnectionOptions;
  readonly createTransport: CreateTransport;
  readonly memory: OutputMemory;
  /** Bytes came. */
  readonly onReceived?: () => void;
}

/**
 * Logs in on a connected socket. Rejects with an SshError that says why not; the socket is closed
 * then. The time that it may take is the caller's to limit: `abort` ends it.
 */
export function loginSsh(input: LoginSsh): {
  readonly connection: Promise<SshClientConnection>;
  readonly abort: (text: string) => void;
} {
  const { promise, resolve, reject } = Promise.withResolvers<SshClientConnection>();
  const connection = new ClientConnection(input, resolve, reject);
  return { connection: promise, abort: (text) => connection.abort(text) };
}

class ClientConnection implements SshClientConnection {
  remoteIdent = "";
  readonly ended: Promise<ConnectionEnd>;
  private readonly link: PacketLink;
  private readonly auth: ClientAuth;
  private readonly channels: ChannelTable;
  private readonly globals: GlobalRequests;
  private keyed = false;
  private authenticated = false;
  private failure: SshError | undefined = undefined;

  constructor(
    input: LoginSsh,
    resolve: (connection: SshClientConnection) => void,
    reject: (error: SshError) => void,
  ) {
    const { socket, clock, options, createTransport, ident, acceptHostKey } = input;
    const { promise, resolve: end } = Promise.withResolvers<ConnectionEnd>();
    this.ended = promise;
    this.link = new PacketLink({
      ...{ socket, clock, createTransport, ident, memory: input.memory },
      ...(input.algorithms !== undefined && { algorithms: input.algorithms }),
      role: { kind: "client", acceptHostKey },
      handler: {
        onIdent: (line) => (this.remoteIdent = line),
        onReceived: () => input.onReceived?.(),
        onKeys: () => this.onKeys(),
        onMessage: (payload) => this.onMessage(payload),
        onSendable: () => this.channels.onSendable(),
        onEnd: (ending) => {
          const lost = ending.text === "" ? "it closed the connection" : ending.text;
          const error = ending.error ?? this.failure;
          const reason = error ?? new SshError(DISCONNECT.connectionLost, lost);
          this.channels.end(reason);
          reject(reason);
          end(ending);
        },
      },
    });
    const { transport } = this.link;
    this.globals = new GlobalRequests(transport, clock, options.globalRequestsPerSecondMax);
    this.channels = new ChannelTable(this.link, options);
    this.auth = new ClientAuth({
      ...{ transport, user: input.user, keys: input.keys },
      onAuthenticated: () => {
        this.authenticated = true;
        resolve(this);
      },
    });
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

  get pendingBytes(): number {
    return this.link.pendingBytes;
  }

  get readingPaused(): boolean {
    return this.link.paused;
  }

  openSession(handler: ChannelHandler, initialGrantBytes: number): Promise<SshChannel> {
    return this.channels.open(handler, initialGrantBytes);
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

  abort(text: string): void {
    this.failure ??= new SshError(DISCONNECT.byApplication, text);
    this.link.disconnect(DISCONNECT.byApplication, text);
  }

  private onKeys(): void {
    if (this.keyed) return;
    this.keyed = true;
    this.auth.start();
  }

  private onMessage(payload: Buffer): void {
    const number = payload[0]!;
    if (number < 80) return this.auth.onMessage(payload);
    if (!this.authenticated) {
      // OpenSSH's servers announce their other host keys before the login ends.
      if (number >= 90) {
        throw new SshError(DISCONNECT.protocolError, `message ${number} before the login`);
      }
      return undefined;
    }
    if (number < 90) return this.globals.onMessage(payload);
    return this.channels.onMessage(payload);
  }
}
