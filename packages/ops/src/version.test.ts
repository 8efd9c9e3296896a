import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { promisify } from "node:util";
import { describeVersion, gitIn, type RunGit } from "./version.ts";

const run = promisify(execFile);

/** A git that answers from a list. */
function gitOf(answers: Record<string, string>): RunGit {
  return async (commandArguments) => {
    const answer = answers[commandArguments[0]!];
    if (answer === undefined) throw new Error(`git ${commandArguments[0]} failed`);
    return answer;
  };
}

const sha = "0123456789abcdef0123456789abcdef01234567";

describe("describeVersion", () => {
  it("is major, minor, commit count, hash and commit time in a checkout", async () => {
    const git = gitOf({
      "ls-files": "package.json\n",
      "rev-list": "137\n",
      log: `${sha} ${Date.UTC(2026, 10, 9, 8, 7, 6) / 1_000}\n`,
    });
    assert.equal(await describeVersion("2.4.9", git), "2.4.137-0123456789-20261109.080706");
  });

  it("is the package's version without git or commits, and outside a checkout", async () => {
    const full = { "ls-files": "package.json", "rev-list": "1", log: `${sha} 0` };
    for (const missing of Object.keys(full)) {
      const left = Object.entries(full).filter(([command]) => command !== missing);
      const git = gitOf(Object.fromEntries(left));
      assert.equal(await describeVersion("2.4.9", git), "2.4.9");
    }
    assert.equal(await describeVersion("2.4.9", gitOf({ ...full, log: "odd" })), "2.4.9");
    assert.equal(await describeVersion("2.4.9", gitOf({ ...full, "rev-list": "odd" })), "2.4.9");
  });

  it("asks a real git", async () => {
    const directory = await mkdtemp(join(tmpdir(), "holdfast-version-"));
    try {
      assert.equal(await describeVersion("1.2.3", gitIn(directory)), "1.2.3");
      await writeFile(join(directory, "package.json"), "{}");
      const settings = ["user.name=t", "user.email=t@example", "commit.gpgsign=false"];
      const identity = settings.flatMap((setting) => ["-c", setting]);
      const environment = { ...process.env, GIT_COMMITTER_DATE: "2026-11-09T08:07:06Z" };
      await run("git", ["init", "-q"], { cwd: directory });
      assert.equal(await describeVersion("1.2.3", gitIn(directory)), "1.2.3");
      await run("git", ["add", "package.json"], { cwd: directory });
      await run("git", [...identity, "commit", "-q", "-m", "first"], {
        cwd: directory,
        env: environment,
      });
      const version = await describeVersion("1.2.3", gitIn(directory));
      assert.match(version, /^1\.2\.1-[0-9a-f]{10}-20261109\.080706$/);
    } finally {
      await rm(directory, { recursive: true });
    }
  });
});
