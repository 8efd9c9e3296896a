/** `holdfast up`: has a running program replaced by the version that is on disk now. */
import { resolve } from "node:path";
import { type Clock, escapeControl, SystemClock } from "@holdfast/core";
import {
  type Command,
  CommandError,
  type CommandInput,
  EXIT,
  textOption,
  usageError,
} from "./command.ts";
import type { Terminal } from "./terminal.ts";
import { upgradeAndWait } from "./up/await-outcome.ts";
import {
  findSupervisorByFile,
  findSupervisorByPid,
  type FoundSupervisor,
} from "./up/find-supervisor.ts";
import type { GenerationStatus, UpgradeReport, UpgradeStatus } from "./up/upgrade-status.ts";

const HELP = `holdfast up: replaces a running program by the version that is on disk now

usage: holdfast up --pid-file FILE
       holdfast up --pid PID

The program must run under a supervisor: ssh-proxy --supervised --pid-file FILE. The supervisor
(SIGUSR2 asks it, too) starts the new version beside the old one on the same sockets, waits until
it is ready, and only then lets the old one drain: no connection is refused, no session is broken.
When the new version does not become ready in time, or ends, it is rolled back: the old one goes
on as if nothing had been.

  --pid-file FILE  the pid file of the supervisor; beside it, in FILE.status, is how it is
  --pid PID        the supervisor; its pid file is taken from its command line (Linux only)

exit: 0 the new version serves, 1 it was rolled back or refused and the old one serves, 2 wrong
usage, 5 there is no such supervisor

examples:
  holdfast up --pid-file data/ssh-proxy/ssh-proxy.pid`;

export const upCommand: Command = {
  name: "up",
  summary: "replaces a running program by the version on disk, and nobody notices",
  help: HELP,
  options: { pid: { type: "string" }, "pid-file": { type: "string" } },
  run: (input, terminal) => runUp(input, terminal, new SystemClock()),
};

async function runUp(input: CommandInput, terminal: Terminal, clock: Clock): Promise<number> {
  const supervisor = findSupervisor(input, terminal);
  const { pid, status } = supervisor;
  const serving = status.current === undefined ? "" : `; ${nameOf(status.current)} serves`;
  terminal.out(
    `asked the supervisor (pid ${pid}) for the version on disk${escapeControl(serving)}`,
  );
  const { report, status: now } = await upgradeAndWait(supervisor, clock);
  if (report.kind !== "done") throw failed(report, now);
  for (const line of tellDone(report, now)) terminal.out(escapeControl(line));
  return EXIT.ok;
}

const SEE_HELP = "holdfast help up shows how";

function findSupervisor(input: CommandInput, terminal: Terminal): FoundSupervisor {
  const [word] = input.positionals;
  if (word !== undefined) throw usageError(`${word} is one word too many`, SEE_HELP);
  const pid = textOption(input.values, "pid");
  const pidFile = textOption(input.values, "pid-file");
  if ((pid === undefined) === (pidFile === undefined)) {
    const what = pid === undefined ? "which supervisor is missing" : "--pid and --pid-file are two";
    throw usageError(what, "give --pid-file FILE, or --pid PID");
  }
  if (pidFile !== undefined) return findSupervisorByFile(resolve(terminal.cwd, pidFile));
  // 0 would be a whole group of processes.
  if (!/^\d{1,9}$/.test(pid!) || Number(pid) < 1) {
    throw usageError(`--pid is ${pid}`, "it must be the number of a process");
  }
  return findSupervisorByPid(Number(pid));
}

function tellDone(report: UpgradeReport & { kind: "done" }, status: UpgradeStatus): string[] {
  const fresh = status.current?.pid === report.pid ? nameOf(status.current) : `pid ${report.pid}`;
  const lines = [`the new version serves: ${fresh}, ready after ${seconds(report.readyAfterMs)}`];
  if (report.oldPid === undefined) lines.push("the old one had ended already");
  for (const old of status.draining) lines.push(`draining: ${nameOf(old)}`);
  if (status.draining.length === 0) lines.push("nothing drains: every older session has ended");
  return lines;
}

function failed(report: UpgradeReport, status: UpgradeStatus): CommandError {
  const serving =
    status.current === undefined
      ? "the old one has ended meanwhile, the supervisor is starting another"
      : `the old version goes on as it was: ${nameOf(status.current)}`;
  const reason = "reason" in report ? report.reason : report.kind;
  const how = report.kind === "refused" ? "refused" : "rolled back";
  return new CommandError(EXIT.failed, escapeControl(`${how}: ${reason}`), escapeControl(serving));
}

function nameOf({ pid, info }: GenerationStatus): string {
  const details = Object.entries(info).map(([name, value]) => `${name} ${value}`);
  return details.length === 0 ? `pid ${pid}` : `pid ${pid} (${details.join(", ")})`;
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(2)} s`;
}
