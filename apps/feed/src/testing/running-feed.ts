/** Starts the feed program as its users do, a process of its own, and asks it. */
import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import { createClient, createContext, parseAddress, silentLogger, systemRuntime } from "holdfast";
import { Feed, type RefreshResponse } from "../gen/feed.ts";

const MAIN = join(import.meta.dirname, "../main.ts");
const START_LIMIT_MS = 30_000;

export interface Exit {
  readonly code: number | null;
  /** What it printed, and what it complained of. */
  readonly output: string;
}

export class RunningFeed {
  readonly address: string;
  readonly ops: string;
  private readonly process: ChildProcess;
  private readonly exit: Promise<Exit>;

  constructor(address: string, ops: string, child: ChildProcess, exit: Promise<Exit>) {
    this.address = address;
    this.ops = ops;
    this.process = child;
    this.exit = exit;
  }

  async refresh(userId: bigint, count: number): Promise<RefreshResponse> {
    const runtime = systemRuntime({ logger: silentLogger });
    const address = parseAddress(this.address)!;
    const client = createClient({ definition: Feed, address, runtime });
    try {
      return await client.calls.refresh(createContext(runtime), { userId, count });
    } finally {
      client.close();
    }
  }

  end(signal: NodeJS.Signals): Promise<Exit> {
    this.process.kill(signal);
    return this.exit;
  }
}

/** Resolves once it says that it answers; with its end when that comes before. */
export function startFeed(args: readonly string[]): Promise<RunningFeed | Exit> {
  const child = spawn(process.execPath, [MAIN, ...args], { stdio: ["ignore", "pipe", "pipe"] });
  const limit = setTimeout(() => child.kill("SIGKILL"), START_LIMIT_MS);
  let output = "";
  return new Promise((resolve) => {
    const exit = new Promise<Exit>((ended) => {
      child.once("close", (code) => {
        clearTimeout(limit);
        ended({ code, output });
        resolve({ code, output });
      });
    });
    const onOutput = (chunk: Buffer): void => {
      output += chunk.toString();
      if (!output.includes("Ctrl-C")) return;
      clearTimeout(limit);
      const address = /calls {2}(\S+)/.exec(output)?.[1] ?? "";
      const ops = /ops {4}(\S+)/.exec(output)?.[1] ?? "";
      resolve(new RunningFeed(address, ops, child, exit));
    };
    child.stdout.on("data", onOutput);
    child.stderr.on("data", onOutput);
  });
}
