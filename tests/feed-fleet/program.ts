/**
 * One of the programs of the repository as a process that a test starts, freezes and kills, and
 * that does not outlive the test: a shell beside it waits for the test's end, however that comes.
 */
import { type ChildProcess, fork, spawn } from "node:child_process";
import { on, once } from "node:events";
import { join } from "node:path";

const APPS = join(import.meta.dirname, "../../apps");

/** What a program says to whoever started it, once it answers. */
export interface Ready {
  readonly kind: "ready";
  /** Of feed. */
  readonly address?: string;
  /** Of feed-history, one for each of its processes. */
  readonly rpc?: readonly string[];
  readonly ops: string | readonly string[];
  readonly pids?: readonly number[];
}

export class Program implements AsyncDisposable {
  readonly name: string;
  readonly ready: Ready;
  private readonly process: ChildProcess;
  private readonly keeper: ChildProcess;
  private readonly exited: Promise<unknown>;

  private constructor(name: string, child: ChildProcess, keeper: ChildProcess, ready: Ready) {
    this.name = name;
    this.process = child;
    this.keeper = keeper;
    this.ready = ready;
    // What nobody listens to must not fill the pipe.
    child.stdout!.resume();
    this.exited = hasEnded(child) ? Promise.resolve() : once(child, "exit");
  }

  /** Resolves when it answers. */
  static async start(name: string, args: readonly string[]): Promise<Program> {
    const child = fork(join(APPS, name, "src/main.ts"), args, {
      stdio: ["ignore", "pipe", "inherit", "ipc"],
    });
    const keeper = keep(child.pid!, "KILL");
    const exit = once(child, "exit").then(() => undefined);
    const first = await Promise.race([once(child, "message"), exit]);
    if (first === undefined) {
      keeper.kill("SIGKILL");
      throw new Error(`${name} ended before it answered`);
    }
    return new Program(name, child, keeper, first[0] as Ready);
  }

  signal(signal: NodeJS.Signals): void {
    this.process.kill(signal);
  }

  /** Resolves when it prints a text that has this in it. */
  async says(words: string): Promise<void> {
    for await (const [chunk] of on(this.process.stdout!, "data", { close: ["close"] })) {
      if (String(chunk).includes(words)) return;
    }
    throw new Error(`${this.name} ended and did not say ${words}`);
  }

  /** Lets it end as an operator does, with what it has started. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.signal("SIGTERM");
    await this.exited;
    this.keeper.kill("SIGKILL");
  }
}

/** A process that can be frozen, and that goes on at the latest when the test ends. */
export class Freezable implements Disposable {
  private readonly pid: number;
  private readonly keeper: ChildProcess;

  constructor(pid: number) {
    this.pid = pid;
    this.keeper = keep(pid, "CONT");
  }

  /** It stays, with its connections open, and does nothing. */
  freeze(): void {
    process.kill(this.pid, "SIGSTOP");
  }

  [Symbol.dispose](): void {
    process.kill(this.pid, "SIGCONT");
    this.keeper.kill("SIGKILL");
  }
}

/** A shell whose input ends with this process, and which then sends the signal. */
function keep(pid: number, signal: "KILL" | "CONT"): ChildProcess {
  const script = `cat >/dev/null; kill -${signal} ${pid} 2>/dev/null`;
  return spawn("sh", ["-c", script], { stdio: ["pipe", "ignore", "ignore"], detached: true });
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}
