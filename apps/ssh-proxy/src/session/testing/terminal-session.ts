/** A client's session as its terminal sees it: what came out, and how it ended. */
import { MessageReader } from "../../ssh/message-reader.ts";
import { MessageWriter } from "../../ssh/message-writer.ts";
import type { ChannelHandler, SshChannel } from "../../ssh/connection/ssh-channel.ts";
import type { SshClientConnection } from "../../ssh/connection/ssh-connection.ts";

export class TerminalSession implements ChannelHandler {
  /** In the order of the wire: `stdout`, `stderr`, `exit 0`, `signal TERM`, `eof`, `close`. */
  readonly events: string[] = [];
  /** Whether what is read is granted again; false: a terminal that does not read. */
  reads = true;
  readonly connection: SshClientConnection;
  private opened: SshChannel | undefined = undefined;
  private readonly out: Buffer[] = [];
  private readonly error: Buffer[] = [];

  private constructor(connection: SshClientConnection) {
    this.connection = connection;
  }

  static async open(connection: SshClientConnection, grant: number): Promise<TerminalSession> {
    const session = new TerminalSession(connection);
    session.opened = await connection.openSession(session, grant);
    return session;
  }

  get channel(): SshChannel {
    return this.opened!;
  }

  get stdout(): Buffer {
    return Buffer.concat(this.out);
  }

  get stderr(): string {
    return Buffer.concat(this.error).toString();
  }

  exec(command: string): Promise<boolean> {
    return this.channel.ask("exec", new MessageWriter().string(command).finish());
  }

  environment(name: string, value: string): Promise<boolean> {
    return this.channel.ask("env", new MessageWriter().string(name).string(value).finish());
  }

  onData(bytes: Buffer): void {
    this.note("stdout");
    this.out.push(Buffer.from(bytes));
    if (this.reads) this.channel.grant(bytes.length);
  }

  onStderr(bytes: Buffer): void {
    this.note("stderr");
    this.error.push(Buffer.from(bytes));
    if (this.reads) this.channel.grant(bytes.length);
  }

  onEof(): void {
    this.note("eof");
  }

  onSendable(): void {
    // Tests write within the window.
  }

  onRequest(name: string, payload: Buffer): boolean {
    const reader = new MessageReader(payload, 0);
    if (name === "exit-status") this.note(`exit ${reader.uint32()}`);
    else if (name === "exit-signal") this.note(`signal ${reader.text()}`);
    else this.note(name);
    return true;
  }

  onClose(): void {
    this.note("close");
  }

  private note(event: string): void {
    if (this.events.at(-1) !== event) this.events.push(event);
  }
}
