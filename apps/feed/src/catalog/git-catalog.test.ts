import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { ItemKind } from "../gen/feed_history.ts";
import { gitCatalog } from "./git-catalog.ts";

const FIRST_SECONDS = 1_700_000_000;

describe("a git history as a catalog", () => {
  let folder = "";
  before(() => {
    folder = mkdtempSync(join(tmpdir(), "feed-items-"));
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  function git(...args: string[]): string {
    return execFileSync("git", ["-C", folder, ...args], { encoding: "utf8", stdio: "pipe" });
  }

  function commit(subject: string, seconds: number): string {
    const who = ["-c", "user.name=Somebody", "-c", "user.email=somebody@example.com"];
    const date = `${seconds} +0000`;
    execFileSync("git", ["-C", folder, ...who, "commit", "-q", "--allow-empty", "-m", subject], {
      env: { ...process.env, GIT_AUTHOR_DATE: date, GIT_COMMITTER_DATE: date },
      stdio: "pipe",
    });
    return git("rev-parse", "HEAD").trim();
  }

  it("is empty where there is no history", async () => {
    assert.deepEqual((await gitCatalog(folder)).items, []);
    assert.deepEqual((await gitCatalog(join(folder, "missing"))).items, []);
  });

  it("has an item for each commit, with its subject and its time", async () => {
    git("init", "-q");
    commit("The first one", FIRST_SECONDS);
    const hash = commit('A title  with two spaces, "quotes" and ümlauts', FIRST_SECONDS + 1);
    const { items } = await gitCatalog(folder);
    assert.equal(items.length, 2);
    assert.deepEqual(items[0], {
      itemId: BigInt(`0x${hash.slice(0, 13)}`),
      publishedMs: BigInt(FIRST_SECONDS + 1) * 1_000n,
      title: 'A title  with two spaces, "quotes" and ümlauts',
      kind: ItemKind.ARTICLE,
    });
    assert.equal(items[1]!.title, "The first one");
  });
});
