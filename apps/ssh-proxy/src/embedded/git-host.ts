/**
 * The embedded backend: an SSH server on the loopback that runs the system's own git (and hg, where
 * it is installed) on repositories below one folder. It takes the proxy's key and nobody else's.
 */
import { join } from "node:path";
import {
  type Address,
  type Clock,
  formatAddress,
  type LifecyclePart,
  type Listener,
  type Network,
  type Socket,
} from "holdfast";
import { type Command } from "../command/command.ts";
import { parseGitProtocol } from "../command/git-protocol.ts";
import { isRefusal, parseCommand } from "../command/parse-command.ts";
import { completeSshConnectionOptions } from "../ssh/connection/connection-options.ts";
import type { OutputMemory } from "../ssh/connection/output-memory.ts";
import { SshServerConnection } from "../ssh/connection/server-connection.ts";
import type { ChannelHandler, SshChannel } from "../ssh/connection/ssh-channel.ts";
import type { AuthAnswer, ServerConnectionHandler } from "../ssh/connection/ssh-connection.ts";
import type { PrivateKey } from "../ssh/keys/private-key.ts";
import type { PublicKey } from "../ssh/keys/public-key.ts";
import { MessageReader } from "../ssh/message-reader.ts";
import { DISCONNECT } from "../ssh/ssh-error.ts";
import type { CreateTransport } from "../ssh/transport/ssh-transport.ts";
import { HostedCommand } from "./hosted-command.ts";

export interface GitHostParts {
  readonly clock: Clock;
  readonly network: Network;
  readonly createTransport: CreateTransport;
  readonly memory: OutputMemory;
  /** The folder with the bare repositories. */
  readonly root: string;
  readonly hostKey: PrivateKey;
  /** The only key that may log in. */
  readonly clientKey: PublicKey;
  /** What git and hg get to see of the environment; PATH must be among it. */
  readonly environment: Readonly<Record<string, string>>;
}

const OPTIONS = completeSshConnectionOptions({ initialGrantBytes: 65_536 });
const NOT_HERE = 127;

export class GitHost implements LifecyclePart {
  readonly name = "embedded backend";
  private readonly parts: GitHostParts;
  private readonly connections = new Set<SshServerConnection>();
  private listener: Listener | undefined = undefined;

  constructor(parts: GitHostParts) {
    this.parts = parts;
  }

  /** Such as `127.0.0.1:40123`; after the start. */
  get address(): string {
    return formatAddress(this.listener!.address);
  }

  async start(): Promise<void> {
    const anyPort: Address = { kind: "tcp", host: "127.0.0.1", port: 0 };
    this.listener = await this.parts.network.listen(anyPort, (socket) => this.accept(socket));
  }

  async stop(): Promise<void> {
    await this.listener?.close();
    for (const connection of this.connections) {
      connection.disconnect(DISCONNECT.byApplication, "the embedded backend ends");
    }
  }

  private accept(socket: Socket): void {
    const { clock, createTransport, memory, hostKey } = this.parts;
    const connection = new SshServerConnection({
      ...{ socket, clock, createTransport, memory, options: OPTIONS, hostKeys: [hostKey] },
      ident: "Holdfast_embedded",
      handle: (owner) => this.handle(owner),
    });
    this.connections.add(connection);
  }

  private handle(connection: SshServerConnection): ServerConnectionHandler {
    return {
      onIdent: () => undefined,
      onReceived: () => undefined,
      onKeys: () => undefined,
      onAuth: () => undefined,
      onAuthenticated: () => undefined,
      findIdentity: (_user, key) => Promise.resolve(this.find(key)),
      onSession: (channel) => new HostedSession(this.parts, channel),
      onClose: () => this.connections.delete(connection),
    };
  }

  private find(key: PublicKey): AuthAnswer {
    if (!key.blob.equals(this.parts.clientKey.blob)) return { answer: "unknown" };
    const { fingerprint } = key;
    const identity = { account: "proxy", name: "proxy", publicKeyName: "", fingerprint };
    return { answer: "known", identity };
  }
}

class HostedSession implements ChannelHandler {
  private readonly parts: GitHostParts;
  private readonly channel: SshChannel;
  private gitProtocol: string | undefined = undefined;
  private command: HostedCommand | undefined = undefined;
  /** Not `refused`: a handler with that name in it is none. */
  private hasRefused = false;
  private eof = false;
  private readonly early: Buffer[] = [];

  constructor(parts: GitHostParts, channel: SshChannel) {
    this.parts = parts;
    this.channel = channel;
  }

  onRequest(name: string, payload: Buffer): boolean {
    const reader = new MessageReader(payload, 0);
    switch (name) {
      case "env":
        if (reader.text() !== "GIT_PROTOCOL") return false;
        this.gitProtocol = parseGitProtocol(reader.text());
        return this.gitProtocol !== undefined;
      case "exec":
        return this.onExec(reader.string());
      case "signal":
        this.command?.signal(reader.text());
        return true;
      case "eow@openssh.com":
        this.command?.closeOutput();
        return true;
      default:
        return false;
    }
  }

  onData(bytes: Buffer): void {
    if (this.command === undefined) this.early.push(Buffer.from(bytes));
    else this.command.onData(bytes);
  }

  onStderr(): void {
    // Nothing that runs here reads any.
  }

  onEof(): void {
    this.eof = true;
    this.command?.onEof();
  }

  onSendable(): void {
    this.command?.onSendable();
  }

  onClose(): void {
    this.command?.end();
  }

  private onExec(bytes: Buffer): boolean {
    if (this.command !== undefined || this.hasRefused) return false;
    const command = parseCommand(bytes);
    if (isRefusal(command)) return this.refuse(command.refused);
    const call = programOf(command, join(this.parts.root, command.repository));
    if (call === undefined) return this.refuse(`the embedded backend has no ${command.verb}`);
    const protocol = this.gitProtocol === undefined ? {} : { GIT_PROTOCOL: this.gitProtocol };
    this.command = new HostedCommand({
      ...{ channel: this.channel, ...call, onEnd: () => undefined },
      environment: { ...this.parts.environment, ...protocol },
    });
    for (const piece of this.early.splice(0)) this.command.onData(piece);
    if (this.eof) this.command.onEof();
    return true;
  }

  /** The request is answered before what follows from it. */
  private refuse(text: string): boolean {
    this.hasRefused = true;
    queueMicrotask(() => this.leave(text));
    return true;
  }

  private leave(text: string): void {
    this.channel.sendStderr(Buffer.from(`${text}\n`).subarray(0, this.channel.windowBytes));
    this.channel.exitStatus(NOT_HERE);
    this.channel.eof();
    this.channel.close();
  }
}

function programOf(
  command: Command,
  folder: string,
): { readonly program: string; readonly args: readonly string[] } | undefined {
  switch (command.verb) {
    case "git-upload-pack":
    case "git-receive-pack":
    case "git-upload-archive":
      return { program: "git", args: [command.verb.slice("git-".length), folder] };
    case "hg-serve":
      return { program: "hg", args: ["-R", folder, "serve", "--stdio"] };
    case "git-lfs-authenticate":
      return undefined;
  }
}
