/** Dropbear's dbclient. It has its keys in a format of its own, and known hosts without ports. */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { skipWithout } from "../../servers/openssh/programs.ts";
import {
  type Destination,
  type Exec,
  type ExecResult,
  runProgram,
  type SshClient,
} from "./client.ts";

export const dropbearClient: SshClient = {
  name: "dbclient",
  skip: () => skipWithout("dbclient", "dropbearconvert"),
  tellsSignals: "not at all",
  async exec({ destination, command, stdin, timeoutMs }: Exec): Promise<ExecResult> {
    const { host, port, user } = destination;
    trustServer(destination);
    const { stdout, stderr, exitCode } = await runProgram({
      program: "dbclient",
      args: ["-T", "-p", String(port), "-l", user, "-i", ownKey(destination), host, command],
      environment: { HOME: destination.home },
      stdin,
      timeoutMs,
    });
    return { stdout, stderr, status: exitCode ?? undefined, signal: undefined };
  },
};

/** The key in Dropbear's format, made once. */
function ownKey({ keyFile }: Destination): string {
  const file = `${keyFile}.dropbear`;
  if (!existsSync(file)) {
    execFileSync("dropbearconvert", ["openssh", "dropbear", keyFile, file], { stdio: "ignore" });
  }
  return file;
}

function trustServer({ home, host, knownHosts }: Destination): void {
  const folder = join(home, ".ssh");
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const lines = readFileSync(knownHosts, "utf8").replaceAll(/^\[.*?\]:\d+/gm, host);
  writeFileSync(join(folder, "known_hosts"), lines);
}
