/** OpenSSH's ControlMaster: one connection, and sessions on it that are programs of their own. */
import { join } from "node:path";
import { until } from "../until.ts";
import { type Destination, runProgram } from "./client.ts";
import { opensshOptions } from "./openssh.ts";
import { RunningProgram } from "./running-program.ts";

export interface ControlMaster extends AsyncDisposable {
  readonly at: Destination;
  readonly program: RunningProgram;
  readonly socket: string;
}

/** A connection without a session of its own. */
export async function startControlMaster(at: Destination): Promise<ControlMaster> {
  const socket = join(at.home, "control");
  const where = ["-p", String(at.port), `${at.user}@${at.host}`];
  const program = new RunningProgram("ssh", [
    // It says what was refused to the one who asks, and why only in its own log.
    ...["-M", "-N", "-S", socket, "-o", "LogLevel=INFO"],
    ...opensshOptions(at),
    ...where,
  ]);
  const isUp = async (): Promise<boolean> => {
    const check = ["-S", socket, "-O", "check", ...where];
    return (await runProgram({ program: "ssh", args: ["-F", "none", ...check] })).exitCode === 0;
  };
  await until("control socket", isUp, { instead: () => program.stderr });
  return { at, program, socket, [Symbol.asyncDispose]: () => program.kill() };
}

/** One session on it, for a case; it does not go on with a connection of its own. */
export function startSession({ at, socket }: ControlMaster, name: string): RunningProgram {
  const where = ["-p", String(at.port), `${at.user}@${at.host}`, `git-upload-pack 'cases/${name}'`];
  const alone = ["-S", socket, "-o", "ProxyCommand=false"];
  return new RunningProgram("ssh", [...alone, ...opensshOptions(at), ...where]);
}

/** One session on a connection of its own. */
export function startAlone(at: Destination, name: string): RunningProgram {
  const where = ["-p", String(at.port), `${at.user}@${at.host}`, `git-upload-pack 'cases/${name}'`];
  return new RunningProgram("ssh", [...opensshOptions(at), ...where]);
}
