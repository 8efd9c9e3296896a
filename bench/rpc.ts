// The benchmark of the whole path: RPC servers, clients and idle connections, all in one run on one
// machine, because only ratios of one run mean anything. README.md says what is measured and how.
import { writeFileSync } from "node:fs";
import { cpus, loadavg, release } from "node:os";
import { CLIENT_BENCH_SERVER, CLIENTS } from "./clients.ts";
import { measureClients, measureServers } from "./run/measure.ts";
import { hasMemoryRow, measureMemory } from "./run/memory.ts";
import { LOAD_PROGRAM } from "./run/load.ts";
import { parseOptions, USAGE } from "./run/options.ts";
import type { Options } from "./run/options.ts";
import { machineTicks, processorName } from "./run/process-stats.ts";
import type { MachineTicks } from "./run/process-stats.ts";
import { missingFile, Processes } from "./run/processes.ts";
import { formatMemory, formatSamples } from "./run/report.ts";
import type { MemorySample, Samples } from "./run/samples.ts";
import { REFERENCES, SERVERS } from "./servers.ts";
import type { ServerRow } from "./servers.ts";

interface Measured {
  servers: Samples[];
  clients: Samples[];
  memory: MemorySample[];
}

await main(process.argv.slice(2));

async function main(args: string[]): Promise<void> {
  const options = readOptions(args);
  const needed = missingFile([LOAD_PROGRAM, CLIENT_BENCH_SERVER]);
  if (needed !== undefined) fail(`${needed} is missing: run bench/setup.sh first`);
  if (cpus().length <= Math.max(options.serverCpu, options.clientCpu)) {
    fail("server and client need a core each: see --server-cpu and --client-cpu");
  }
  const processes = new Processes();
  process.once("exit", () => processes.killAll());
  for (const signal of ["SIGINT", "SIGTERM"] as const)
    process.once(signal, () => process.exit(130));

  const ticks = machineTicks();
  const load = loadavg()[0] ?? 0;
  console.log(machineLine(options, load));
  const measured: Measured = { servers: [], clients: [], memory: [] };
  for (const table of options.tables) {
    if (table === "servers") await runServers(processes, options, measured);
    if (table === "clients") await runClients(processes, options, measured);
    if (table === "memory") await runMemory(processes, options, measured);
  }
  console.log(stealLine(ticks, machineTicks()));
  if (options.json !== "") {
    const machine = { processor: processorName(), kernel: release(), node: process.version, load };
    const text = JSON.stringify({ machine, options, ...measured }, undefined, 2);
    writeFileSync(options.json, `${text}\n`);
  }
}

async function runServers(processes: Processes, options: Options, measured: Measured) {
  const asked = SERVERS.filter(({ methods }) =>
    options.cells.some(({ method }) => methods?.includes(method) ?? true),
  );
  await prepare(processes, asked, options);
  const rows = chosen(asked, options, (row) => row.command(0));
  measured.servers = await measureServers(processes, rows, options);
  console.log(formatSamples(measured.servers, "server", REFERENCES.servers));
}

async function prepare(processes: Processes, rows: readonly ServerRow[], options: Options) {
  for (const row of rows) {
    const unasked = options.only.length > 0 && !options.only.includes(row.name);
    if (row.prepare === undefined || unasked) continue;
    console.error(`preparing ${row.name}`);
    try {
      await row.prepare(processes, options);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      console.log(`**${row.name} could not be prepared: ${reason}**\n`);
    }
  }
}

async function runClients(processes: Processes, options: Options, measured: Measured) {
  const rows = chosen(CLIENTS, options, (row) => row.command);
  measured.clients = await measureClients(processes, rows, options);
  console.log(formatSamples(measured.clients, "client", REFERENCES.clients));
}

async function runMemory(processes: Processes, options: Options, measured: Measured) {
  const rows = chosen(SERVERS.filter(hasMemoryRow), options, (row) => row.command(0));
  for (const row of rows) {
    console.error(`memory ${row.name}`);
    try {
      measured.memory.push(await measureMemory(processes, row, options));
    } catch (error) {
      console.error(`  FAILED: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  console.log(formatMemory(measured.memory));
}

/** The rows asked for, less those whose program is not there, which is said loudly. */
function chosen<Row extends { name: string }>(
  rows: readonly Row[],
  options: Options,
  command: (row: Row) => string[],
): Row[] {
  return rows.filter((row) => {
    if (options.only.length > 0 && !options.only.includes(row.name)) return false;
    const missing = missingFile(command(row));
    if (missing === undefined) return true;
    console.log(`**SKIPPED ${row.name}: ${missing} is missing**\n`);
    return false;
  });
}

function readOptions(args: string[]): Options {
  try {
    const options = parseOptions(args);
    const names = new Set([...SERVERS, ...CLIENTS].map(({ name }) => name));
    const unknown = options.only.find((name) => !names.has(name));
    if (unknown === undefined) return options;
    return fail(`no row is called "${unknown}": ${[...names].join(", ")}`);
  } catch (error) {
    return fail(`${error instanceof Error ? error.message : String(error)}\n${USAGE}`);
  }
}

function fail(message: string): never {
  console.error(message);
  process.exit(2);
}

function machineLine(options: Options, load: number): string {
  return [
    `${cpus().length} × ${processorName()}, Linux ${release()}, Node ${process.version}`,
    `${options.repeats} × ${options.seconds} s after ${options.warmupSeconds} s of warm-up`,
    `load average at the start ${load.toFixed(2)}\n`,
  ].join("; ");
}

function stealLine(before: MachineTicks, after: MachineTicks): string {
  const total = after.total - before.total;
  const percent = (ticks: number): string => ((ticks / total) * 100).toFixed(1);
  const busy = percent(after.busy - before.busy);
  const steal = percent(after.steal - before.steal);
  return `Over the run the CPUs were ${busy} % busy; ${steal} % was taken by the hypervisor.`;
}
