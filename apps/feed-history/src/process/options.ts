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
  /** Processes that share the port and the store, 1 to 64, default 1. */
  readonly workers: number;
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
  --workers N      processes that share the port and the store (default 1)
  --demo DIR       a git history to load at the start, or none (default .)
  --log FILE       where log lines go, - for standard output (default DIR/feed-history.log)`;

export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** Throws a UsageError that says what is wrong. */
export function parseProcessOptions(args: readonly string[]): ProcessOptions {
  let values: Record<string, string | undefined>;
  try {
    ({ values } = parseArgs({
      args: [...args],
      options: {
        data: { type: "string" },
        host: { type: "string" },
        port: { type: "string" },
        "ops-port": { type: "string" },
        workers: { type: "string" },
        demo: { type: "string" },
        log: { type: "string" },
      },
    }));
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
    demo: values["demo"] ?? ".",
    log: values["log"] ?? `${data}/feed-history.log`,
  };
}

function wholeNumber(name: string, text: string, min: number, max: number): number {
  const value = /^\d{1,9}$/.test(text) ? Number(text) : NaN;
  if (value >= min && value <= max) return value;
  throw new UsageError(`${name} is ${text}; it must be a whole number from ${min} to ${max}`);
}
