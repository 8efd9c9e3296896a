// What the command line of rpc.ts can say.
import { parseArgs } from "node:util";
import { parseCell } from "./cell.ts";
import type { Cell } from "./cell.ts";

export const TABLES = ["servers", "clients", "memory"] as const;
export type Table = (typeof TABLES)[number];

export interface Options {
  tables: Table[];
  /** Names of rows; all where empty. */
  only: string[];
  cells: Cell[];
  repeats: number;
  /** Length of each measured window. */
  seconds: number;
  /** Load before each window, unmeasured: the JIT compilers' time. */
  warmupSeconds: number;
  /** Idle connections of the memory table. */
  idleConnections: number;
  /** How long the memory table waits before it reads a size. */
  settleSeconds: number;
  serverCpu: number;
  clientCpu: number;
  /** Where to write every sample; nowhere where empty. */
  json: string;
}

export const USAGE = `node bench/rpc.ts [options]
  --tables servers,clients,memory     which tables (default: all)
  --only holdfast,npm-thrift,kitex    which rows (default: all)
  --cells echo:10x32,echo:10x1,get:10x8   METHOD:CONNECTIONSxIN_FLIGHT; METHOD is echo, get or set
  --repeats 3   --seconds 2   --warmup 1.5
  --idle 10000  --settle 5            connections and seconds of the memory table
  --server-cpu 0  --client-cpu 1
  --json FILE                         every sample
`;

/** Throws an Error whose message says what is wrong. */
export function parseOptions(args: string[]): Options {
  const { values } = parseArgs({
    args,
    options: {
      tables: { type: "string", default: TABLES.join(",") },
      only: { type: "string", default: "" },
      cells: { type: "string", default: "echo:10x32,echo:10x1,get:10x8" },
      repeats: { type: "string", default: "3" },
      seconds: { type: "string", default: "2" },
      warmup: { type: "string", default: "1.5" },
      idle: { type: "string", default: "10000" },
      settle: { type: "string", default: "5" },
      "server-cpu": { type: "string", default: "0" },
      "client-cpu": { type: "string", default: "1" },
      json: { type: "string", default: "" },
    },
  });
  return {
    tables: words(values.tables).map(parseTable),
    only: words(values.only),
    cells: words(values.cells).map(parseCell),
    repeats: within("repeats", values.repeats, 1, 100),
    seconds: within("seconds", values.seconds, 0.1, 600),
    warmupSeconds: within("warmup", values.warmup, 0, 60),
    idleConnections: within("idle", values.idle, 1, 100_000),
    settleSeconds: within("settle", values.settle, 0, 60),
    serverCpu: within("server-cpu", values["server-cpu"], 0, 4096),
    clientCpu: within("client-cpu", values["client-cpu"], 0, 4096),
    json: values.json,
  };
}

function words(text: string): string[] {
  return text.split(",").filter((word) => word !== "");
}

function parseTable(text: string): Table {
  const table = TABLES.find((name) => name === text);
  if (table === undefined) throw new Error(`"${text}" is no table: ${TABLES.join(", ")}`);
  return table;
}

function within(name: string, text: string, min: number, max: number): number {
  const value = Number(text);
  if (!(value >= min && value <= max)) {
    throw new Error(`--${name} must be ${min} to ${max}, not "${text}"`);
  }
  return value;
}
