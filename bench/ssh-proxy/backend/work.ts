// The commands that the benchmark has run at its sshd: all look like a fetch, because that is what
// a proxy for Git lets through; forced-command.sh does what the path says.

/** Repositories' paths begin with it; a proxy with routes passes all below. */
export const WORK_PREFIX = "bench";

export type Work = "true" | "words" | "cat" | "count" | `zero-${number}` | `endless-${string}`;

/** The command, as a Git client would write it. */
export function workCommand(work: Work): string {
  return `git-upload-pack '/${WORK_PREFIX}/${work}.git'`;
}

/** What `git clone` is given. */
export function repositoryUrl(user: string, port: number): string {
  return `ssh://${user}@127.0.0.1:${port}/${WORK_PREFIX}/repository.git`;
}
