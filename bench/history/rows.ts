// The stores that are compared, one function each: how it is loaded, started and asked.
import { chmodSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { parseLoadResult } from "../run/load-result.ts";
import { freePort } from "../run/processes.ts";
import { datasetWords } from "./dataset.ts";
import { HOLDFAST_READY, holdfastCommand, loadHoldfast } from "./holdfast.ts";
import {
  cellLimitMs,
  diskBytesOf,
  LOAD_MAX_MS,
  makeFolder,
  nativeLoad,
  OPEN_MAX_MS,
} from "./store-row.ts";
import type { StartedStore, StoreRow, StoreRun } from "./store-row.ts";

const here = import.meta.dirname;
const node = process.execPath;
const sqliteAddon = join(here, "../node_modules/better-sqlite3/build/Release/better_sqlite3.node");
const postgresPrograms = "/usr/lib/postgresql/15/bin";
const redisServer = "/usr/bin/redis-server";

export const STORE_ROWS: readonly StoreRow[] = [
  { name: "holdfast", durable: "at the reply", needs: [], start: startHoldfast },
  redisRow("redis-none", "never", { appends: "no", scores: false }),
  redisRow("redis-everysec", "a second later", { appends: "everysec", scores: false }),
  redisRow("redis-always", "at the reply", { appends: "always", scores: false }),
  redisRow("redis-scores", "a second later", { appends: "everysec", scores: true }),
  {
    name: "postgres",
    durable: "at the reply",
    needs: [`${postgresPrograms}/postgres`, join(here, "../node_modules/pg/package.json")],
    start: startPostgres,
  },
  { name: "sqlite", durable: "at the return", needs: [sqliteAddon], start: startSqlite },
];

async function startHoldfast(run: StoreRun): Promise<StartedStore> {
  const { processes, options, directory } = run;
  await loadHoldfast(processes, directory, options.dataset, options);
  const diskBytes = diskBytesOf(directory);
  const port = await freePort();
  const command = holdfastCommand(directory, port);
  const server = await processes.start(command, options.serverCpu, HOLDFAST_READY, OPEN_MAX_MS);
  return { diskBytes, ...nativeLoad(run, "framed", port, server.pid), stop: () => server.stop() };
}

interface RedisMode {
  appends: "no" | "everysec" | "always";
  /** The time of an item is only its score; otherwise its member says it too. */
  scores: boolean;
}

function redisRow(name: string, durable: string, mode: RedisMode): StoreRow {
  return { name, durable, needs: [redisServer], start: (run) => startRedis(run, mode) };
}

async function startRedis(run: StoreRun, { appends, scores }: RedisMode): Promise<StartedStore> {
  const { processes, options, directory } = run;
  const port = await freePort();
  // No snapshots and no rewriting of the log by itself: both would fall into some window.
  const settings = ["--bind", "127.0.0.1", "--dir", directory, "--save", ""];
  settings.push("--auto-aof-rewrite-percentage", "0");
  if (appends !== "no") settings.push("--appendfsync", appends);
  const command = [redisServer, "--port", String(port), ...settings];
  const server = await processes.start(command, options.serverCpu, /Ready to accept/, OPEN_MAX_MS);
  const load = [...datasetWords(options.dataset), scores ? "scores" : ""];
  const loader = [node, join(here, "redis-loader.ts"), String(port), ...load];
  await processes.run(loader, options.clientCpu, LOAD_MAX_MS);
  const ask = (...words: string[]): Promise<string> =>
    processes.run(["redis-cli", "-p", String(port), ...words], options.clientCpu, OPEN_MAX_MS);
  if (appends !== "no") {
    // The log begins with all that is there; every set from now on is appended.
    await ask("CONFIG", "SET", "appendonly", "yes");
    for (;;) {
      const state = await ask("INFO", "persistence");
      if (/aof_rewrite_in_progress:0/.test(state) && /aof_rewrite_scheduled:0/.test(state)) break;
      await delay(100);
    }
  }
  const diskBytes = appends === "no" ? undefined : diskBytesOf(directory);
  return {
    diskBytes,
    ...nativeLoad(run, "redis", port, server.pid, scores ? ["--scores"] : []),
    stop: () => server.stop(),
  };
}

async function startPostgres(run: StoreRun): Promise<StartedStore> {
  const { processes, options, directory } = run;
  const port = await freePort();
  const data = makeFolder(directory, "data");
  // PostgreSQL refuses to run as root.
  const asOther =
    process.getuid?.() === 0
      ? ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]
      : [];
  if (asOther.length > 0) {
    await processes.run(["chown", "-R", "postgres:", directory], options.clientCpu, OPEN_MAX_MS);
    chmodSync(join(directory, ".."), 0o755);
  }
  const initdb = `${postgresPrograms}/initdb`;
  const init = [initdb, "-D", data, "-A", "trust", "-U", "bench", "--locale=C", "-E", "UTF8"];
  await processes.run([...asOther, ...init, "--no-sync"], options.clientCpu, OPEN_MAX_MS);
  const settings = Object.entries({
    listen_addresses: "127.0.0.1",
    port,
    unix_socket_directories: "",
    shared_buffers: "1GB",
    max_connections: 300,
    // What would run by itself would fall into some window.
    autovacuum: "off",
    max_wal_size: "16GB",
    checkpoint_timeout: "1h",
  }).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
  const serve = [`${postgresPrograms}/postgres`, "-D", data, ...settings];
  // It speaks on its standard error.
  const command = [...asOther, "sh", "-c", 'exec "$@" 2>&1', "sh", ...serve];
  const server = await processes.start(command, options.serverCpu, /ready to accept/, OPEN_MAX_MS);
  const client = [node, join(here, "postgres-client.ts"), String(port)];
  const words = datasetWords(options.dataset);
  const loaded = await processes.run([...client, "load", ...words], options.clientCpu, LOAD_MAX_MS);
  return {
    diskBytes: Number(loaded),
    async measure({ method, connections, inFlight }) {
      const numbers = [connections, inFlight, options.seconds, options.warmupSeconds].map(String);
      const asked = [...client, ...numbers, method, String(server.pid), ...words];
      return parseLoadResult(await processes.run(asked, options.clientCpu, cellLimitMs(options)));
    },
    stop: () => server.stop(),
  };
}

/** No server: the one process runs on the server's core, and all its CPU counts. */
async function startSqlite(run: StoreRun): Promise<StartedStore> {
  const { processes, options, directory } = run;
  const program = [node, join(here, "sqlite-client.ts"), join(directory, "history.db")];
  const words = datasetWords(options.dataset);
  await processes.run([...program, "load", ...words], options.serverCpu, LOAD_MAX_MS);
  return {
    diskBytes: diskBytesOf(directory),
    async measure({ method }) {
      const numbers = [options.seconds, options.warmupSeconds].map(String);
      const command = [...program, ...numbers, method, ...words];
      return parseLoadResult(await processes.run(command, options.serverCpu, cellLimitMs(options)));
    },
    stop: async () => {},
  };
}
