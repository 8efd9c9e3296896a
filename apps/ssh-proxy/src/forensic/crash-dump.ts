/** What a crash leaves behind: the last events in a file, written before the process is gone. */
import { writeFileSync } from "node:fs";
import { type Clock, escapeControl } from "holdfast";
import { type EventRing, formatLines } from "./event-ring.ts";

/** The part of `process` that is needed here. */
export interface CrashingProcess {
  readonly pid: number;
  readonly stderr: { write(text: string): unknown };
  on(event: "uncaughtExceptionMonitor", listener: CrashListener): unknown;
  off(event: "uncaughtExceptionMonitor", listener: CrashListener): unknown;
}

type CrashListener = (error: unknown, origin: "uncaughtException" | "unhandledRejection") => void;

export interface CrashDumpParts {
  readonly process: CrashingProcess;
  readonly clock: Clock;
  readonly ring: EventRing;
}

/**
 * At an exception that nobody caught, or a rejection that nobody handled, writes the ring to
 * `PATH-EPOCHSECONDS-PID.jsonl`, its first line being the crash itself, and says so on standard
 * error. What happens to the process stays as it is: Node ends it, or whoever listens to
 * `uncaughtException`. The returned function takes the listener away.
 */
export function dumpOnCrash(parts: CrashDumpParts, path: string): () => void {
  const { process } = parts;
  const listener: CrashListener = (error, origin) => {
    process.stderr.write(`${dumpRing(parts, path, describe(error, origin))}\n`);
  };
  process.on("uncaughtExceptionMonitor", listener);
  return () => void process.off("uncaughtExceptionMonitor", listener);
}

/** Never throws: a crash within the crash would hide the first one. */
function dumpRing({ process, clock, ring }: CrashDumpParts, path: string, crash: object): string {
  const at = Math.round(clock.epochMs());
  const file = `${path}-${Math.floor(at / 1_000)}-${process.pid}.jsonl`;
  try {
    const head = formatLines([{ event: "crash", at, pid: process.pid, ...crash }]);
    // Not for everybody to read: who asked for what is in it. Never over another file.
    writeFileSync(file, head + ring.dump(), { flag: "wx", mode: 0o600 });
    return `the last events are in ${file}`;
  } catch (error) {
    return `the last events cannot be written to ${file}: ${messageOf(error)}`;
  }
}

function describe(error: unknown, origin: string): object {
  const stack = error instanceof Error ? (error.stack ?? "").split("\n").slice(1) : [];
  return {
    origin,
    error: messageOf(error),
    stack: stack.map((line) => escapeControl(line.trim())),
  };
}

function messageOf(error: unknown): string {
  return escapeControl(error instanceof Error ? error.message : String(error));
}
