/** The command line of the ssh-proxy process. */
import { parseArgs } from "node:util";

export interface ProcessOptions {
  /** Where the demo's files, the log and the process' own files are; default `./data/ssh-proxy`. */
  readonly data: string;
  /** Where clients connect: default 127.0.0.1. */
  readonly host: string;
  /** 0 to 65,535, default 2222; 0 picks a free one. */
  readonly port: number;
  readonly opsHost: string;
  /** A file with the token that the ops port asks for; undefined: none, on the loopback only. */
  readonly opsTokenFile: string | undefined;
  /** 0 to 65,535, default 6080; 0 picks a free one. */
  readonly opsPort: number;
  /** Private key files, one for each type of key; none: the demo's. */
  readonly hostKeys: readonly string[];
  /** Keys to log in at backends with: name → private key file; `proxy` is the one by default. */
  readonly keys: ReadonlyMap<string, string>;
  /** A folder of such keys, the file named as the key; undefined: there is none. */
  readonly keysFolder: string | undefined;
  /** A folder of key files, or `thrift:HOST:PORT`; undefined: the demo's. */
  readonly accounts: string | undefined;
  /** The file of routes and backends; undefined: the demo's. */
  readonly routes: string | undefined;
  /** `thrift:HOST:PORT`: who is asked for routes; backends still stand in the file. */
  readonly router: string | undefined;
  /** A JSON file with limits and times; undefined: the defaults. */
  readonly settings: string | undefined;
  /** Where log lines go: a file, or `-` for standard output; default DATA/ssh-proxy.log. */
  readonly log: string;
  /** The audit file; undefined: none is written. */
  readonly audit: string | undefined;
  /** A supervisor, which can replace the running program by a newer one. */
  readonly supervised: boolean;
  /** With `supervised`: where its process id stands; default DATA/ssh-proxy.pid. */
  readonly pidFile: string;
}

export const USAGE = `ssh-proxy: a reverse proxy for Git and Mercurial over SSH

  --host HOST       where clients connect (default 127.0.0.1)
  --port PORT       (default 2222; 0 picks a free one)
  --host-key FILE   a private key of the proxy; once for each type of key
  --accounts WHERE  who may log in: a folder with a file of public keys for each account,
                    or thrift:HOST:PORT
  --routes FILE     which repository is where, and the backends
  --router WHERE    thrift:HOST:PORT, asked for routes; backends stay in the file
  --key NAME=FILE   a private key to log in at backends with; "proxy" is the one by default
  --keys DIR        a folder of such keys; "{account}" in the routes file means the account's
  --settings FILE   limits and times, as JSON (default: docs/reference/ssh-proxy.md)
  --audit FILE      an append-only file of events, each line chained to the one before
  --ops-host HOST   for the operator (default 127.0.0.1)
  --ops-token-file FILE  what is to be shown there; needed for any other host
  --ops-port PORT   (default 6080; 0 picks a free one)
  --data DIR        for logs and what it makes itself (default ./data/ssh-proxy)
  --log FILE        where log lines go, - for standard output (default DIR/ssh-proxy.log)
  --supervised      runs under a supervisor, so that "holdfast up" can replace it
  --pid-file FILE   the supervisor's process id (default DIR/ssh-proxy.pid)

Without --host-key, --accounts and --routes it makes a demo in DIR: keys, an account, and a
repository on an embedded backend that runs this system's git.`;

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
  const data = values["data"] ?? "./data/ssh-proxy";
  const options: ProcessOptions = {
    data,
    host: values["host"] ?? "127.0.0.1",
    port: portNumber("--port", values["port"] ?? "2222"),
    opsHost: values["ops-host"] ?? "127.0.0.1",
    opsTokenFile: values["ops-token-file"],
    opsPort: portNumber("--ops-port", values["ops-port"] ?? "6080"),
    hostKeys: values["host-key"] ?? [],
    keys: namedFiles(values["key"] ?? []),
    keysFolder: values["keys"],
    accounts: values["accounts"],
    routes: values["routes"],
    router: values["router"],
    settings: values["settings"],
    log: values["log"] ?? `${data}/ssh-proxy.log`,
    audit: values["audit"],
    supervised: values["supervised"] ?? false,
    pidFile: values["pid-file"] ?? `${data}/ssh-proxy.pid`,
  };
  checkTogether(options);
  return options;
}

/** Whether nothing was said about keys, accounts and routes: then there is a demo. */
export function wantsDemo(options: ProcessOptions): boolean {
  const { hostKeys, accounts, routes } = options;
  return hostKeys.length === 0 && accounts === undefined && routes === undefined;
}

/** What is left out is not made up: a host key that nobody knows would teach users to say yes. */
function checkTogether(options: ProcessOptions): void {
  const { hostKeys, accounts, routes, keys, keysFolder, router } = options;
  if (wantsDemo(options)) {
    // They would be of no effect, without a word.
    const idle = [
      ...(keys.size > 0 ? ["--key"] : []),
      ...(keysFolder === undefined ? [] : ["--keys"]),
      ...(router === undefined ? [] : ["--router"]),
    ];
    if (idle.length === 0) return;
    throw new UsageError(`${idle.join(", ")} without --host-key, --accounts and --routes`);
  }
  const missing = [
    ...(hostKeys.length === 0 ? ["--host-key"] : []),
    ...(accounts === undefined ? ["--accounts"] : []),
    ...(routes === undefined ? ["--routes"] : []),
    ...(keys.size === 0 && keysFolder === undefined ? ["--key proxy=FILE"] : []),
  ];
  if (missing.length > 0)
    throw new UsageError(
      `${missing.join(", ")} missing; without any it is a
demo, with some it needs them all`.replace("\n", " "),
    );
}

const TEXT = { type: "string" } as const;
const TEXTS = { type: "string", multiple: true } as const;

function parse(args: readonly string[]) {
  const { values } = parseArgs({
    args: [...args],
    options: {
      ...{ data: TEXT, host: TEXT, port: TEXT, "ops-host": TEXT, "ops-port": TEXT },
      "ops-token-file": TEXT,
      ...{ "host-key": TEXTS, key: TEXTS, keys: TEXT, accounts: TEXT, routes: TEXT, router: TEXT },
      ...{ settings: TEXT, log: TEXT, audit: TEXT, "pid-file": TEXT },
      supervised: { type: "boolean" },
    },
  });
  return values;
}

function namedFiles(texts: readonly string[]): Map<string, string> {
  const files = new Map<string, string>();
  for (const [name, file] of texts.map(nameAndFile)) {
    if (files.has(name)) throw new UsageError(`--key ${name} is given twice`);
    files.set(name, file);
  }
  return files;
}

function nameAndFile(text: string): [string, string] {
  const match = /^([\w-]{1,64})=(.+)$/.exec(text);
  if (match === null) throw new UsageError(`--key is ${text}; it must be NAME=FILE`);
  return [match[1]!, match[2]!];
}

function portNumber(name: string, text: string): number {
  const value = /^\d{1,5}$/.test(text) ? Number(text) : NaN;
  if (value <= 65_535) return value;
  throw new UsageError(`${name} is ${text}; it must be a whole number from 0 to 65535`);
}
