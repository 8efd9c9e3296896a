/** What git and Mercurial themselves send is taken: each is run with a program in place of ssh. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { parseCommand } from "./parse-command.ts";

/** Says what its last argument was, which is the command, and fails. */
const RECORDER = '#!/bin/sh\nfor last; do :; done\nprintf "<%s>" "$last" >&2\nexit 1\n';

const folder = mkdtempSync(join(tmpdir(), "holdfast-real-clients-"));
const recorder = join(folder, "ssh");
writeFileSync(recorder, RECORDER);
chmodSync(recorder, 0o700);
after(() => rmSync(folder, { recursive: true, force: true }));

function sent(program: string, ...args: string[]): string {
  const env = { ...process.env, GIT_SSH_COMMAND: recorder, HGPLAIN: "1", LC_ALL: "C.UTF-8" };
  const { stderr } = spawnSync(program, args, { cwd: folder, env, encoding: "utf8" });
  return /<(.*)>/s.exec(stderr)?.[1] ?? assert.fail(`no command in: ${stderr}`);
}

function taken(program: string, ...args: string[]): unknown {
  return parseCommand(Buffer.from(sent(program, ...args)));
}

function isThere(program: string): boolean {
  return spawnSync(program, ["--version"]).status === 0;
}

describe("what git sends", { skip: isThere("git") ? false : "there is no git" }, () => {
  const read = { verb: "git-upload-pack", access: "read" };
  for (const [url, repository] of [
    ["ssh://git@host/team/x.git", "team/x.git"],
    ["ssh://git@host:2222/team/x.git/", "team/x.git"],
    ["git@host:team/x.git", "team/x.git"],
    ["git@host:/team/x.git", "team/x.git"],
    ["ssh://host/it's a!b", "it's a!b"],
    ["ssh://host/Größe.git", "Größe.git"],
    ["ssh://host/100%25", "100%"],
  ] as const) {
    it(`for ${url} is taken`, () => {
      assert.deepEqual(taken("git", "ls-remote", url), { ...read, repository });
    });
  }

  it("in its other spelling is taken", () => {
    const args = ["ls-remote", "--upload-pack=git upload-pack", "host:team/x.git"];
    assert.equal(sent("git", ...args), "git upload-pack 'team/x.git'");
    assert.deepEqual(taken("git", ...args), { ...read, repository: "team/x.git" });
  });

  it("for a push and for an archive is taken", () => {
    const name = ["-c", "user.name=a", "-c", "user.email=a@b.c"];
    const run = (...args: string[]): void => {
      assert.equal(spawnSync("git", ["-C", folder, ...name, ...args]).status, 0, args.join(" "));
    };
    run("init", "--quiet", "--initial-branch=main");
    run("commit", "--quiet", "--allow-empty", "--message=one");
    assert.deepEqual(taken("git", "push", "host:team/x.git", "main"), {
      ...{ verb: "git-receive-pack", access: "write", repository: "team/x.git" },
    });
    assert.deepEqual(taken("git", "archive", "--remote=host:team/x.git", "HEAD"), {
      ...{ verb: "git-upload-archive", access: "read", repository: "team/x.git" },
    });
  });

  for (const url of ["ssh://host/~/x", "host:../x", "ssh://host/a//b", "host:a;id", "host:$(id)"]) {
    it(`for ${url} is refused`, () => {
      assert.ok("refused" in parseCommand(Buffer.from(sent("git", "ls-remote", url))));
    });
  }
});

describe("what Mercurial sends", { skip: isThere("hg") ? false : "there is no hg" }, () => {
  for (const [url, repository] of [
    ["ssh://host/team/x", "team/x"],
    ["ssh://host//team/x", "team/x"],
    ["ssh://host/team/my%20project", "team/my project"],
    ["ssh://host/it's", "it's"],
  ] as const) {
    it(`for ${url} is taken`, () => {
      const command = taken("hg", "--config", `ui.ssh=${recorder}`, "identify", url);
      assert.deepEqual(command, { verb: "hg-serve", access: "write", repository });
    });
  }
});
