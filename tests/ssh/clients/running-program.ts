/** A client that is left running: tests talk with it, wait for what it says, and end it by pid. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { until } from "../until.ts";

const KEPT_BYTES = 65_536;

export class RunningProgram implements AsyncDisposable {
  /** The last of what it wrote. */
  stdout = Buffer.alloc(0);
  stderr = "";
  private readonly child: ChildProcess;
  private readonly closed: Promise<unknown>;

  constructor(
    program: string,
    args: readonly string[],
    options: { readonly environment?: NodeJS.ProcessEnv; readonly cwd?: string } = {},
  ) {
    const { environment = {}, cwd } = options;
    this.child = spawn(program, args, {
      stdio: ["pipe", "pipe", "pipe"],
      env: { ...process.env, ...environment },
      ...(cwd === undefined ? {} : { cwd }),
      // What it starts itself ends with it.
      detached: true,
    });
    this.child.stdout!.on("data", (piece: Buffer) => {
      this.stdout = Buffer.concat([this.stdout, piece]).subarray(-KEPT_BYTES);
    });
    this.child.stderr!.on("data", (piece: Buffer) => (this.stderr += piece.toString()));
    this.child.stdin!.on("error", () => undefined);
    this.closed = once(this.child, "close");
  }

  get isRunning(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null;
  }

  /** Undefined while it runs, and when it was killed. */
  get exitCode(): number | undefined {
    return this.child.exitCode ?? undefined;
  }

  write(text: string | Uint8Array): void {
    this.child.stdin!.write(text);
  }

  endInput(): void {
    this.child.stdin!.end();
  }

  /** What Ctrl-C does. */
  interrupt(): void {
    this.child.kill("SIGINT");
  }

  /** Resolves when one of its outputs has it. */
  async untilSays(pattern: RegExp): Promise<void> {
    const saysIt = (): boolean => pattern.test(`${this.stdout.toString()}\n${this.stderr}`);
    const instead = (): string => `but ${this.stdout.subarray(-500).toString()}${this.stderr}`;
    await until(`${pattern}`, () => saysIt() || !this.isRunning, { instead });
    if (!saysIt()) throw new Error(`it ended without ${pattern}: ${instead()}`);
  }

  /** Its exit code, when it has ended by itself. */
  async end(withinMs = 20_000): Promise<number | undefined> {
    await until("end of the program", () => !this.isRunning, {
      withinMs,
      instead: () => this.stderr,
    });
    await this.closed;
    return this.exitCode;
  }

  /** Ends it and what it has started, without a word. */
  async kill(): Promise<void> {
    if (this.isRunning) {
      try {
        // Its own group, which only has what it started.
        process.kill(-this.child.pid!, "SIGKILL");
      } catch {
        // It has ended by itself.
      }
    }
    await this.closed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
  }
}
