/** The command line of the feed-history process. */
import { parseArgs } from "node:util";

export interface ProcessOptions {
  /** The store's directory; made when it is not there. Default `./data`. */
  readonly data: string;
  /** Where calls are taken: default 127.0.0.1. */
  readonly host: string;
  /** 0 to 65,535, default 9090; 0 picks a free one. */
  readonly port: number;
  /** 0 to 65,535, default 6060; 0 picks a free one. A further worker has the next one up. */
  readonly opsPort: number;
  /** Processes on one store, 1 to 64, default 1. They share the port, unless `ownPorts`. */
  readonly workers: number;
  /** Each worker has a port of its own, one up from the one before: instances to choose from. */
  readonly ownPorts: boolean;
  /** With `ownPorts`: the file that says which instances answer. Default: data/instances.json. */
  readonly instances: string;
  /** Where each process is announced, such as `consul:127.0.0.1:8500`; default nowhere. */
  readonly register: string | undefined;
  /** Live configuration: a watched file, or `etcd:HOST:PORT`; default none. */
  readonly config: string | undefined;
  /** A git history to load at the start, or `none`. Default: the one of this folder. */
  readonly demo: string;
  /** Where log lines go: a file, or `-` for standard output. Default: data/feed-history.log. */
  readonly log: string;
}

export const USAGE = `feed-history: stores what each user saw, and answers Thrift calls about it

  --data DIR       the store's directory (default ./data)
  --host HOST      where calls are taken (default 127.0.0.1)
  --port PORT      for Thrift calls (default 9090; 0 picks a free one)
  --ops-port PORT  for the operator (default 6060; 0 picks a free one)
  --workers N      processes on one store, and on one port (default 1)
  --own-ports      a port for each of them, counting up, and a file that says who answers
  --instances FILE that file (default DIR/instances.json)
  --register WHERE announce each process: consul:HOST:PORT (default nowhere)
  --config WHERE   live configuration: a watched file, or etcd:HOST:PORT (default none)
  --demo DIR       a git history to load at the start, or none (default .)
  --log FILE       where log lines go, - for standard output (default DIR/feed-history.log)`;

export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** Throws a UsageError that says what is wrong. */
export function parseProcessOptions(args: readonly string[]): ProcessOptions {
  let values: ReturnType<typeof parse>;
  try {
    values = parse(args);
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
  const data = values["data"] ?? "./data";
  return {
    data,
    host: values["host"] ?? "127.0.0.1",
    port: wholeNumber("--port", values["port"] ?? "9090", 0, 65_535),
    opsPort: wholeNumber("--ops-port", values["ops-port"] ?? "6060", 0, 65_535),
    workers: wholeNumber("--workers", values["workers"] ?? "1", 1, 64),
    ownPorts: values["own-ports"] ?? false,
    instances: values["instances"] ?? `${data}/instances.json`,
    register: values["register"],
    config: values["config"],
    demo: values["demo"] ?? ".",
    log: values["log"] ?? `${data}/feed-history.log`,
  };
}

const TEXT = { type: "string" } as const;

function parse(args: readonly string[]) {
  const { values } = parseArgs({
    args: [...args],
    options: {
      ...{ data: TEXT, host: TEXT, port: TEXT, "ops-port": TEXT, workers: TEXT, demo: TEXT },
      ...{ instances: TEXT, register: TEXT, config: TEXT, log: TEXT },
      "own-ports": { type: "boolean" },
    },
  });
  return values;
}

function wholeNumber(name: string, text: string, min: number, max: number): number {
  const value = /^\d{1,9}$/.test(text) ? Number(text) : NaN;
  if (value >= min && value <= max) return value;
  throw new UsageError(`${name} is ${text}; it must be a whole number from ${min} to ${max}`);
}
