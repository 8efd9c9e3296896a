/** What all clients have in common, and how a program of theirs is run. */
import { spawn } from "node:child_process";
import { once } from "node:events";

/** Where a client goes, and who it is; all that it trusts is in a file of the test. */
export interface Destination {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  /** Private key, OpenSSH's format. */
  readonly keyFile: string;
  /** Empty and of this client alone: its home, so that nothing of the user's is read or written. */
  readonly home: string;
  readonly knownHosts: string;
  /** `SHA256:…` of the server's keys, for clients that have no file for it. */
  readonly hostKeyFingerprints: readonly string[];
}

export interface Exec {
  readonly destination: Destination;
  readonly command: string;
  /** What it is given, with an end behind; default nothing but the end. */
  readonly stdin?: Uint8Array;
  /** Default 60 s: a client that takes longer hangs, and the test fails. */
  readonly timeoutMs?: number;
}

export interface ExecResult {
  readonly stdout: Buffer;
  readonly stderr: Buffer;
  /** Undefined when it ended by a signal; 255 of OpenSSH's client may be a failure of its own. */
  readonly status: number | undefined;
  /** Such as `TERM`, from clients that tell. */
  readonly signal: string | undefined;
}

/** A client that runs one command, and says how that ended. */
export interface SshClient {
  readonly name: string;
  /** Why it cannot be tested here, or false. */
  readonly skip: () => string | false;
  /** How it shows that a signal ended the command. */
  readonly tellsSignals: "by name" | "as a failure" | "not at all";
  exec(exec: Exec): Promise<ExecResult>;
}

const TIMEOUT_MS = 60_000;

export interface RunProgram {
  readonly program: string;
  readonly args: readonly string[];
  /** Undefined: its input ends at once. */
  readonly stdin?: Uint8Array | undefined;
  readonly environment?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  readonly timeoutMs?: number | undefined;
}

export interface RanProgram {
  readonly stdout: Buffer;
  readonly stderr: Buffer;
  /** What it wrote into its fourth file, where our own drivers say how the command ended. */
  readonly report: string;
  readonly exitCode: number | null;
}

/** Runs a program to its end; rejects when it takes too long or does not start. */
export async function runProgram(run: RunProgram): Promise<RanProgram> {
  const { program, args, stdin, environment = {}, timeoutMs = TIMEOUT_MS } = run;
  const child = spawn(program, args, {
    stdio: ["pipe", "pipe", "pipe", "pipe"],
    env: { ...process.env, ...environment },
    ...(run.cwd === undefined ? {} : { cwd: run.cwd }),
    timeout: timeoutMs,
    killSignal: "SIGKILL",
  });
  const pieces: Buffer[][] = [[], [], [], []];
  for (const index of [1, 2, 3]) {
    child.stdio[index]!.on("data", (piece: Buffer) => pieces[index]!.push(piece));
  }
  const input = child.stdin;
  // A command may end before it has read all that it was given.
  input.on("error", () => undefined);
  input.end(stdin);
  const [exitCode, signal] = (await once(child, "close")) as [number | null, string | null];
  const [, stdout, stderr, report] = pieces.map((list) => Buffer.concat(list));
  if (signal === "SIGKILL") {
    const said = `${stdout!.subarray(0, 500).toString()}\n${stderr!.toString()}`;
    throw new Error(`${program} ${args.join(" ")}: killed after ${timeoutMs} ms\n${said}`);
  }
  return { stdout: stdout!, stderr: stderr!, report: report!.toString(), exitCode };
}
