/** Starts the ssh-proxy: one process, a supervisor of one, or such a one's worker. */
import { join } from "node:path";
import {
  formatAddress,
  handleSignals,
  openLog,
  ServiceError,
  SystemClock,
  systemRandom,
  systemRuntime,
} from "holdfast";
import { writeKnownHosts } from "./embedded/demo-files.ts";
import { dumpOnCrash } from "./forensic/crash-dump.ts";
import { banner, exampleOf, type ReadyProxy } from "./process/banner.ts";
import { parseProcessOptions, type ProcessOptions, USAGE, UsageError } from "./process/options.ts";
import { openProxyProcess, type ProxyProcess } from "./process/proxy-process.ts";
import { readSettings } from "./process/settings.ts";
import { runSupervisor } from "./process/upgrade/run-supervisor.ts";
import { openWorkerChannel, type WorkerChannel } from "./process/upgrade/worker-channel.ts";
import { SshKeyError } from "./ssh/keys/ssh-key-error.ts";

/** The name of the socket that a supervisor binds for its workers. */
const SOCKET = "ssh";

async function main(): Promise<void> {
  const args = process.argv.slice(2);
  if (args.includes("--help")) return say(USAGE);
  const options = parseProcessOptions(args);
  const channel = openWorkerChannel(process);
  if (channel !== undefined) return runWorker(options, channel);
  return options.supervised ? supervise(options) : runAlone(options);
}

async function runAlone(options: ProcessOptions): Promise<void> {
  const { ready } = await start(options, undefined);
  announce(options, ready);
}

async function runWorker(options: ProcessOptions, channel: WorkerChannel): Promise<void> {
  try {
    const { proxy, ready } = await start(options, channel);
    const { lifecycle } = proxy;
    channel.onSupervisorGone(() => void lifecycle.shutdown("the supervisor is gone"));
    await channel.ready({ ...ready, pid: String(ready.pid) });
  } catch (error) {
    // The supervisor says it, to whoever started that.
    process.exitCode = 1;
    await channel.failed(explain(error));
  }
}

async function supervise(options: ProcessOptions): Promise<void> {
  const clock = new SystemClock();
  const program = [...process.execArgv, import.meta.filename, ...process.argv.slice(2)];
  const { host, port } = options;
  process.exitCode = await runSupervisor({
    ...{ process, clock, random: systemRandom() },
    logger: openLog(join(options.data, "supervisor.log"), clock),
    program: { command: process.execPath, args: program, environment: process.env },
    listen: { [SOCKET]: { kind: "tcp", host, port } },
    pidFile: options.pidFile,
    onReady: ({ info }, addresses) => {
      const { ops = "" } = info;
      const ready = { ssh: formatAddress(addresses.get(SOCKET)!), ops, pid: process.pid };
      announce(options, ready);
    },
  });
}

/** Tells who started it, whether that is a program or a person. */
function announce(options: ProcessOptions, ready: ReadyProxy): void {
  process.send?.({ kind: "ready", ...ready, example: exampleOf(options, ready) });
  say(banner(options, ready));
}

async function start(
  options: ProcessOptions,
  channel: WorkerChannel | undefined,
): Promise<{ readonly proxy: ProxyProcess; readonly ready: ReadyProxy }> {
  const settings = readSettings(options.settings);
  const clock = new SystemClock();
  const logger = openLog(options.log, clock);
  const runtime = systemRuntime({ logger });
  const proxy = await openProxyProcess({
    ...{ options, settings, runtime },
    fileDescriptor: channel?.fileDescriptor(SOCKET),
    drain: channel === undefined ? undefined : (reason) => void channel.drainAll(reason),
    secrets: { consulToken: process.env["CONSUL_HTTP_TOKEN"] },
    environment: { PATH: process.env["PATH"] ?? "/usr/bin:/bin", HOME: options.data },
  });
  dumpOnCrash({ process, clock, ring: proxy.ring }, join(options.data, "crash"));
  const { lifecycle } = proxy;
  handleSignals(channel?.signals ?? process, lifecycle, {
    logger,
    onStopped: async ({ reason, cut }) => {
      const how = cut === 0 ? "every session ended by itself" : `${cut} sessions were cut off`;
      if (channel === undefined) say(`ssh-proxy ended (${reason}): ${how}`);
      await logger.flush();
    },
  });
  await lifecycle.start();
  const { address } = proxy.proxy;
  if (proxy.demo !== undefined && address.kind === "tcp") {
    writeKnownHosts(proxy.demo, address.host, address.port);
  }
  const ready = { ssh: formatAddress(address), ops: proxy.ops.url, pid: process.pid };
  return { proxy, ready };
}

/** One clear line for what a user can mend, a stack for what only we can. */
function fail(error: unknown): void {
  process.exitCode = 1;
  if (error instanceof UsageError) process.stderr.write(`${error.message}\n\n${USAGE}\n`);
  else process.stderr.write(`ssh-proxy: ${explain(error)}\n`);
}

function explain(error: unknown): string {
  if (error instanceof ServiceError || error instanceof SshKeyError) return error.message;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

main().catch(fail);
