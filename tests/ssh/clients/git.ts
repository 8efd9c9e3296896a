/** git over ssh, with nothing of the user's configuration. */
import type { Destination, RanProgram } from "./client.ts";
import { runProgram } from "./client.ts";
import { sshCommandLine } from "./openssh.ts";

export interface GitOptions {
  /** Default 2, as git's own. */
  readonly protocol?: 0 | 1 | 2;
  readonly cwd?: string;
  readonly environment?: NodeJS.ProcessEnv;
}

/** Where a repository is for a client. */
export function urlOf({ host, port, user }: Destination, repository: string): string {
  return `ssh://${user}@${host}:${port}/${repository}`;
}

export async function runGit(
  destination: Destination,
  args: readonly string[],
  { protocol = 2, cwd = destination.home, environment = {} }: GitOptions = {},
): Promise<RanProgram> {
  return runProgram({
    program: "git",
    args: ["-c", `protocol.version=${protocol}`, ...args],
    cwd,
    environment: { ...gitEnvironment(destination), ...environment },
  });
}

/** The same, which must succeed; what it wrote to its output. */
export async function git(
  destination: Destination,
  args: readonly string[],
  options: GitOptions = {},
): Promise<string> {
  const { stdout, stderr, exitCode } = await runGit(destination, args, options);
  if (exitCode !== 0) throw new Error(`git ${args.join(" ")}: ${exitCode}\n${stderr.toString()}`);
  return stdout.toString();
}

export function gitEnvironment(destination: Destination): NodeJS.ProcessEnv {
  return {
    HOME: destination.home,
    GIT_CONFIG_NOSYSTEM: "1",
    GIT_CONFIG_GLOBAL: "/dev/null",
    GIT_TERMINAL_PROMPT: "0",
    GIT_SSH_COMMAND: sshCommandLine(destination),
    GIT_AUTHOR_NAME: "Ann",
    GIT_AUTHOR_EMAIL: "ann@example.com",
    GIT_COMMITTER_NAME: "Ann",
    GIT_COMMITTER_EMAIL: "ann@example.com",
    LC_ALL: "C",
  };
}
