/** PuTTY's plink, with keys that puttygen turned into its own format. */
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { skipWithout } from "../../servers/openssh/programs.ts";
import {
  type Destination,
  type Exec,
  type ExecResult,
  runProgram,
  type SshClient,
} from "./client.ts";

/** What PuTTY adds to a signal's number (RFC 4254 has no number), as shells do. */
const SIGNALLED = 128;

export const puttyClient: SshClient = {
  name: "plink",
  skip: () => skipWithout("plink", "puttygen"),
  tellsSignals: "as a failure",
  async exec({ destination, command, stdin, timeoutMs }: Exec): Promise<ExecResult> {
    const { host, port, user } = destination;
    const { stdout, stderr, exitCode } = await runProgram({
      program: "plink",
      args: [
        ...["-ssh", "-batch", "-noagent", "-P", String(port), "-l", user],
        ...["-i", puttyKey(destination.keyFile)],
        ...destination.hostKeyFingerprints.flatMap((print) => ["-hostkey", print]),
        ...[host, command],
      ],
      environment: puttyEnvironment(destination),
      stdin,
      timeoutMs,
    });
    const status = exitCode === null || exitCode > SIGNALLED ? undefined : exitCode;
    return { stdout, stderr, status, signal: undefined };
  },
};

/** The command line that git and hg are given for their ssh; it needs `puttyEnvironment`. */
export function plinkCommandLine({ keyFile, hostKeyFingerprints }: Destination): string {
  const trusted = hostKeyFingerprints.flatMap((print) => ["-hostkey", print]);
  return ["plink", "-ssh", "-batch", "-noagent", "-i", puttyKey(keyFile), ...trusted].join(" ");
}

export function puttyEnvironment({ home }: Destination): NodeJS.ProcessEnv {
  return { HOME: home, PUTTYDIR: home };
}

/** The key in PuTTY's format, made once. */
function puttyKey(keyFile: string): string {
  const file = `${keyFile}.ppk`;
  if (!existsSync(file)) execFileSync("puttygen", [keyFile, "-O", "private", "-o", file]);
  return file;
}
