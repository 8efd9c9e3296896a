import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { openLmdbHistoryStore } from "./lmdb/lmdb-store.ts";
import { StoreOwner } from "./owner.ts";
import { withDirectory } from "./testing/open-lmdb.ts";
import { startWriter } from "./testing/start-writer.ts";

const load = {
  journalMaxBytes: 65_536,
  firstId: 1,
  sets: 1_000_000,
  itemsPerSet: 1,
  inFlight: 1,
  users: 1,
};

test("refuses a second owner in the same process, naming the first", () =>
  withDirectory(async (directory) => {
    const store = await openLmdbHistoryStore({ directory });
    await assert.rejects(openLmdbHistoryStore({ directory }), {
      code: "unavailable",
      message: new RegExp(`${directory} is in use by process ${process.pid}; stop it`),
    });
    await store.close();
    const again = await openLmdbHistoryStore({ directory });
    await again.close();
  }));

test("refuses a second owner in another process until the first is gone, killed even", () =>
  withDirectory(async (directory) => {
    const writer = startWriter({ directory, ...load }, () => undefined);
    await writer.opened;
    const message = new RegExp(`in use by process ${writer.pid};`);
    await assert.rejects(openLmdbHistoryStore({ directory }), { code: "unavailable", message });
    writer.kill();
    await writer.ended;
    const store = await openLmdbHistoryStore({ directory });
    await store.close();
  }));

test("takes a store whose owner record is damaged", () =>
  withDirectory(async (directory) => {
    writeFileSync(join(directory, "owner.json"), "{");
    StoreOwner.acquire(directory).release();
    await Promise.resolve();
  }));

test("prints no warning of its own", () => {
  const program = `import { FileLock } from "${join(import.meta.dirname, "file-lock.ts")}";
    console.log(typeof FileLock);`;
  const run = spawnSync(process.execPath, ["--input-type=module", "-e", program], {
    encoding: "utf8",
  });
  assert.equal(run.stdout, "function\n");
  if (Number(process.versions.node.split(".")[0]) >= 26) assert.equal(run.stderr, "");
});
