// The memory of idle connections: the server's size before, with, and after so many of them, each
// of which has made one call. Opened twice, because a runtime may keep what it will use again.
import { setTimeout as delay } from "node:timers/promises";
import type { ServerRow } from "../servers.ts";
import { LOAD_PROGRAM, runLoad } from "./load.ts";
import type { Options } from "./options.ts";
import { freePort } from "./processes.ts";
import type { Processes } from "./processes.ts";
import { processRssKib } from "./process-stats.ts";
import type { MemorySample } from "./samples.ts";

const OPEN_MAX_MS = 60_000;
/** The base is read from a server that has worked: compiled code is not what connections cost. */
const WARM_CELL = { method: "echo", connections: 10, inFlight: 32 } as const;

/** Only servers that answer our own load client's `echo`. */
export function hasMemoryRow(row: ServerRow): boolean {
  const echoes = row.methods?.includes("echo") ?? true;
  return echoes && (row.protocol === "framed" || row.protocol === "http");
}

export async function measureMemory(
  processes: Processes,
  row: ServerRow,
  options: Options,
): Promise<MemorySample> {
  const port = await freePort();
  const files = options.idleConnections + 1000;
  const limited = ["prlimit", `--nofile=${files}:${files}`, ...row.command(port)];
  const server = await processes.start(limited, options.serverCpu);
  const settle = (): Promise<void> => delay(options.settleSeconds * 1000);
  const numbers = ["--port", String(port), "--connections", String(options.idleConnections)];
  const holder = [LOAD_PROGRAM, "--memory", "--protocol", row.protocol, ...numbers];
  const open = () => processes.start(holder, options.clientCpu, /connections/, OPEN_MAX_MS);
  try {
    const target = { protocol: row.protocol, port, serverPid: server.pid };
    await runLoad(processes, target, WARM_CELL, { ...options, warmupSeconds: 0, seconds: 2 });
    await settle();
    const baseKib = processRssKib(server.pid);
    const first = await open();
    await settle();
    const openKib = processRssKib(server.pid);
    await first.stop();
    await settle();
    const closedKib = processRssKib(server.pid);
    const second = await open();
    await settle();
    const reopenedKib = processRssKib(server.pid);
    await second.stop();
    return {
      row: row.name,
      connections: options.idleConnections,
      baseKib,
      openKib,
      closedKib,
      reopenedKib,
    };
  } finally {
    await server.stop();
  }
}
