import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import { int64Max, item, read } from "../history-store.contract.ts";
import type { HistoryStore } from "../history-store.ts";
import { encodeItemWire } from "../item-wire.ts";
import type { StoreError } from "../store-error.ts";
import { withDirectory } from "../testing/open-lmdb.ts";
import { openLmdbHistoryStore } from "./lmdb-store.ts";

const mebibyte = 2 ** 20;

test("refuses sets, keeps what it has and takes sets again when the disk has room", (context) =>
  withDirectory(async (directory) => {
    const mount = (options: string) =>
      spawnSync("mount", ["-t", "tmpfs", "-o", options, "tmpfs", directory]).status === 0;
    if (!mount("size=12m")) {
      context.skip("NOT TESTED: a disk that fills up; it takes root, and mount");
      return;
    }
    let store: HistoryStore | undefined;
    try {
      store = await openLmdbHistoryStore({ directory, journalMaxBytes: 2 * mebibyte });
      const stored = await fill(
        store,
        /^disk full: nothing more fits into .* \(\d+ KiB are free\)/,
      );
      assert.ok(stored.length > 20, `${stored.length} sets`);
      checkAll(store, stored);
      await store.close();
      // Opening again must not need room.
      store = await openLmdbHistoryStore({ directory, journalMaxBytes: 2 * mebibyte });
      checkAll(store, stored);
      assert.ok(mount("remount,size=40m"));
      await store.set(1n, [encodeItemWire(item(1_000_000n, 1n))]);
      checkAll(store, [...stored, 1_000_000]);
    } finally {
      await store?.close();
      assert.equal(spawnSync("umount", [directory]).status, 0);
    }
  }));

test("refuses sets beyond dataMaxBytes and goes on reading", () =>
  withDirectory(async (directory) => {
    const limits = { dataMaxBytes: 4 * mebibyte, journalMaxBytes: mebibyte };
    const store = await openLmdbHistoryStore({ directory, ...limits });
    const stored = await fill(store, /^store full: the data files have \d+ bytes of dataMaxBytes/);
    checkAll(store, stored);
    await store.close();
    const larger = await openLmdbHistoryStore({ directory, dataMaxBytes: 64 * mebibyte });
    await larger.set(1n, [encodeItemWire(item(1_000_000n, 1n))]);
    checkAll(larger, [...stored, 1_000_000]);
    await larger.close();
  }));

test("rejects every set of a group whose commit failed", () =>
  withDirectory(async (directory) => {
    const limits = { dataMaxBytes: mebibyte, journalMaxBytes: mebibyte };
    const store = await openLmdbHistoryStore({ directory, ...limits });
    await fill(store, /^store full/);
    const results = await Promise.allSettled(
      Array.from({ length: 10 }, (_, user) => store.set(BigInt(user), wiresAt(2_000_000))),
    );
    assert.ok(results.every((result) => result.status === "rejected"));
    assert.equal(read(store, 5n, 0n, int64Max, 10).items.length, 0);
    await store.close();
  }));

/** Sets until one is refused; returns the times that were acknowledged. */
async function fill(store: HistoryStore, message: RegExp): Promise<number[]> {
  const stored: number[] = [];
  for (let time = 0; time < 10_000; time += 1) {
    try {
      await store.set(1n, wiresAt(time));
      stored.push(time);
    } catch (error) {
      assert.equal((error as StoreError).code, "unavailable");
      assert.match((error as StoreError).message, message);
      return stored;
    }
  }
  return assert.fail("it never got full");
}

/** 30 items of 3 KiB. */
function wiresAt(time: number): Uint8Array[] {
  return Array.from({ length: 30 }, (_, index) =>
    encodeItemWire(item(BigInt(time), BigInt(index), "x".repeat(3000))),
  );
}

function checkAll(store: HistoryStore, times: readonly number[]): void {
  const { items } = read(store, 1n, 0n, int64Max, 1_000_000);
  const found = new Set(items.map((wire) => Number(wire.readBigUInt64BE(14))));
  const lost = times.filter((time) => !found.has(time));
  assert.deepEqual(lost, []);
}
