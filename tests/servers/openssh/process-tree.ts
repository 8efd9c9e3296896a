/** The processes below a process, as Linux knows them: what a server runs for its clients. */
import { readdirSync, readFileSync } from "node:fs";

export interface ProcessEntry {
  readonly pid: number;
  readonly parentPid: number;
  /** Its words, with blanks between. */
  readonly command: string;
}

/** All processes below `pid`, not itself; parents before children. */
export function processesBelow(pid: number): ProcessEntry[] {
  const all = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  const entries = all
    .map((name) => readProcess(Number(name)))
    .filter((entry) => entry !== undefined);
  const found: ProcessEntry[] = [];
  for (let parents = [pid]; parents.length > 0;) {
    const children = entries.filter(({ parentPid }) => parents.includes(parentPid));
    found.push(...children);
    parents = children.map((child) => child.pid);
  }
  return found;
}

/** Whether it runs; one that has ended and was not waited for does not. */
export function isAlive(pid: number): boolean {
  return readProcess(pid) !== undefined;
}

function readProcess(pid: number): ProcessEntry | undefined {
  try {
    // The name in brackets may contain anything, brackets too.
    const [state = "", parent = ""] = readFileSync(`/proc/${pid}/stat`, "latin1")
      .replace(/^.*\) /s, "")
      .split(" ");
    if (state === "Z" || state === "X") return undefined;
    const command = readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ").trim();
    return { pid, parentPid: Number(parent), command };
  } catch {
    // It ended while we looked.
    return undefined;
  }
}
