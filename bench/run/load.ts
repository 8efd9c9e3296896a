// Loads one server with one cell, by the client that speaks its protocol, and gives what was
// measured.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Protocol } from "../servers.ts";
import type { Cell } from "./cell.ts";
import { parseLoadResult } from "./load-result.ts";
import type { LoadResult } from "./load-result.ts";
import type { Options } from "./options.ts";
import type { Processes } from "./processes.ts";
import { processCpuSeconds, processRssKib } from "./process-stats.ts";

const bench = join(import.meta.dirname, "..");
export const LOAD_PROGRAM = join(bench, ".generated/load");
const CLIENT_GRACE_MS = 20_000;

export interface Target {
  protocol: Protocol;
  port: number;
  serverPid: number;
  /** What our load client calls instead of the cell's method. */
  loadWords?: readonly string[] | undefined;
}

export async function runLoad(
  processes: Processes,
  target: Target,
  cell: Cell,
  options: Options,
): Promise<LoadResult> {
  if (target.protocol === "grpc") return runH2load(processes, target, cell, options);
  const command =
    target.protocol === "moleculer"
      ? moleculerCommand(target, cell, options)
      : loadCommand(target, cell, options);
  return parseLoadResult(await processes.run(command, options.clientCpu, limitMs(options)));
}

function limitMs(options: Options): number {
  return (options.seconds + options.warmupSeconds) * 1000 + CLIENT_GRACE_MS;
}

function loadCommand(target: Target, cell: Cell, options: Options): string[] {
  const numbers = {
    port: target.port,
    connections: cell.connections,
    "in-flight": cell.inFlight,
    warmup: options.warmupSeconds,
    seconds: options.seconds,
    "server-pid": target.serverPid,
  };
  const words = Object.entries(numbers).flatMap(([name, value]) => [`--${name}`, String(value)]);
  const method = target.loadWords ?? ["--method", cell.method];
  return [LOAD_PROGRAM, "--protocol", target.protocol, ...method, ...words];
}

function moleculerCommand(target: Target, cell: Cell, options: Options): string[] {
  const script = join(bench, "peers/moleculer/client.ts");
  const numbers = [cell.connections, cell.inFlight, options.seconds, options.warmupSeconds];
  const words = [target.port, ...numbers, cell.method, target.serverPid];
  return [process.execPath, script, ...words.map(String)];
}

/**
 * h2load twice, for the warm-up and for the window, so that the server's CPU can be read
 * between.
 */
async function runH2load(
  processes: Processes,
  target: Target,
  cell: Cell,
  options: Options,
): Promise<LoadResult> {
  const { grpcRequest } = await import("../peers/grpc-js/request.ts");
  const request = grpcRequest(cell.method);
  const folder = mkdtempSync(join(tmpdir(), "bench-h2load-"));
  const bodyFile = join(folder, "body");
  const logFile = join(folder, "log");
  writeFileSync(bodyFile, request.body);
  const command = (seconds: number, ...more: string[]): string[] => {
    const load = ["-t", "1", "-c", String(cell.connections), "-m", String(cell.inFlight)];
    const headers = ["-H", "content-type: application/grpc", "-H", "te: trailers"];
    const url = `http://127.0.0.1:${target.port}${request.path}`;
    return [
      "h2load",
      ...load,
      "-D",
      `${Math.round(seconds * 1000)}ms`,
      "-d",
      bodyFile,
      ...headers,
      ...more,
      url,
    ];
  };
  try {
    if (options.warmupSeconds > 0) {
      const warmup = command(options.warmupSeconds);
      await processes.run(warmup, options.clientCpu, limitMs(options));
    }
    const cpuStart = processCpuSeconds(target.serverPid);
    const window = command(options.seconds, `--log-file=${logFile}`);
    const output = await processes.run(window, options.clientCpu, limitMs(options));
    return {
      ...parseH2load(output, readFileSync(logFile, "utf8"), options.seconds, request.replyMinBytes),
      serverCpuSeconds: processCpuSeconds(target.serverPid) - cpuStart,
      serverRssKib: processRssKib(target.serverPid),
    };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function parseH2load(
  output: string,
  log: string,
  seconds: number,
  replyMinBytes: number,
): LoadResult {
  const number = (pattern: RegExp): number => Number(pattern.exec(output)?.[1] ?? Number.NaN);
  const calls = number(/(\d+) succeeded/);
  const replies = number(/status codes: (\d+) 2xx/);
  const dataBytes = number(/\((\d+)\) data/);
  if (!(calls > 0 && replies > 0)) throw new Error(`h2load got no replies: ${output.slice(-500)}`);
  // A call that gRPC fails is a 200 without a message.
  const short = dataBytes / replies < replyMinBytes ? replies : 0;
  const latenciesUs = log
    .trimEnd()
    .split("\n")
    .map((line) => Number(line.split("\t")[2]))
    .sort((a, b) => a - b);
  const at = (quantile: number): number =>
    latenciesUs[Math.floor(latenciesUs.length * quantile)] ?? 0;
  return {
    calls,
    seconds,
    rps: calls / seconds,
    p50Us: at(0.5),
    p99Us: at(0.99),
    p999Us: at(0.999),
    errors: number(/(\d+) failed/) + number(/(\d+) errored/) + short,
  };
}
