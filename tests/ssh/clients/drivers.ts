/**
 * Libraries as clients: paramiko, asyncssh and Go's x/crypto, each behind a small program of ours
 * with the same words: `HOST PORT USER KEY KNOWN-HOSTS TIMES CONNECTIONS COMMAND`. It runs the
 * command TIMES times over CONNECTIONS connections. Once: its own input and outputs are the
 * command's. More often: each must give what the first gave. How it ended is written, as JSON, into
 * file 3.
 */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { type Exec, type ExecResult, runProgram, type SshClient } from "./client.ts";

const PYTHON = "/usr/bin/python3";
const MISSING_TOOLCHAIN = 3;

export interface DrivenClient extends SshClient {
  /** Runs a command many times; what each run gave, which is the same. */
  execOften(exec: Exec, times: number, connections: number): Promise<ExecResult>;
}

interface Driver {
  readonly name: string;
  readonly skip: () => string | false;
  /** The program and its first words. */
  readonly command: () => readonly [string, ...string[]];
}

function drive({ name, skip, command }: Driver): DrivenClient {
  const execOften = async (
    { destination, command: asked, stdin, timeoutMs }: Exec,
    times: number,
    connections: number,
  ): Promise<ExecResult> => {
    const { host, port, user, keyFile, knownHosts, home } = destination;
    const [program, ...first] = command();
    const counts = [String(times), String(connections)];
    const ran = await runProgram({
      program,
      args: [...first, host, String(port), user, keyFile, knownHosts, ...counts, asked],
      environment: { HOME: home },
      stdin,
      timeoutMs,
    });
    if (ran.exitCode !== 0 || ran.report === "") {
      throw new Error(`${name} failed (${ran.exitCode}): ${ran.stderr.toString()}`);
    }
    const { status, signal } = JSON.parse(ran.report) as { status?: number; signal?: string };
    return { stdout: ran.stdout, stderr: ran.stderr, status, signal };
  };
  return { name, skip, tellsSignals: "by name", execOften, exec: (exec) => execOften(exec, 1, 1) };
}

function skipPython(module: string): string | false {
  const { status } = spawnSync(PYTHON, ["-c", `import ${module}`], { stdio: "ignore" });
  if (status === 0) return false;
  return skipLoudly(`python3-${module} not installed: run sh tools/setup.sh`);
}

function skipLoudly(said: string): string {
  if (process.env["CI"] === "true") throw new Error(said);
  console.error(said);
  return said;
}

const python = (name: string): DrivenClient =>
  drive({
    name,
    skip: () => skipPython(name),
    command: () => [PYTHON, "-W", "ignore", join(import.meta.dirname, `${name}_driver.py`)],
  });

/** It says of a signal that there was one, not which. */
export const paramikoClient: DrivenClient = {
  ...python("paramiko"),
  tellsSignals: "as a failure",
};
export const asyncsshClient: DrivenClient = python("asyncssh");

function buildGo(): { status: number | null; said: string; program: string } {
  const setup = spawnSync("sh", [join(import.meta.dirname, "go", "setup.sh")], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
  });
  return { status: setup.status, said: setup.stderr.trim(), program: setup.stdout.trim() };
}

export const goClient: DrivenClient = drive({
  name: "x/crypto",
  skip: () => {
    const { status, said } = buildGo();
    if (status === 0) return false;
    if (status === MISSING_TOOLCHAIN) return skipLoudly(said);
    throw new Error(`the Go client was not built (${status}):\n${said}`);
  },
  command: () => [buildGo().program],
});
