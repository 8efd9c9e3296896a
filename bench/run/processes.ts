// Starts the programs of a run, each pinned to its core, and sees to it that none outlives the run.
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { existsSync } from "node:fs";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { setTimeout as delay } from "node:timers/promises";

const READY_MAX_MS = 20_000;
const STOP_MAX_MS = 3000;
/** How much of what a program says on its standard error is kept for when it fails. */
const COMPLAINT_CHARACTERS = 2000;

export interface Running {
  pid: number;
  /** Closes its standard input, then SIGTERM, and SIGKILL for who does not go in time. */
  stop(limitMs?: number): Promise<void>;
}

export class Processes {
  readonly #running = new Set<ChildProcess>();

  /** Kills whatever still runs; for the end of the run, however it comes. */
  killAll(): void {
    for (const child of this.#running) child.kill("SIGKILL");
  }

  /**
   * Starts a program that stays and waits until it has printed a line that `ready` matches. Throws
   * what it complained of if it does not. Without a `cpu` it is not pinned.
   */
  async start(
    command: string[],
    cpu: number | undefined,
    ready = /^ready$/m,
    limitMs = READY_MAX_MS,
  ): Promise<Running> {
    const child = this.#spawn(command, cpu);
    const complaint = collect(child);
    const spoken = new Promise<void>((resolve, reject) => {
      let output = "";
      child.stdout?.on("data", (chunk: Buffer) => {
        output += chunk.toString();
        if (ready.test(output)) resolve();
      });
      child.once("error", reject);
      child.once("close", () => reject(new Error(`ended before it was ready: ${complaint()}`)));
    });
    try {
      await within(spoken, limitMs, "not ready");
    } catch (error) {
      child.kill("SIGKILL");
      throw error;
    }
    return { pid: child.pid ?? 0, stop: (stopMaxMs) => stop(child, stopMaxMs) };
  }

  /** Runs a program to its end and gives its output. Throws if it fails or takes too long. */
  async run(command: string[], cpu: number, limitMs: number): Promise<string> {
    const child = this.#spawn(command, cpu);
    const complaint = collect(child);
    let output = "";
    child.stdout?.on("data", (chunk: Buffer) => (output += chunk.toString()));
    const ended = new Promise<string>((resolve, reject) => {
      child.once("error", reject);
      child.once("close", (code) => {
        if (code === 0) resolve(output);
        else reject(new Error(`client failed (${code}): ${complaint()} ${output.slice(-500)}`));
      });
    });
    try {
      return await within(ended, limitMs, "client too slow");
    } finally {
      child.kill("SIGKILL");
    }
  }

  #spawn(command: string[], cpu: number | undefined): ChildProcess {
    const pinned = cpu === undefined ? command : ["taskset", "-c", String(cpu), ...command];
    const [program = "", ...args] = pinned;
    const child = spawn(program, args, {
      stdio: "pipe",
      env: { ...process.env, ...(cpu === undefined ? {} : { GOMAXPROCS: "1" }) },
    });
    this.#running.add(child);
    child.once("exit", () => this.#running.delete(child));
    return child;
  }
}

async function stop(child: ChildProcess, limitMs = STOP_MAX_MS): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  child.stdin?.end();
  child.kill("SIGTERM");
  try {
    await within(gone, limitMs, "not gone");
  } catch {
    child.kill("SIGKILL");
    await gone;
  }
}

/** Reads the child's standard error and gives its end. */
function collect(child: ChildProcess): () => string {
  let text = "";
  child.stderr?.on("data", (chunk: Buffer) => {
    text = (text + chunk.toString()).slice(-COMPLAINT_CHARACTERS);
  });
  return () => text.trim();
}

/** What the promise gives, or an Error if it takes longer than `ms`. */
async function within<Value>(promise: Promise<Value>, ms: number, what: string): Promise<Value> {
  const patience = new AbortController();
  const late = async (): Promise<never> => {
    await delay(ms, undefined, { signal: patience.signal });
    throw new Error(`${what} after ${ms} ms`);
  };
  try {
    return await Promise.race([promise, late()]);
  } finally {
    patience.abort();
  }
}

/** A port of 127.0.0.1 that nobody listens on now. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** The first file that a command names by its absolute path and that is not there. */
export function missingFile(command: string[]): string | undefined {
  return command.find((word) => word.startsWith("/") && !existsSync(word));
}
