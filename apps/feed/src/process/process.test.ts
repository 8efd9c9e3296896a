import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { type Exit, RunningFeed, startFeed } from "../testing/running-feed.ts";

describe("the feed program", () => {
  let directory = "";
  before(() => {
    directory = mkdtempSync(join(tmpdir(), "feed-"));
  });
  after(() => rmSync(directory, { recursive: true, force: true }));

  function args(...more: string[]): string[] {
    const places = ["--items", directory, "--log", join(directory, "feed.log")];
    return [...places, "--history", "at:127.0.0.1:1", "--port", "0", "--ops-port", "0", ...more];
  }

  it("starts, answers without a history, and ends with 0", async () => {
    const feed = await startFeed(args());
    assert.ok(feed instanceof RunningFeed, outputOf(feed));
    const [reply, ready] = await Promise.all([feed.refresh(7n, 3), fetch(`${feed.ops}/readyz`)]);
    assert.deepEqual(reply, { items: [], degraded: false });
    assert.equal(ready.status, 200);
    const { code, output } = await feed.end("SIGTERM");
    assert.equal(code, 0, output);
    assert.match(output, /feed ended \(.*\); 0 calls were cut off/);
  });

  it("answers with the newest items, degraded, when there is no history", async () => {
    // The history of this repository, of which there is at least one commit.
    const feed = await startFeed(args("--items", import.meta.dirname));
    assert.ok(feed instanceof RunningFeed, outputOf(feed));
    const { items, degraded } = await feed.refresh(7n, 1);
    assert.equal(degraded, true);
    assert.equal(items.length, 1);
    assert.equal((await feed.end("SIGINT")).code, 0);
    const log = readFileSync(join(directory, "feed.log"), "utf8");
    assert.match(log, /answered without the history/);
  });

  it("says in one line that its port is taken", async () => {
    const other = createServer().listen(0, "127.0.0.1");
    await once(other, "listening");
    const { port } = other.address() as AddressInfo;
    const exit = await startFeed(args("--port", String(port)));
    other.close();
    assertRefused(exit, new RegExp(`port ${port} on 127.0.0.1 is taken by another process`));
    assert.equal(outputOf(exit).trim().split("\n").length, 1, outputOf(exit));
  });

  it("says in one line which option is wrong, and then what there is", async () => {
    const exit = await startFeed(args("--port", "70000"));
    assertRefused(exit, /^--port is 70000; it must be a whole number from 0 to 65535\n\nfeed: /);
  });

  it("says which option there is not", async () => {
    assertRefused(await startFeed(args("--colour", "red")), /^.*--colour.*\n\nfeed: /);
  });
});

function assertRefused(exit: RunningFeed | Exit, why: RegExp): void {
  assert.ok(!(exit instanceof RunningFeed), "it started");
  assert.equal(exit.code, 1);
  assert.match(exit.output, why);
}

function outputOf(exit: RunningFeed | Exit): string {
  return exit instanceof RunningFeed ? "it started" : exit.output;
}
