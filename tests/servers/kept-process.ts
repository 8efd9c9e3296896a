/**
 * A server program that a test starts, stops, freezes and kills by its process id, and that never
 * outlives the test: a shell beside it waits for the test's end, however that comes, and kills it.
 */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";

/** `$0` is where its output goes, the rest is the program; the pid is the first line. */
const KEEPER = `
exec 3<&0
"$@" >>"$0" 2>&1 </dev/null 3<&- &
pid=$!
{ cat <&3 >/dev/null; kill -9 "$pid" 2>/dev/null; } >/dev/null &
keeper=$!
echo "$pid"
wait "$pid"
code=$?
kill "$keeper" 2>/dev/null
exit "$code"
`;

export interface StartProcess {
  /** For messages. */
  readonly name: string;
  readonly command: readonly [program: string, ...args: string[]];
  /** Gets all that the program writes, after what it has. */
  readonly logFile: string;
  readonly environment?: NodeJS.ProcessEnv;
}

export class KeptProcess implements AsyncDisposable {
  readonly name: string;
  readonly pid: number;
  private readonly logFile: string;
  private readonly keeper: ChildProcess;
  private readonly exited: Promise<unknown>;

  private constructor(
    { name, logFile }: StartProcess,
    keeper: ChildProcess,
    pid: number,
    exited: Promise<unknown>,
  ) {
    this.name = name;
    this.logFile = logFile;
    this.keeper = keeper;
    this.pid = pid;
    this.exited = exited;
  }

  static async start(input: StartProcess): Promise<KeptProcess> {
    const { name, command, logFile, environment = {} } = input;
    const keeper = spawn("sh", ["-c", KEEPER, logFile, ...command], {
      // The shell would say of every kill that it was one.
      stdio: ["pipe", "pipe", "ignore"],
      env: { ...process.env, ...environment },
    });
    const exited = once(keeper, "exit");
    const lines = createInterface({ input: keeper.stdout });
    const first = await Promise.race([once(lines, "line"), exited]);
    const pid = Number(first[0]);
    if (!(pid > 1)) throw new Error(`${name} did not start`);
    return new KeptProcess(input, keeper, pid, exited);
  }

  get isRunning(): boolean {
    return this.keeper.exitCode === null && this.keeper.signalCode === null;
  }

  /** When it has ended by itself: its exit code, or 128 and the number of the signal. */
  async ended(): Promise<number> {
    await this.exited;
    return this.keeper.exitCode ?? assert.fail(`${this.name}: its shell was killed`);
  }

  /** The last lines that it wrote, for a message. */
  lastWords(lines = 15): string {
    return readFileSync(this.logFile, "utf8").trimEnd().split("\n").slice(-lines).join("\n");
  }

  /** Ends it without a word; resolves when it is gone. */
  async kill(): Promise<void> {
    this.signal("SIGKILL");
    await this.exited;
    this.keeper.stdin?.destroy();
    this.keeper.stdout?.destroy();
  }

  /** It stays, with its connections open, and does nothing: what a partition looks like. */
  freeze(): void {
    this.signal("SIGSTOP");
  }

  thaw(): void {
    this.signal("SIGCONT");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
  }

  private signal(signal: NodeJS.Signals): void {
    if (this.isRunning) process.kill(this.pid, signal);
  }
}
