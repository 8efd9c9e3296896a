/** Starts writer processes for tests and follows what they acknowledge. */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { StoreWriter } from "../lmdb/writer/store-writer.ts";
import type { WriterPlan } from "./writer-process.ts";

export interface Writer {
  readonly pid: number;
  /** Resolves when the store is open in the process; rejects when the process ends before. */
  readonly opened: Promise<void>;
  /** Resolves with the exit code, or the signal that ended it. */
  readonly ended: Promise<number | string>;
  readonly errors: () => string;
  kill(): void;
}

/**
 * `onSet` is called with the number of each acknowledged set, as the process says it. With
 * `through` the process is one of several, and that writer writes for it.
 */
export function startWriter(
  plan: WriterPlan,
  onSet: (index: number) => void,
  through?: StoreWriter,
): Writer {
  const program = join(import.meta.dirname, "writer-process.ts");
  const shared = through !== undefined;
  const child = spawn(process.execPath, [program, JSON.stringify({ ...plan, shared })], {
    stdio: ["ignore", "pipe", "pipe", "ipc"],
    serialization: "advanced",
  });
  through?.serve(child);
  let errors = "";
  child.stderr!.on("data", (text) => (errors += String(text)));
  const opened = Promise.withResolvers<void>();
  const lines = createInterface({ input: child.stdout! });
  lines.on("line", (line) => {
    if (line === "open") opened.resolve();
    else onSet(Number(line));
  });
  const ended = endOf(child, lines).then((end) => {
    opened.reject(new Error(`the writer ended with ${end}: ${errors}`));
    return end;
  });
  // Not every test waits for the opening.
  opened.promise.catch(() => undefined);
  return {
    pid: child.pid!,
    opened: opened.promise,
    ended,
    errors: () => errors,
    kill: () => child.kill("SIGKILL"),
  };
}

/** After the last line has been read: what was said before the end counts. */
async function endOf(
  child: ChildProcess,
  lines: ReturnType<typeof createInterface>,
): Promise<number | string> {
  const [[code, signal]] = await Promise.all([
    once(child, "close") as Promise<[number | null, string | null]>,
    once(lines, "close"),
  ]);
  return code ?? signal ?? "nothing";
}
