// better-sqlite3 in this very process: no server, no network, one synchronous call at a time, a
// commit flushed for each set: `sqlite-client.ts FILE SECONDS WARMUP_SECONDS get|set USERS
// ITEMS_PER_USER`, or `sqlite-client.ts FILE load USERS ITEMS_PER_USER`.
import { createRequire } from "node:module";
import type { LoadResult } from "../run/load-result.ts";
import { processRssKib } from "../run/process-stats.ts";
import {
  EVER_MS,
  ExtraMaker,
  itemIdOf,
  ITEMS_PER_SET,
  KIND_VIDEO,
  LIMIT,
  parseDataset,
  timeOf,
} from "./dataset.ts";
import type { Dataset } from "./dataset.ts";
import { NewItems } from "./new-items.ts";

interface Statement {
  run(...values: unknown[]): { changes: number };
  all(...values: unknown[]): unknown[];
}
interface Database {
  pragma(text: string): void;
  exec(text: string): void;
  prepare(text: string): Statement;
  transaction<Argument>(body: (argument: Argument) => number): (argument: Argument) => number;
  close(): void;
}

const LATENCIES_MAX = 1 << 22;
const INSERT = "INSERT OR REPLACE INTO items VALUES (?, ?, ?, ?, ?)";
const require = createRequire(import.meta.url);
const Sqlite = require("better-sqlite3") as new (file: string) => Database;
const [file = "", ...words] = process.argv.slice(2);
const database = new Sqlite(file);
database.pragma("journal_mode = WAL");

if (words[0] === "load") load(parseDataset(words[1], words[2]));
else measure();
database.close();

function load(dataset: Dataset): void {
  database.pragma("synchronous = OFF");
  database.exec(
    `CREATE TABLE items (user_id INTEGER, time_ms INTEGER, item_id INTEGER, kind INTEGER,
      extra BLOB, PRIMARY KEY (user_id, time_ms, item_id)) WITHOUT ROWID`,
  );
  const insert = database.prepare(INSERT);
  const extras = new ExtraMaker();
  const insertUsers = database.transaction((first: number): number => {
    let user = first;
    for (; user < first + 1000 && user <= dataset.users; user++) {
      for (let index = 0; index < dataset.itemsPerUser; index++) {
        insert.run(user, timeOf(index), itemIdOf(user, index), KIND_VIDEO, extras.next());
      }
    }
    return user;
  });
  for (let user = 1; user <= dataset.users;) user = insertUsers(user);
  database.pragma("wal_checkpoint(TRUNCATE)");
}

function measure(): void {
  const [seconds = 2, warmupSeconds = 1] = words.map(Number);
  const dataset = parseDataset(words[3], words[4]);
  database.pragma("synchronous = FULL");
  database.pragma("mmap_size = 8589934592");
  const call = words[2] === "set" ? setCall(dataset) : getCall(dataset);
  runFor(warmupSeconds, call);
  const cpuStart = process.cpuUsage();
  const result = runFor(seconds, call);
  const cpu = process.cpuUsage(cpuStart);
  result.serverCpuSeconds = (cpu.user + cpu.system) / 1e6;
  result.serverRssKib = processRssKib(process.pid);
  console.log(JSON.stringify(result));
}

/** True if the call did what it should. */
type Call = () => boolean;

function getCall(dataset: Dataset): Call {
  const select = database.prepare(
    `SELECT item_id, time_ms, kind, extra FROM items
      WHERE user_id = ? AND time_ms >= ? AND time_ms < ?
      ORDER BY time_ms DESC, item_id DESC LIMIT ?`,
  );
  const rowsMin = Math.min(LIMIT, dataset.itemsPerUser);
  return () => select.all(randomUser(dataset), 0, EVER_MS, LIMIT).length >= rowsMin;
}

function setCall(dataset: Dataset): Call {
  const insert = database.prepare(INSERT);
  const newItems = new NewItems();
  const setItems = database.transaction((user: number): number => {
    const { times, ids, kinds, extras } = newItems.next();
    let stored = 0;
    for (let index = 0; index < ITEMS_PER_SET; index++) {
      const { changes } = insert.run(user, times[index], ids[index], kinds[index], extras[index]);
      stored += changes;
    }
    return stored;
  });
  return () => setItems(randomUser(dataset)) === ITEMS_PER_SET;
}

function randomUser(dataset: Dataset): number {
  return 1 + Math.floor(Math.random() * dataset.users);
}

function runFor(seconds: number, call: Call): LoadResult {
  const latencies = new Float64Array(LATENCIES_MAX);
  const startMs = performance.now();
  const endMs = startMs + seconds * 1000;
  let calls = 0;
  let errors = 0;
  let nowMs = startMs;
  while (nowMs < endMs) {
    if (!call()) errors++;
    const afterMs = performance.now();
    latencies[calls++ % LATENCIES_MAX] = afterMs - nowMs;
    nowMs = afterMs;
  }
  const sorted = latencies.subarray(0, Math.min(calls, LATENCIES_MAX)).sort();
  const atUs = (quantile: number): number =>
    Math.round((sorted[Math.floor(sorted.length * quantile)] ?? 0) * 10_000) / 10;
  const took = (nowMs - startMs) / 1000;
  return {
    calls,
    seconds: took,
    rps: Math.round(calls / took),
    p50Us: atUs(0.5),
    p99Us: atUs(0.99),
    p999Us: atUs(0.999),
    errors,
  };
}
