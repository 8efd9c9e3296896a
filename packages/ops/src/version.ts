/**
 * What runs here, exactly: `<major>.<minor>.<commit#>-<sha10>-<yyyymmdd>.<hhmmss>` in a git
 * checkout (commit time, UTC), and the package's version where there is none.
 */
import { execFile } from "node:child_process";

/** Runs git with these arguments; rejects when git is missing, fails, or knows no such thing. */
export type RunGit = (commandArguments: readonly string[]) => Promise<string>;

/** A repository on a slow disk must not hold up a start for longer. */
const GIT_TIMEOUT_MS = 2_000;

/** `packageVersion` is that of package.json: its first two numbers stay, the third is counted. */
export async function describeVersion(packageVersion: string, runGit: RunGit): Promise<string> {
  const [major = "0", minor = "0"] = packageVersion.split(".");
  try {
    const [, count, log] = await Promise.all([
      // A package installed under somebody else's checkout is not in it.
      runGit(["ls-files", "--error-unmatch", "package.json"]),
      runGit(["rev-list", "--count", "HEAD"]),
      runGit(["log", "-1", "--format=%H %ct"]),
    ]);
    const match = /^([0-9a-f]{10})[0-9a-f]* (\d+)$/.exec(log.trim());
    if (match === null || !/^\d+$/.test(count.trim())) return packageVersion;
    return `${major}.${minor}.${count.trim()}-${match[1]}-${timestamp(Number(match[2]))}`;
  } catch {
    return packageVersion;
  }
}

/** Git in the directory of a package. */
export function gitIn(directory: string): RunGit {
  return (commandArguments) =>
    new Promise((resolve, reject) => {
      const options = { cwd: directory, timeout: GIT_TIMEOUT_MS };
      execFile("git", commandArguments, options, (error, stdout) => {
        if (error === null) resolve(stdout);
        else reject(error);
      });
    });
}

function timestamp(epochSeconds: number): string {
  const [date = "", time = ""] = new Date(epochSeconds * 1_000).toISOString().split(/[T.]/);
  return `${date.replaceAll("-", "")}.${time.replaceAll(":", "")}`;
}
