// A row of the feed-history tables: a store that is loaded once, stays up during the run, and is
// measured in turns with the others.
import { mkdirSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { LOAD_PROGRAM } from "../run/load.ts";
import { parseLoadResult } from "../run/load-result.ts";
import type { LoadResult } from "../run/load-result.ts";
import type { Cell } from "../run/cell.ts";
import type { Processes } from "../run/processes.ts";
import type { HistoryOptions } from "./options.ts";

/** What a row is given to start with. */
export interface StoreRun {
  processes: Processes;
  options: HistoryOptions;
  /** A folder that is the row's own. */
  directory: string;
}

export interface StoreRow {
  name: string;
  /** When a set is safe from a power cut. */
  durable: string;
  /** Programs and files it cannot do without, by their absolute paths. */
  needs: readonly string[];
  /** Loads the store and starts its server, on the server's core. */
  start(run: StoreRun): Promise<StartedStore>;
}

export interface StartedStore {
  /** What the items take on the disk once they are loaded; absent if they are not there. */
  diskBytes: number | undefined;
  /** Measures one cell in a closed loop. */
  measure(cell: Cell): Promise<LoadResult>;
  /** Measures one cell at a rate; absent where our own load client cannot. */
  measureAtRate?(cell: Cell, ratePerSecond: number): Promise<LoadResult>;
  stop(): Promise<void>;
}

/** The longest that loading may take. */
export const LOAD_MAX_MS = 1_200_000;
/** The longest that a server may take to open what was loaded. */
export const OPEN_MAX_MS = 300_000;
const CLIENT_GRACE_MS = 30_000;

/** How long one measurement may take. */
export function cellLimitMs(options: HistoryOptions): number {
  return (options.seconds + options.warmupSeconds) * 1000 + CLIENT_GRACE_MS;
}

/** Both measurements of a store that load/load.c can speak to. */
export function nativeLoad(
  run: StoreRun,
  protocol: "framed" | "redis",
  port: number,
  serverPid: number,
  moreWords: readonly string[] = [],
): Required<Pick<StartedStore, "measure" | "measureAtRate">> {
  const { options, processes } = run;
  const measureAtRate = async (cell: Cell, rate: number): Promise<LoadResult> => {
    const numbers = {
      port,
      connections: cell.connections,
      "in-flight": cell.inFlight,
      users: options.dataset.users,
      "items-per-user": options.dataset.itemsPerUser,
      warmup: options.warmupSeconds,
      seconds: options.seconds,
      "server-pid": serverPid,
      rate,
    };
    const words = Object.entries(numbers).flatMap(([name, value]) => [`--${name}`, String(value)]);
    const method = `history-${cell.method}`;
    const command = [
      LOAD_PROGRAM,
      "--protocol",
      protocol,
      "--method",
      method,
      ...words,
      ...moreWords,
    ];
    return parseLoadResult(await processes.run(command, options.clientCpu, cellLimitMs(options)));
  };
  return { measure: (cell) => measureAtRate(cell, 0), measureAtRate };
}

/** Bytes of disk that the files under a folder take, holes not counted. */
export function diskBytesOf(directory: string): number {
  let bytes = 0;
  for (const entry of readdirSync(directory, { withFileTypes: true, recursive: true })) {
    if (entry.isFile()) bytes += statSync(join(entry.parentPath, entry.name)).blocks * 512;
  }
  return bytes;
}

/** Makes the folder if it is not there. */
export function makeFolder(...path: string[]): string {
  const folder = join(...path);
  mkdirSync(folder, { recursive: true, mode: 0o755 });
  return folder;
}
