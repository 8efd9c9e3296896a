/** Starts the ssh-proxy: one process, a supervisor of one, or such a one's worker. */
import { join } from "node:path";
import { formatAddress, openLog, ServiceError, SystemClock, systemRandom } from "holdfast";
import { banner, exampleOf, type ReadyProxy } from "./process/banner.ts";
import { parseProcessOptions, type ProcessOptions, USAGE, UsageError } from "./process/options.ts";
import { runSupervisor } from "./process/upgrade/run-supervisor.ts";
import { openWorkerChannel, type WorkerChannel } from "./process/upgrade/worker-channel.ts";

/** The names of the sockets that a supervisor binds for its workers. */
const SOCKETS = { ssh: "ssh", ops: "ops" } as const;

async function main(): Promise<void> {
  const args = process.argv.slice(2);
  if (args.includes("--help")) return say(USAGE);
  const options = parseProcessOptions(args);
  const channel = openWorkerChannel(process);
  if (channel !== undefined) return runWorker(options, channel);
  return options.supervised ? supervise(options) : runAlone(options);
}

async function runAlone(options: ProcessOptions): Promise<void> {
  const { startProxy } = await import("./process/start-proxy.ts");
  const { ready } = await startProxy({ options, process, onEnded: say });
  // Without a supervisor there is nobody to start the next version; the default would be the end.
  process.on("SIGUSR2", () => say('not upgraded: "holdfast up" needs a proxy under --supervised'));
  announce(options, ready);
}

/** What a supervisor starts. It is imported here, so that the supervisor itself stays small. */
async function runWorker(options: ProcessOptions, channel: WorkerChannel): Promise<void> {
  const { startProxy } = await import("./process/start-proxy.ts");
  try {
    const { ready, ops, lifecycle } = await startProxy({
      // The fixed port is the supervisor's, and answered on by whoever serves now.
      options: { ...options, opsPort: 0 },
      process: channel.signals,
      fileDescriptor: channel.fileDescriptor(SOCKETS.ssh),
      drain: (reason) => void channel.drainAll(reason),
      onCrash: (reason) => void channel.leaving(reason),
    });
    const leaveOpsPort = await ops.answerOn(channel.fileDescriptor(SOCKETS.ops));
    channel.onReplaced(leaveOpsPort);
    channel.onSupervisorGone(() => void lifecycle.shutdown("the supervisor is gone"));
    await channel.ready({ ssh: ready.ssh, ops: ready.ops });
  } catch (error) {
    // The supervisor says it, to whoever started that.
    process.exitCode = 1;
    await channel.failed(explain(error));
  }
}

async function supervise(options: ProcessOptions): Promise<void> {
  const clock = new SystemClock();
  // As it was called: a link to another version is followed anew at each start.
  const program = [...process.execArgv, ...process.argv.slice(1)];
  const { host, port, opsHost, opsPort } = options;
  process.exitCode = await runSupervisor({
    ...{ process, clock, random: systemRandom() },
    logger: openLog(join(options.data, "supervisor.log"), clock),
    program: { command: process.execPath, args: program, environment: process.env },
    listen: {
      [SOCKETS.ssh]: { kind: "tcp", host, port },
      [SOCKETS.ops]: { kind: "tcp", host: opsHost, port: opsPort },
    },
    pidFile: options.pidFile,
    onReady: (_first, addresses) => {
      const ssh = formatAddress(addresses.get(SOCKETS.ssh)!);
      const ops = `http://${formatAddress(addresses.get(SOCKETS.ops)!)}`;
      const ready = { ssh, ops, pid: process.pid };
      announce(options, ready);
    },
  });
}

/** Tells who started it, whether that is a program or a person. */
function announce(options: ProcessOptions, ready: ReadyProxy): void {
  process.send?.({ kind: "ready", ...ready, example: exampleOf(options, ready) });
  say(banner(options, ready));
}

/** One clear line for what a user can mend, a stack for what only we can. */
function fail(error: unknown): void {
  process.exitCode = 1;
  if (error instanceof UsageError) process.stderr.write(`${error.message}\n\n${USAGE}\n`);
  else process.stderr.write(`ssh-proxy: ${explain(error)}\n`);
}

function explain(error: unknown): string {
  if (error instanceof ServiceError) return error.message;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

main().catch(fail);
