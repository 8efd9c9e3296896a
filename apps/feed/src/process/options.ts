/** The command line of the feed process. */
import { parseArgs } from "node:util";

export interface ProcessOptions {
  /** Where calls are taken: default 127.0.0.1. */
  readonly host: string;
  /** 0 to 65,535, default 9190; 0 picks a free one. */
  readonly port: number;
  /** 0 to 65,535, default 6070; 0 picks a free one. */
  readonly opsPort: number;
  /**
   * Where the history answers: a watched file of instances, `consul:HOST:PORT` or
   * `at:HOST:PORT,HOST:PORT`. Default: ./data/instances.json, which feed-history writes.
   */
  readonly history: string;
  /** A git history: what the feed shows. Default: the one of this folder. */
  readonly items: string;
  /** Live configuration: a watched file, or `etcd:HOST:PORT`; default none. */
  readonly config: string | undefined;
  /** Where log lines go: a file, or `-` for standard output. Default: ./data/feed.log. */
  readonly log: string;
}

export const USAGE = `feed: answers with the newest items that a user has not seen

  --history WHERE  where the history answers: a watched file of instances, consul:HOST:PORT or
                   at:HOST:PORT,HOST:PORT (default ./data/instances.json, which feed-history
                   writes; a token for Consul is taken from CONSUL_HTTP_TOKEN)
  --host HOST      where calls are taken (default 127.0.0.1)
  --port PORT      for Thrift calls (default 9190; 0 picks a free one)
  --ops-port PORT  for the operator (default 6070; 0 picks a free one)
  --items DIR      a git history, whose commits are the items (default .)
  --config WHERE   live configuration: a watched file, or etcd:HOST:PORT (default none)
  --log FILE       where log lines go, - for standard output (default ./data/feed.log)`;

export class UsageError extends Error {
  override readonly name = "UsageError";
}

const STRING = { type: "string" } as const;

/** Throws a UsageError that says what is wrong. */
export function parseProcessOptions(args: readonly string[]): ProcessOptions {
  let values: Record<string, string | undefined>;
  try {
    ({ values } = parseArgs({
      args: [...args],
      options: {
        ...{ history: STRING, host: STRING, port: STRING, "ops-port": STRING },
        ...{ items: STRING, config: STRING, log: STRING },
      },
    }));
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
  return {
    host: values["host"] ?? "127.0.0.1",
    port: portOf("--port", values["port"] ?? "9190"),
    opsPort: portOf("--ops-port", values["ops-port"] ?? "6070"),
    history: values["history"] ?? "./data/instances.json",
    items: values["items"] ?? ".",
    config: values["config"],
    log: values["log"] ?? "./data/feed.log",
  };
}

function portOf(name: string, text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : NaN;
  if (port <= 65_535) return port;
  throw new UsageError(`${name} is ${text}; it must be a whole number from 0 to 65535`);
}
