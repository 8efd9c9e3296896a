/** Starts the feed-history service: one process, or a supervisor of several. */
import { ServiceError, SystemClock, systemRandom } from "holdfast";
import { banner } from "./process/banner.ts";
import { parseProcessOptions, type ProcessOptions, USAGE, UsageError } from "./process/options.ts";
import { Supervisor, WORKER_VARIABLE, type WorkerReady } from "./process/supervisor.ts";
import { startWorker } from "./process/worker.ts";
import { StoreError } from "./store/index.ts";

/** What the program says to the one that started it, if that wants to hear. */
export interface ServiceReady {
  readonly kind: "ready";
  readonly rpc: readonly string[];
  readonly ops: readonly string[];
  readonly pids: readonly number[];
}

async function main(): Promise<void> {
  const args = process.argv.slice(2);
  if (args.includes("--help")) return say(USAGE);
  const options = parseProcessOptions(args);
  if (process.env[WORKER_VARIABLE] !== undefined) return runSupervised(options);
  return options.workers > 1 || options.ownPorts ? supervise(options) : runAlone(options);
}

async function runAlone(options: ProcessOptions): Promise<void> {
  const worker = await startWorker(options, false);
  const { address: rpc, opsUrl = "", data, authors, lifecycle } = worker;
  process.send?.({
    kind: "ready",
    rpc: [rpc],
    ops: [opsUrl],
    pids: [process.pid],
  } satisfies ServiceReady);
  say(banner({ rpc, ops: [opsUrl], data, log: options.log, authors }));
  const report = await lifecycle.stopped;
  const how = report.cut === 0 ? "every call was answered" : `${report.cut} calls were cut off`;
  say(`feed-history ended (${report.reason}): ${how}`);
}

/** A worker of a supervisor: its Ctrl-C is the supervisor's, which drains it. */
async function runSupervised(options: ProcessOptions): Promise<void> {
  const worker = await startWorker(options, true);
  const { address, opsUrl: ops = "" } = worker;
  const authors = worker.authors.map((each) => ({ ...each, userId: String(each.userId) }));
  process.send?.({ kind: "ready", address, ops, authors } satisfies WorkerReady);
  process.once("disconnect", () => void worker.lifecycle.shutdown("the supervisor is gone"));
}

async function supervise(options: ProcessOptions): Promise<void> {
  const supervisor = new Supervisor({
    options,
    clock: new SystemClock(),
    random: systemRandom(),
    say,
  });
  let ending = false;
  const onSignal = (signal: "SIGTERM" | "SIGINT"): void => {
    const how = ending ? "SIGKILL" : "SIGTERM";
    ending = true;
    void supervisor.stop(how).then(() => {
      say(`feed-history ended (${signal})`);
      process.exit(0);
    });
  };
  process.on("SIGTERM", () => onSignal("SIGTERM"));
  process.on("SIGINT", () => onSignal("SIGINT"));
  process.on("SIGHUP", () => void supervisor.roll().catch(complain));
  try {
    const { ready, authors } = await supervisor.start();
    const { data, log } = options;
    const rpc = ready[0]!.address;
    const ops = ready.map((each) => each.ops);
    const all = ready.map(({ address }) => address);
    process.send?.({ kind: "ready", rpc: all, ops, pids: supervisor.pids } satisfies ServiceReady);
    say(banner({ rpc, ops, data, log, authors }));
  } catch (error) {
    await supervisor.stop("SIGKILL");
    throw error;
  }
}

/** A roll that was given up is said, and what runs goes on. */
function complain(error: unknown): void {
  process.stderr.write(`feed-history: not all workers were replaced: ${String(error)}\n`);
}

/** One clear line for what a user can mend, a stack for what only we can. */
function fail(error: unknown): void {
  process.exitCode = 1;
  if (error instanceof UsageError) process.stderr.write(`${error.message}\n\n${USAGE}\n`);
  else if (error instanceof StoreError) process.stderr.write(`feed-history: ${error.message}\n`);
  else if (error instanceof ServiceError) process.stderr.write(`feed-history: ${error.message}\n`);
  else process.stderr.write(`feed-history: ${stackOf(error)}\n`);
}

function stackOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

main().catch(fail);
