// The benchmark of the feed-history store: the service beside Redis, PostgreSQL and SQLite with the
// same items, in one run on one machine. README.md says what is measured and how.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { cpus, loadavg, release } from "node:os";
import { join } from "node:path";
import { HISTORY_USAGE, parseHistoryOptions } from "./history/options.ts";
import type { HistoryOptions } from "./history/options.ts";
import { formatHistory, formatStored } from "./history/report.ts";
import type { StoredSample } from "./history/report.ts";
import { STORE_ROWS } from "./history/rows.ts";
import { makeFolder } from "./history/store-row.ts";
import type { StartedStore, StoreRow } from "./history/store-row.ts";
import type { Cell } from "./run/cell.ts";
import { formatCell } from "./run/cell.ts";
import { LOAD_PROGRAM } from "./run/load.ts";
import { takeTurns } from "./run/measure.ts";
import { processorName } from "./run/process-stats.ts";
import { missingFile, Processes } from "./run/processes.ts";
import { thousands } from "./run/report.ts";
import { median } from "./run/samples.ts";
import type { Samples } from "./run/samples.ts";

/** Open loop: enough slots that a call waits for one only when the server does not keep up. */
const RATE_CELL: Cell = { method: "get", connections: 10, inFlight: 400 };

interface RunningRow extends StartedStore {
  name: string;
}

await main(process.argv.slice(2));

async function main(args: string[]): Promise<void> {
  const options = readOptions(args);
  const processes = new Processes();
  const directory = mkdtempSync(join(options.directory, "bench-feed-history-"));
  process.once("exit", () => {
    processes.killAll();
    rmSync(directory, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  });
  for (const signal of ["SIGINT", "SIGTERM"] as const)
    process.once(signal, () => process.exit(130));

  console.log(machineLine(options));
  const { rows, stored } = await startRows(processes, options, directory);
  console.log(formatStored(stored));
  const measured: Samples[] = [];
  const gets = options.cells.filter(({ method }) => method === "get");
  const sets = options.cells.filter(({ method }) => method === "set");
  measured.push(...(await measureCells(rows, gets, options)));
  if (gets.length > 0) measured.push(...(await measureRate(rows, measured, options)));
  // Last, because they change what is stored.
  measured.push(...(await measureCells(rows, sets, options)));
  console.log(
    `load average at the end ${loadavg()
      .map((load) => load.toFixed(2))
      .join(" ")}`,
  );
  if (options.json !== "") {
    const machine = { processor: processorName(), kernel: release(), node: process.version };
    const text = JSON.stringify({ machine, options, stored, measured }, undefined, 2);
    writeFileSync(options.json, `${text}\n`);
  }
  await Promise.all(rows.map((row) => row.stop()));
  process.exit(0);
}

/** All stores stay up for the whole run; those that are not measured have nothing to do. */
async function startRows(processes: Processes, options: HistoryOptions, directory: string) {
  const rows: RunningRow[] = [];
  const stored: StoredSample[] = [];
  for (const row of chosenRows(options)) {
    console.error(`loading ${row.name}`);
    const startMs = performance.now();
    try {
      const folder = makeFolder(directory, row.name);
      const started = await row.start({ processes, options, directory: folder });
      rows.push({ name: row.name, ...started });
      const { users, itemsPerUser } = options.dataset;
      stored.push({
        row: row.name,
        durable: row.durable,
        items: users * itemsPerUser,
        diskBytes: started.diskBytes,
        loadSeconds: (performance.now() - startMs) / 1000,
      });
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      console.log(`**SKIPPED ${row.name}: ${reason}**\n`);
    }
  }
  return { rows, stored };
}

async function measureCells(rows: RunningRow[], cells: Cell[], options: HistoryOptions) {
  const measured: Samples[] = [];
  for (const cell of cells) {
    const samples = await takeTurns(rows, [cell], options.repeats, (row) => row.measure(cell));
    console.log(formatHistory(`${formatCell(cell)}, closed loop`, samples));
    measured.push(...samples);
  }
  return measured;
}

/** Latencies at one load, which every row gets alike. */
async function measureRate(rows: RunningRow[], closed: Samples[], options: HistoryOptions) {
  const able = rows.filter((row) => row.measureAtRate !== undefined);
  const first = closed[0]?.cell;
  const slowest = Math.min(
    ...closed
      .filter(({ cell, row }) => cell === first && able.some(({ name }) => name === row))
      .map(({ results }) => median(results.map(({ rps }) => rps)))
      .filter((rps) => rps > 0),
  );
  const rate = options.ratePerSecond > 0 ? options.ratePerSecond : Math.round(slowest / 2);
  if (able.length === 0 || !Number.isFinite(rate)) return [];
  const measured = await takeTurns(able, [RATE_CELL], options.repeats, (row, cell) =>
    row.measureAtRate!(cell, rate),
  );
  const cell = `get at ${thousands(rate)} calls/s`;
  const samples = measured.map((sample) => ({ ...sample, cell }));
  console.log(formatHistory(`${cell}, open loop, ${RATE_CELL.connections} connections`, samples));
  return samples;
}

/** The rows asked for, less those whose program is not there, which is said loudly. */
function chosenRows(options: HistoryOptions): StoreRow[] {
  return STORE_ROWS.filter((row) => {
    if (options.only.length > 0 && !options.only.includes(row.name)) return false;
    const missing = missingFile([...row.needs]);
    if (missing === undefined) return true;
    console.log(`**SKIPPED ${row.name}: ${missing} is missing**\n`);
    return false;
  });
}

function readOptions(args: string[]): HistoryOptions {
  try {
    const options = parseHistoryOptions(args);
    const names = STORE_ROWS.map(({ name }) => name);
    const unknown = options.only.find((name) => !names.includes(name));
    if (unknown !== undefined)
      throw new Error(`no row is called "${unknown}": ${names.join(", ")}`);
    if (missingFile([LOAD_PROGRAM]) !== undefined) throw new Error("run bench/setup.sh first");
    if (cpus().length <= Math.max(options.serverCpu, options.clientCpu)) {
      throw new Error("server and client need a core each: see --server-cpu and --client-cpu");
    }
    return options;
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n${HISTORY_USAGE}`);
    process.exit(2);
  }
}

function machineLine(options: HistoryOptions): string {
  const { users, itemsPerUser } = options.dataset;
  return [
    `${cpus().length} × ${processorName()}, Linux ${release()}, Node ${process.version}`,
    `${thousands(users * itemsPerUser)} items of ${thousands(users)} users`,
    `${options.repeats} × ${options.seconds} s after ${options.warmupSeconds} s of warm-up`,
    `load average at the start ${(loadavg()[0] ?? 0).toFixed(2)}\n`,
  ].join("; ");
}
