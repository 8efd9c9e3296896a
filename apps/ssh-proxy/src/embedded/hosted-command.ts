/** One command of the embedded backend: a process of git or hg, and a channel to feed it. */
import { type ChildProcessByStdio, spawn } from "node:child_process";
import type { Readable, Writable } from "node:stream";
import type { ChannelHandler, SshChannel } from "../ssh/connection/ssh-channel.ts";

export interface HostedCommandInput {
  readonly channel: SshChannel;
  readonly program: string;
  readonly args: readonly string[];
  /** All the environment that it gets. */
  readonly environment: Readonly<Record<string, string>>;
  readonly onEnd: (command: HostedCommand) => void;
}

/** What the process may lag behind what its client has sent. */
const GRANT_BYTES = 256 * 1_024;
const SIGNALS = new Set(["HUP", "INT", "QUIT", "TERM", "KILL", "USR1", "USR2", "ALRM", "PIPE"]);

type Child = ChildProcessByStdio<Writable, Readable, Readable>;

export class HostedCommand implements Pick<ChannelHandler, "onData" | "onEof" | "onSendable"> {
  private readonly input: HostedCommandInput;
  private readonly channel: SshChannel;
  private readonly child: Child;
  private readonly streams: readonly { readonly from: Readable; readonly stderr: boolean }[];
  private readonly openStreams = new Set<Readable>();
  private outcome: { code: number | null; signal: NodeJS.Signals | null } | undefined = undefined;
  private over = false;

  constructor(input: HostedCommandInput) {
    this.input = input;
    this.channel = input.channel;
    this.child = spawn(input.program, input.args, {
      env: { ...input.environment },
      stdio: ["pipe", "pipe", "pipe"],
    });
    // First of all: without processes to spare there may be no streams, only this.
    this.child.on("error", () => this.onExit(127, null));
    const { stdin, stdout, stderr } = this.child;
    this.streams = [
      { from: stdout, stderr: false },
      { from: stderr, stderr: true },
    ];
    // A command that has read enough closes its stdin: what else comes is of no use to it.
    stdin.on("error", () => this.channel.request("eow@openssh.com"));
    for (const stream of this.streams) {
      this.openStreams.add(stream.from);
      stream.from.on("readable", () => this.pump());
      stream.from.on("end", () => this.onStreamEnd(stream.from));
      stream.from.on("error", () => undefined);
    }
    this.child.on("exit", (code, signal) => this.onExit(code, signal));
    this.grant(GRANT_BYTES);
  }

  onData(bytes: Buffer): void {
    const { length } = bytes;
    this.child.stdin.write(Buffer.from(bytes), () => this.grant(length));
  }

  onEof(): void {
    this.child.stdin.end();
  }

  onSendable(): void {
    this.pump();
  }

  signal(name: string): void {
    if (SIGNALS.has(name)) this.child.kill(`SIG${name}` as NodeJS.Signals);
  }

  /** The client wants no more output: the command learns of it when it writes. */
  closeOutput(): void {
    this.child.stdout.destroy();
    this.onStreamEnd(this.child.stdout);
  }

  /** Nobody is there any more. */
  end(): void {
    if (this.over) return;
    this.over = true;
    for (const { from } of this.streams) from.destroy();
    this.child.stdin.destroy();
    this.child.kill("SIGHUP");
    this.input.onEnd(this);
  }

  private grant(bytes: number): void {
    if (!this.over) this.channel.grant(bytes);
  }

  private pump(): void {
    for (const { from, stderr } of this.streams) {
      for (;;) {
        const room = this.channel.sendableBytes;
        if (this.over || room === 0) break;
        // Asked with nothing there it says so; at its end it says that, too.
        const bytes = from.read(Math.min(room, from.readableLength || 1)) as Buffer | null;
        if (bytes === null) break;
        if (stderr) this.channel.sendStderr(bytes);
        else this.channel.send(bytes);
      }
    }
  }

  private onStreamEnd(stream: Readable): void {
    this.openStreams.delete(stream);
    this.endWhenDone();
  }

  private onExit(code: number | null, signal: NodeJS.Signals | null): void {
    this.outcome ??= { code, signal };
    if (this.child.pid === undefined) this.openStreams.clear();
    this.endWhenDone();
  }

  private endWhenDone(): void {
    if (this.outcome === undefined || this.openStreams.size > 0 || this.over) return;
    this.over = true;
    const { code, signal } = this.outcome;
    if (signal !== null) this.channel.exitSignal(signal.slice(3), false, "");
    else this.channel.exitStatus(code ?? 1);
    this.channel.eof();
    this.channel.close();
    this.input.onEnd(this);
  }
}
