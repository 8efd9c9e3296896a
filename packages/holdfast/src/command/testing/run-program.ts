/** For tests: runs a program to its end, or until it has said what is waited for. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { delimiter, dirname, join } from "node:path";
import { createInterface } from "node:readline";

/** The command as it runs in the repository. */
export const HOLDFAST = join(import.meta.dirname, "..", "main.ts");

export interface ProgramRun {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunProgram {
  readonly cwd: string;
  readonly timeoutMs: number;
  readonly environment?: Readonly<Record<string, string>>;
}

/** Resolves with what it printed, whatever its exit code is; null when it took too long. */
export async function runProgram(
  program: string,
  args: readonly string[],
  options: RunProgram,
): Promise<ProgramRun> {
  const child = start(program, args, options);
  let stdout = "";
  let stderr = "";
  child.stdout?.on("data", (data: Buffer) => (stdout += data.toString()));
  child.stderr?.on("data", (data: Buffer) => (stderr += data.toString()));
  const [code] = (await once(child, "close")) as [number | null];
  return { code, stdout, stderr };
}

export interface StartedProgram {
  readonly child: ChildProcess;
  /** The match in the line that was waited for. */
  readonly match: RegExpExecArray;
}

/** Resolves once a line of its standard output matches; rejects when it ends before. */
export async function startProgram(
  program: string,
  args: readonly string[],
  options: RunProgram & { readonly until: RegExp },
): Promise<StartedProgram> {
  const child = start(program, args, options);
  let said = "";
  child.stderr?.on("data", (data: Buffer) => (said += data.toString()));
  const lines = createInterface({ input: child.stdout! });
  return new Promise((resolve, reject) => {
    lines.on("line", (line) => {
      said += `${line}\n`;
      const match = options.until.exec(line);
      if (match !== null) resolve({ child, match });
    });
    child.once("error", reject);
    child.once("close", () => reject(new Error(`${program} ended:\n${said}`)));
  });
}

/** With this Node first in the path: npm and its scripts run on it too. */
function start(program: string, args: readonly string[], options: RunProgram): ChildProcess {
  const path = [dirname(process.execPath), process.env["PATH"] ?? ""].join(delimiter);
  return spawn(program, args, {
    cwd: options.cwd,
    env: { ...process.env, ...options.environment, PATH: path },
    stdio: ["ignore", "pipe", "pipe"],
    timeout: options.timeoutMs,
    killSignal: "SIGKILL",
  });
}
