/**
 * What `make up` starts: feed-history as several instances on one store, feed, which calls them,
 * and ssh-proxy under its supervisor, in front of its own backend. Ends all of them on Ctrl-C, the
 * callers first, and says how that went.
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
    ...{ "ssh-port": TEXT, "ssh-ops-port": TEXT },
    ...{ instances: TEXT, workers: TEXT, config: TEXT },
  },
});
const data = values.data ?? "./data";
const sshData = join(data, "ssh-proxy");
const shared = Number(values.workers ?? "1") > 1;

interface Ready {
  readonly kind: "ready";
  readonly rpc?: readonly string[];
  readonly address?: string;
  readonly ssh?: string;
  /** What to try, as it stands. */
  readonly example?: string;
  readonly ops: readonly string[] | string;
  readonly pids?: readonly number[];
}

/** When it takes longer to end, it is said what is waited for. */
const WAITING_SAID_MS = 1_000;

/** One of the programs, from its start to its end. */
class Program {
  readonly name: string;
  readonly process: ChildProcess;
  readonly ready: Promise<Ready>;
  readonly ended: Promise<number>;
  isReady = false;
  /** Set when another one's failure ends it: what it says of that explains nothing. */
  muted = false;

  constructor(name: string, args: readonly string[], nodeFlags: readonly string[] = []) {
    this.name = name;
    const main = join(ROOT, "apps", name, "src/main.ts");
    this.process = fork(main, args, {
      execArgv: [...nodeFlags],
      // What they print for those who start them alone is said here for all.
      stdio: ["ignore", "ignore", "pipe", "ipc"],
      // Ctrl-C reaches the whole terminal; they are told one after the other.
      detached: true,
    });
    this.process.stderr!.on("data", (text: Buffer) => {
      if (!this.muted) process.stderr.write(text);
    });
    this.ready = new Promise((resolve) => {
      this.process.once("message", (message) => {
        this.isReady = true;
        resolve(message as Ready);
      });
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

function startSshProxy(): Program {
  const args = ["--supervised", "--data", sshData, "--port", values["ssh-port"] ?? "2222"];
  const opsPort = ["--ops-port", values["ssh-ops-port"] ?? "6080"];
  // As its guide says: memory goes back when connections have closed.
  return new Program("ssh-proxy", [...args, ...opsPort], ["--max-semi-space-size=8"]);
}

function banner(history: Ready, feed: Ready, ssh: Ready): string {
  const ops = String(feed.ops);
  const opsOfAll = `feed ${ops}  feed-history ${[history.ops].flat().join(" ")}`;
  const request = '{"request":{"userId":"7","count":3}}';
  return [
    `feed answers on ${feed.address} and asks feed-history on ${history.rpc!.join(" ")}`,
    `ssh-proxy takes SSH connections on ${ssh.ssh}, in front of a backend of its own`,
    `  ops    ${opsOfAll}  ssh-proxy ${String(ssh.ops)}`,
    `  data   ${data}, with the logs; feed-history's processes are ${history.pids!.join(" ")}`,
    "try:",
    `  npx holdfast call ${feed.address} Feed.Refresh '${request}' --idl ${IDLS.feed}`,
    `  npx holdfast top ${ops}`,
    `  kill -9 ${history.pids![0]}   # then ask again: nobody notices`,
    `  ${ssh.example}`,
    `  npx holdfast up --pid-file ${quote(join(sshData, "ssh-proxy.pid"))}   # nobody notices`,
    "Ctrl-C drains and ends, a second one at once; every answered SetHistory stays.",
  ].join("\n");
}

/** For a shell. */
function quote(path: string): string {
  return /^[\w./-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`;
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

const ssh = startSshProxy();
const history = startHistory();
let feed: Program | undefined;
let ending = false;

/** Resolves with their exit codes when all have ended; what calls others ends before those. */
async function stopAll(again: boolean): Promise<number[]> {
  // What is between the proxy and its users ends only by itself, and by a second signal.
  const sshEnded = ssh.stop("SIGTERM");
  const how = again ? "SIGKILL" : "SIGTERM";
  // One that waits for the others would say that it waited in vain.
  const feedEnded = await feed?.stop(feed.isReady ? how : "SIGKILL");
  return [feedEnded ?? 0, await history.stop(how), await sshEnded];
}

async function end(signal: NodeJS.Signals): Promise<void> {
  const again = ending;
  ending = true;
  const waiting = setTimeout(() => {
    if (!again) say("waiting for the SSH sessions that still run; Ctrl-C again ends them at once");
  }, WAITING_SAID_MS);
  const orderly = (await stopAll(again)).every((code) => code === 0);
  clearTimeout(waiting);
  const well = "every call was answered, every session ended by itself";
  say(`ended (${signal}): ${orderly ? well : "not everything ended well"}`);
  process.exit(orderly ? 0 : 1);
}

process.on("SIGINT", () => void end("SIGINT"));
process.on("SIGTERM", () => void end("SIGTERM"));

/** A program that ends unasked takes the others with it. */
function watch(program: Program): void {
  void program.ended.then(async (code) => {
    if (ending) return;
    ending = true;
    for (const other of [ssh, history, feed]) {
      if (other !== undefined && other !== program) other.muted = true;
    }
    await stopAll(false);
    // Of a start that failed it has said what is wrong, in a line of its own.
    if (program.isReady || code !== 1) say(`${program.name} ended by itself (${code})`);
    process.exit(1);
  });
}

for (const each of [ssh, history]) watch(each);
const place = join(data, "instances.json");
if (!shared) watch((feed = startFeed(place)));
const historyReady = await history.ready;
if (shared) watch((feed = startFeed(`at:${historyReady.rpc![0]!}`)));
say(banner(historyReady, await feed!.ready, await ssh.ready));
