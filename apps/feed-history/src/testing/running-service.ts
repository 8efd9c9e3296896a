/** Starts the feed-history program as its users do, a process of its own, and talks to it. */
import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import {
  type ClientHandle,
  createClient,
  parseAddress,
  silentLogger,
  SystemClock,
  systemRandom,
  TcpNetwork,
} from "holdfast";
import { FeedHistory, type FeedHistoryClient } from "../gen/feed_history.ts";

const MAIN = join(import.meta.dirname, "../main.ts");
const START_LIMIT_MS = 30_000;

export const clock = new SystemClock();
const runtime = {
  clock,
  random: systemRandom(),
  network: new TcpNetwork(clock),
  logger: silentLogger,
};

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly output: string;
}

export class RunningService {
  readonly rpc: string;
  readonly ops: string;
  readonly process: ChildProcess;
  private readonly exit: Promise<Exit>;

  constructor(rpc: string, ops: string, child: ChildProcess, exit: Promise<Exit>) {
    this.rpc = rpc;
    this.ops = ops;
    this.process = child;
    this.exit = exit;
  }

  client(callTimeoutMs = 5_000): ClientHandle<FeedHistoryClient> {
    const address = parseAddress(this.rpc)!;
    const options = { callTimeoutMs, name: "test" };
    return createClient({ definition: FeedHistory, address, runtime, options });
  }

  end(signal: NodeJS.Signals): Promise<Exit> {
    this.process.kill(signal);
    return this.exit;
  }
}

/** Resolves once it says that it answers; rejects with what it said when it ends before. */
export function startService(args: readonly string[]): Promise<RunningService> {
  const child = spawn(process.execPath, [MAIN, "--demo", "none", ...args], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  return new Promise((resolve, reject) => {
    const limit = setTimeout(() => child.kill("SIGKILL"), START_LIMIT_MS);
    const exit = new Promise<Exit>((ended) => {
      child.once("close", (code, signal) => {
        clearTimeout(limit);
        ended({ code, signal, output });
        reject(new Error(output.trim()));
      });
    });
    const onOutput = (chunk: Buffer): void => {
      output += chunk.toString();
      if (!output.includes("Ctrl-C")) return;
      clearTimeout(limit);
      const rpc = /calls {2}(\S+)/.exec(output)?.[1];
      const ops = /ops {4}(\S+)/.exec(output)?.[1];
      if (rpc !== undefined && ops !== undefined) {
        resolve(new RunningService(rpc, ops, child, exit));
      }
    };
    child.stdout.on("data", onOutput);
    child.stderr.on("data", onOutput);
  });
}
