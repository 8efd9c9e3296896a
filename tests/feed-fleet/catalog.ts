/** A small git history to be shown by the feed: that of the checkout may be cut off. */
import { spawn } from "node:child_process";
import { once } from "node:events";

const COMMITS = 50;
const FIRST_SECONDS = 1_700_000_000;

/** Makes it in a folder that is there. */
export async function writeGitHistory(folder: string): Promise<void> {
  await run(folder, ["init", "--quiet", "--initial-branch=main"]);
  await run(folder, ["fast-import", "--quiet"], Array.from({ length: COMMITS }, commit).join(""));
}

function commit(_: unknown, index: number): string {
  const title = `Commit ${index}`;
  return [
    "commit refs/heads/main",
    `committer Somebody <somebody@example.com> ${FIRST_SECONDS + index} +0000`,
    `data ${title.length}`,
    `${title}\n`,
  ].join("\n");
}

async function run(folder: string, args: readonly string[], input?: string): Promise<void> {
  const stdin = input === undefined ? "ignore" : "pipe";
  const git = spawn("git", ["-C", folder, ...args], { stdio: [stdin, "ignore", "inherit"] });
  git.stdin?.end(input);
  const [code] = (await once(git, "exit")) as [number | null];
  if (code !== 0) throw new Error(`git ${args[0]} ended with ${code}`);
}
