/**
 * From what the user names to a supervisor that lives. Nothing is sent to a process that does not
 * say that it is one: SIGUSR2 ends a program that does not expect it.
 */
import { readFileSync, readlinkSync } from "node:fs";
import { resolve } from "node:path";
import { CommandError, EXIT, usageError } from "../command.ts";
import {
  parseUpgradeStatus,
  processStart,
  type UpgradeStatus,
  upgradeStatusFile,
} from "./upgrade-status.ts";

export interface FoundSupervisor {
  readonly pid: number;
  readonly statusFile: string;
  /** As it was when it was found. */
  readonly status: UpgradeStatus;
}

/** Throws a CommandError when it does not run, or is somebody else. */
export function findSupervisorByFile(pidFile: string): FoundSupervisor {
  const pid = readPid(pidFile);
  const statusFile = upgradeStatusFile(pidFile);
  if (!isAlive(pid)) {
    throw nobody(`process ${pid} has ended, ${pidFile} is what it left`, START);
  }
  const status = readStatus(statusFile);
  if (status === undefined) {
    throw nobody(`process ${pid} does not say in ${statusFile} that it is a supervisor`, UNSENT);
  }
  if (status.supervisorPid !== pid || status.supervisorStart !== processStart(pid)) {
    throw nobody(`process ${pid} is not the supervisor that wrote ${statusFile}`, UNSENT);
  }
  return { pid, statusFile, status };
}

const START = "a program that is started with --supervised --pid-file FILE can be upgraded";
const UNSENT = "nothing was sent to it; is it started with --supervised --pid-file FILE?";

/** By the process id alone: its command line says where its pid file is. Linux only. */
export function findSupervisorByPid(pid: number): FoundSupervisor {
  if (!isAlive(pid)) throw nobody(`there is no process ${pid}`, START);
  const pidFile = pidFileOf(pid);
  if (pidFile === undefined) {
    throw usageError(
      `where process ${pid} has its pid file cannot be seen; nothing was sent to it`,
      "give the file: holdfast up --pid-file FILE",
    );
  }
  const found = findSupervisorByFile(pidFile);
  if (found.pid !== pid) throw nobody(`${pidFile} names process ${found.pid}, not ${pid}`, UNSENT);
  return found;
}

/** What the supervisor says now; undefined when the file is not there, or is no status. */
export function readStatus(statusFile: string): UpgradeStatus | undefined {
  try {
    return parseUpgradeStatus(readFileSync(statusFile, "utf8"));
  } catch {
    return undefined;
  }
}

/** Also when it belongs to somebody else. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

function readPid(pidFile: string): number {
  let text: string;
  try {
    text = readFileSync(pidFile, "utf8");
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === "ENOENT") throw nobody(`there is no ${pidFile}`, START);
    throw new CommandError(EXIT.failed, `${pidFile} cannot be read (${code})`, START, cause);
  }
  const pid = /^\s*(\d{1,9})\s*$/.exec(text)?.[1];
  // 0 would be a whole group of processes.
  if (pid === undefined || Number(pid) < 1) throw usageError(`${pidFile} is no pid file`, START);
  return Number(pid);
}

const OPTION = "--pid-file";

function pidFileOf(pid: number): string | undefined {
  try {
    const words = readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0");
    const joined = words.find((word) => word.startsWith(`${OPTION}=`));
    const at = words.indexOf(OPTION);
    const file = joined?.slice(OPTION.length + 1) ?? (at < 0 ? undefined : words[at + 1]);
    return file === undefined ? undefined : resolve(readlinkSync(`/proc/${pid}/cwd`), file);
  } catch {
    return undefined;
  }
}

function nobody(message: string, advice: string): CommandError {
  return new CommandError(EXIT.cannotConnect, message, advice);
}
