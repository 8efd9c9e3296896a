/** OpenSSH's ssh, scp and sftp, as programs with nothing of the user's configuration. */
import { skipWithout } from "../../servers/openssh/programs.ts";
import {
  type Destination,
  type Exec,
  type ExecResult,
  type RanProgram,
  runProgram,
  type SshClient,
} from "./client.ts";

/** What all three take: who we are and whom we trust, and no questions. */
export function opensshOptions(destination: Destination): string[] {
  const options = {
    BatchMode: "yes",
    ConnectTimeout: "20",
    GlobalKnownHostsFile: "/dev/null",
    IdentitiesOnly: "yes",
    IdentityAgent: "none",
    StrictHostKeyChecking: "yes",
    UserKnownHostsFile: destination.knownHosts,
    // Otherwise what a server says of its other keys is written to the file above.
    UpdateHostKeys: "no",
    LogLevel: "ERROR",
  };
  return [
    ...["-F", "none", "-i", destination.keyFile],
    ...Object.entries(options).flatMap(([name, value]) => ["-o", `${name}=${value}`]),
  ];
}

/** The command line that git and hg are given for their ssh. */
export function sshCommandLine(destination: Destination, more: readonly string[] = []): string {
  return ["ssh", ...more, ...opensshOptions(destination)].join(" ");
}

/** Runs ssh with options of its own; `more` stands before the others, so it wins. */
export async function runSsh(exec: Exec, more: readonly string[] = []): Promise<RanProgram> {
  const { destination, command, stdin, timeoutMs } = exec;
  const { host, port, user } = destination;
  const where = ["-p", String(port), `${user}@${host}`];
  const words = command === "" ? [] : ["--", command];
  return runProgram({
    program: "ssh",
    args: [...more, ...opensshOptions(destination), ...where, ...words],
    stdin,
    timeoutMs,
  });
}

export const opensshClient: SshClient = {
  name: "OpenSSH",
  skip: () => skipWithout("ssh"),
  tellsSignals: "as a failure",
  async exec(exec: Exec): Promise<ExecResult> {
    const { stdout, stderr, exitCode } = await runSsh(exec);
    return { stdout, stderr, status: exitCode ?? undefined, signal: undefined };
  },
};

/** Copies a file to the server; `legacy`: scp's own protocol instead of sftp's. */
export async function runScp(
  destination: Destination,
  from: string,
  to: string,
  legacy: boolean,
): Promise<RanProgram> {
  const { host, port, user } = destination;
  const mode = legacy ? ["-O"] : ["-s"];
  const where = ["-P", String(port), from, `${user}@${host}:${to}`];
  return runProgram({
    program: "scp",
    args: [...mode, ...opensshOptions(destination), ...where],
  });
}

/** Opens sftp with commands to give it. */
export async function runSftp(destination: Destination, batch: string): Promise<RanProgram> {
  const { host, port, user } = destination;
  return runProgram({
    program: "sftp",
    args: ["-b", "-", ...opensshOptions(destination), "-P", String(port), `${user}@${host}`],
    stdin: Buffer.from(batch),
  });
}
