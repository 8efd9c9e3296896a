/**
 * What `make up` starts: feed-history as several instances on one store, and feed, which calls
 * them. Ends both on Ctrl-C, the callers first, and says how that went.
 */
import { type ChildProcess, fork } from "node:child_process";
import { join } from "node:path";
import { parseArgs } from "node:util";

const ROOT = join(import.meta.dirname, "..");
const IDLS = { feed: "apps/feed/idl/feed.thrift" };

const TEXT = { type: "string" } as const;
const { values } = parseArgs({
  options: {
    ...{ data: TEXT, port: TEXT, "ops-port": TEXT, "feed-port": TEXT, "feed-ops-port": TEXT },
    ...{ instances: TEXT, workers: TEXT, config: TEXT },
  },
});
const data = values.data ?? "./data";
const shared = Number(values.workers ?? "1") > 1;

interface Ready {
  readonly kind: "ready";
  readonly rpc?: readonly string[];
  readonly address?: string;
  readonly ops: readonly string[] | string;
  readonly pids?: readonly number[];
}

/** One of the programs, from its start to its end. */
class Program {
  readonly name: string;
  readonly process: ChildProcess;
  readonly ready: Promise<Ready>;
  readonly ended: Promise<number>;

  constructor(name: string, args: readonly string[]) {
    this.name = name;
    const main = join(ROOT, "apps", name, "src/main.ts");
    this.process = fork(main, args, {
      // What they print for those who start them alone is said here for all.
      stdio: ["ignore", "ignore", "inherit", "ipc"],
      // Ctrl-C reaches the whole terminal; they are told one after the other.
      detached: true,
    });
    this.ready = new Promise((resolve) => {
      this.process.once("message", (message) => resolve(message as Ready));
    });
    this.ended = new Promise((resolve) => {
      this.process.once("exit", (code) => resolve(code ?? 1));
    });
  }

  /** Resolves with its exit code, at once when it has ended. */
  stop(signal: NodeJS.Signals): Promise<number> {
    this.process.kill(signal);
    return this.ended;
  }
}

function startHistory(): Program {
  const config = values.config === undefined ? [] : ["--config", values.config];
  return new Program("feed-history", [
    ...[
      "--data",
      data,
      "--port",
      values.port ?? "9090",
      "--ops-port",
      values["ops-port"] ?? "6060",
    ],
    ...["--workers", shared ? values.workers! : (values.instances ?? "3")],
    ...(shared ? [] : ["--own-ports"]),
    ...config,
  ]);
}

function startFeed(history: string): Program {
  const config = values.config === undefined ? [] : ["--config", values.config];
  const ports = ["--port", values["feed-port"] ?? "9190"];
  const opsPorts = ["--ops-port", values["feed-ops-port"] ?? "6070"];
  const log = ["--log", join(data, "feed.log")];
  return new Program("feed", [...["--history", history], ...ports, ...opsPorts, ...log, ...config]);
}

function banner(history: Ready, feed: Ready): string {
  const ops = String(feed.ops);
  const request = '{"request":{"userId":"7","count":3}}';
  return [
    `feed answers on ${feed.address} and asks feed-history on ${history.rpc!.join(" ")}`,
    `  ops    feed ${ops}  feed-history ${[history.ops].flat().join(" ")}`,
    `  data   ${data}, with the logs; feed-history's processes are ${history.pids!.join(" ")}`,
    "try:",
    `  npx holdfast call ${feed.address} Feed.Refresh '${request}' --idl ${IDLS.feed}`,
    `  npx holdfast top ${ops}`,
    `  kill -9 ${history.pids![0]}   # then ask again: nobody notices`,
    "Ctrl-C drains and ends; every answered SetHistory stays.",
  ].join("\n");
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

const history = startHistory();
let feed: Program | undefined;
let ending = false;

async function end(signal: NodeJS.Signals): Promise<void> {
  const how = ending ? "SIGKILL" : "SIGTERM";
  ending = true;
  const ends = [await feed?.stop(how), await history.stop(how)];
  const orderly = ends.every((code) => code === 0 || code === undefined);
  say(`ended (${signal}): ${orderly ? "every call was answered" : "not everything ended well"}`);
  process.exit(orderly ? 0 : 1);
}

process.on("SIGINT", () => void end("SIGINT"));
process.on("SIGTERM", () => void end("SIGTERM"));

/** A program that ends unasked takes the other with it: what is wrong has been said by then. */
function watch(program: Program): void {
  void program.ended.then(async (code) => {
    if (ending) return;
    ending = true;
    await feed?.stop("SIGTERM");
    await history.stop("SIGTERM");
    say(`${program.name} ended by itself (${code})`);
    process.exit(1);
  });
}

watch(history);
const place = join(data, "instances.json");
if (!shared) watch((feed = startFeed(place)));
const historyReady = await history.ready;
if (shared) watch((feed = startFeed(`at:${historyReady.rpc![0]!}`)));
const feedReady = await feed!.ready;
say(banner(historyReady, feedReady));
