// What the command line of feed-history.ts can say.
import { tmpdir } from "node:os";
import { parseArgs } from "node:util";
import { parseCell } from "../run/cell.ts";
import type { Cell } from "../run/cell.ts";
import type { Dataset } from "./dataset.ts";

export interface HistoryOptions {
  dataset: Dataset;
  /** Names of rows; all where empty. */
  only: string[];
  /** Closed loops: `get` is GetHistoryByRange(50), `set` SetHistory of 10 items. */
  cells: Cell[];
  /** Calls a second of the open loop; where 0, half of what the slower of the stores reached. */
  ratePerSecond: number;
  repeats: number;
  seconds: number;
  warmupSeconds: number;
  serverCpu: number;
  clientCpu: number;
  /** Where the stores' files go, in a folder of its own that is removed at the end. */
  directory: string;
  json: string;
}

export const HISTORY_USAGE = `node bench/feed-history.ts [options]
  --items 10000000  --users N           what is stored (default users: 100 items each)
  --only holdfast,redis-always          which rows (default: all)
  --cells get:10x8,get:10x1,set:8x8     get|set:CONNECTIONSxIN_FLIGHT
  --rate R                              calls a second of the open loop (default: half of what
                                        the slower of holdfast and Redis reached)
  --repeats 3   --seconds 5   --warmup 2
  --server-cpu 0  --client-cpu 1
  --directory DIR                       where the stores' files go for the run
  --json FILE                           every sample
`;

const ITEMS_PER_USER = 100;

/** Throws an Error whose message says what is wrong. */
export function parseHistoryOptions(args: string[]): HistoryOptions {
  const { values } = parseArgs({
    args,
    options: {
      items: { type: "string", default: "10000000" },
      users: { type: "string" },
      only: { type: "string", default: "" },
      cells: { type: "string", default: "get:10x8,get:10x1,set:8x8" },
      rate: { type: "string", default: "0" },
      repeats: { type: "string", default: "3" },
      seconds: { type: "string", default: "5" },
      warmup: { type: "string", default: "2" },
      "server-cpu": { type: "string", default: "0" },
      "client-cpu": { type: "string", default: "1" },
      directory: { type: "string", default: tmpdir() },
      json: { type: "string", default: "" },
    },
  });
  const items = within("items", values.items, 1, 1e9);
  const usersDefault = Math.max(1, Math.round(items / ITEMS_PER_USER));
  const users = within("users", values.users ?? String(usersDefault), 1, 1e8);
  return {
    dataset: { users, itemsPerUser: Math.max(1, Math.round(items / users)) },
    only: words(values.only),
    cells: words(values.cells).map(parseHistoryCell),
    ratePerSecond: within("rate", values.rate, 0, 1e7),
    repeats: within("repeats", values.repeats, 1, 100),
    seconds: within("seconds", values.seconds, 0.1, 600),
    warmupSeconds: within("warmup", values.warmup, 0, 60),
    serverCpu: within("server-cpu", values["server-cpu"], 0, 4096),
    clientCpu: within("client-cpu", values["client-cpu"], 0, 4096),
    directory: values.directory,
    json: values.json,
  };
}

function parseHistoryCell(text: string): Cell {
  const cell = parseCell(text);
  if (cell.method === "echo") throw new Error(`"${text}": a store has no echo, only get and set`);
  return cell;
}

function words(text: string): string[] {
  return text.split(",").filter((word) => word !== "");
}

function within(name: string, text: string, min: number, max: number): number {
  const value = Number(text);
  if (value >= min && value <= max) return value;
  throw new Error(`--${name} must be ${min} to ${max}, not "${text}"`);
}
