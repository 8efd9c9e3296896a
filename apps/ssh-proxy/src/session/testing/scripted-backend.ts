/** A backend whose commands the test plays: an SSH server that hands every session to the test. */
import type { Address, Clock, Listener, Network } from "holdfast";
import { completeSshConnectionOptions } from "../../ssh/connection/connection-options.ts";
import { OutputMemory } from "../../ssh/connection/output-memory.ts";
import { SshServerConnection } from "../../ssh/connection/server-connection.ts";
import type { ChannelHandler, SshChannel } from "../../ssh/connection/ssh-channel.ts";
import type { PrivateKey } from "../../ssh/keys/private-key.ts";
import type { PublicKey } from "../../ssh/keys/public-key.ts";
import { MessageReader } from "../../ssh/message-reader.ts";
import { createSshTransport } from "../../ssh/transport/own-transport.ts";

export interface ScriptedBackendInput {
  readonly clock: Clock;
  readonly network: Network;
  readonly address: Address;
  readonly hostKey: PrivateKey;
  readonly clientKey: PublicKey;
}

const OPTIONS = completeSshConnectionOptions({ initialGrantBytes: 196_608 });

export class ScriptedBackend {
  /** In the order in which they came. */
  readonly commands: ScriptedCommand[] = [];
  readonly connections: SshServerConnection[] = [];
  /** How many connections have ended. */
  endedCount = 0;
  /** Whether commands are taken; false: each is refused. */
  takesCommands = true;
  private readonly input: ScriptedBackendInput;
  private listener: Listener | undefined = undefined;

  constructor(input: ScriptedBackendInput) {
    this.input = input;
  }

  get last(): ScriptedCommand {
    return this.commands.at(-1)!;
  }

  async start(): Promise<void> {
    const { network, address, clock, hostKey, clientKey } = this.input;
    this.listener = await network.listen(address, (socket) => {
      this.connections.push(
        new SshServerConnection({
          ...{ socket, clock, options: OPTIONS, hostKeys: [hostKey], ident: "Scripted" },
          createTransport: createSshTransport,
          memory: new OutputMemory(),
          handle: () => ({
            onIdent: () => undefined,
            onReceived: () => undefined,
            onKeys: () => undefined,
            onAuth: () => undefined,
            onAuthenticated: () => undefined,
            findIdentity: (_user, key) =>
              Promise.resolve(
                key.fingerprint === clientKey.fingerprint
                  ? { answer: "known" as const, identity: proxyIdentity(key) }
                  : { answer: "unknown" as const },
              ),
            onSession: (channel) => this.take(channel),
            onClose: () => void this.endedCount++,
          }),
        }),
      );
    });
  }

  stop(): Promise<void> {
    return this.listener!.close();
  }

  private take(channel: SshChannel): ScriptedCommand {
    const command = new ScriptedCommand(channel, () => this.takesCommands);
    this.commands.push(command);
    return command;
  }
}

/** What runs at the backend; the test writes its output and reads its input. */
export class ScriptedCommand implements ChannelHandler {
  readonly channel: SshChannel;
  line = "";
  readonly environment: string[] = [];
  readonly requests: string[] = [];
  eof = false;
  closed = false;
  peerClosed = false;
  /** Whether what is read is granted again; false: a command that does not read. */
  reads = true;
  /** Whether it goes on when its client closes its side, as a program that nobody waits for. */
  holdsClose = false;
  private readonly takes: () => boolean;
  private readonly pieces: Buffer[] = [];

  constructor(channel: SshChannel, takes: () => boolean) {
    this.channel = channel;
    this.takes = takes;
  }

  get input(): Buffer {
    return Buffer.concat(this.pieces);
  }

  /** Ends as a program does. */
  exit(status: number): void {
    this.channel.eof();
    this.channel.exitStatus(status);
    this.channel.close();
  }

  onData(bytes: Buffer): void {
    this.pieces.push(Buffer.from(bytes));
    if (this.reads) this.channel.grant(bytes.length);
  }

  onStderr(): void {
    throw new Error("a proxy sends no stderr");
  }

  onEof(): void {
    this.eof = true;
  }

  onSendable(): void {
    // Tests write within the window.
  }

  onRequest(name: string, payload: Buffer): boolean {
    const reader = new MessageReader(payload, 0);
    if (name === "env") this.environment.push(`${reader.text()}=${reader.text()}`);
    else if (name === "exec") {
      this.line = reader.text();
      return this.takes();
    } else this.requests.push(name === "signal" ? `signal ${reader.text()}` : name);
    return true;
  }

  onPeerClose(): boolean {
    this.peerClosed = true;
    return this.holdsClose;
  }

  onClose(): void {
    this.closed = true;
  }
}

function proxyIdentity({ fingerprint }: PublicKey) {
  return { account: "proxy", name: "proxy", publicKeyName: "", fingerprint };
}
