// The load loop of the clients that are themselves measured and run in Node: so many calls in
// flight, each answered one replaced at once, a warm-up, a window. The same loop for all of them,
// and cheap: no closure and no object per call, and the clock is read only for every sixteenth.
import { setTimeout as delay } from "node:timers/promises";
import type { LoadResult } from "./load-result.ts";
import { processCpuSeconds, processRssKib } from "./process-stats.ts";

const LATENCY_EVERY = 16;
const LATENCIES_MAX = 1 << 20;
const DRAIN_MAX_MS = 2000;

export interface ClosedLoop {
  connections: number;
  /** Calls in flight on each connection. */
  inFlight: number;
  warmupSeconds: number;
  seconds: number;
  /** Whose CPU and memory to report, besides our own. */
  serverPid?: number;
  /** How to read the CPU of `serverPid`; its own threads where absent. */
  readCpuSeconds?: (pid: number) => number;
  /** Makes one call and says when it is over, later, never at once. */
  call(connection: number, done: (failed: boolean) => void): void;
}

interface Counters {
  sending: boolean;
  measuring: boolean;
  waiting: number;
  calls: number;
  errors: number;
  latencies: Float64Array;
  latencyCount: number;
}

/** Runs the loop to its end; the caller prints the result and closes what it opened. */
export async function runClosedLoop(loop: ClosedLoop): Promise<LoadResult> {
  const counters: Counters = {
    sending: true,
    measuring: false,
    waiting: 0,
    calls: 0,
    errors: 0,
    latencies: new Float64Array(LATENCIES_MAX),
    latencyCount: 0,
  };
  for (let connection = 0; connection < loop.connections; connection++) {
    for (let slot = 0; slot < loop.inFlight; slot++) startSlot(loop, counters, connection);
  }
  await delay(loop.warmupSeconds * 1000);

  counters.measuring = true;
  const server = loop.serverPid;
  const readCpuSeconds = loop.readCpuSeconds ?? processCpuSeconds;
  const serverCpuStart = server === undefined ? 0 : readCpuSeconds(server);
  const clientCpuStart = process.cpuUsage();
  const startMs = performance.now();
  await delay(loop.seconds * 1000);
  const seconds = (performance.now() - startMs) / 1000;
  const clientCpu = process.cpuUsage(clientCpuStart);
  counters.measuring = counters.sending = false;
  const result = summarize(counters, seconds, (clientCpu.user + clientCpu.system) / 1e6);
  if (server !== undefined) {
    result.serverCpuSeconds = readCpuSeconds(server) - serverCpuStart;
    result.serverRssKib = processRssKib(server);
  }

  for (let waitedMs = 0; counters.waiting > 0 && waitedMs < DRAIN_MAX_MS; waitedMs += 10) {
    await delay(10);
  }
  result.errors = counters.errors + counters.waiting;
  return result;
}

function startSlot(loop: ClosedLoop, counters: Counters, connection: number): void {
  let callsUntilLatency = LATENCY_EVERY;
  let startMs = 0;
  const issue = (): void => {
    counters.waiting++;
    if (--callsUntilLatency === 0) startMs = performance.now();
    loop.call(connection, done);
  };
  const done = (failed: boolean): void => {
    counters.waiting--;
    if (failed) counters.errors++;
    if (counters.measuring) counters.calls++;
    if (callsUntilLatency === 0) {
      callsUntilLatency = LATENCY_EVERY;
      if (counters.measuring && counters.latencyCount < LATENCIES_MAX) {
        counters.latencies[counters.latencyCount++] = performance.now() - startMs;
      }
    }
    if (counters.sending) issue();
  };
  issue();
}

function summarize(counters: Counters, seconds: number, clientCpuSeconds: number): LoadResult {
  const sorted = counters.latencies.subarray(0, counters.latencyCount).sort();
  const atUs = (quantile: number): number =>
    Math.round((sorted[Math.floor(sorted.length * quantile)] ?? 0) * 10_000) / 10;
  return {
    calls: counters.calls,
    seconds,
    rps: Math.round(counters.calls / seconds),
    p50Us: atUs(0.5),
    p99Us: atUs(0.99),
    p999Us: atUs(0.999),
    errors: counters.errors,
    clientCpuSeconds,
  };
}
