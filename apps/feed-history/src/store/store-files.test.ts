import assert from "node:assert/strict";
import { chmodSync, mkdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { item, read } from "./history-store.contract.ts";
import { encodeItemWire } from "./item-wire.ts";
import { openLmdbHistoryStore } from "./lmdb/lmdb-store.ts";
import { withDirectory } from "./testing/open-lmdb.ts";

test("refuses a path that is a file, or below one", () =>
  withDirectory(async (directory) => {
    const file = join(directory, "file");
    writeFileSync(file, "");
    await refuses(file, /data directory .*file cannot be used: not a directory/);
    await refuses(join(file, "below"), /data directory .*below cannot be used: not a directory/);
  }));

test("refuses a directory it may not write, or a data file it may not", (context) =>
  withDirectory(async (directory) => {
    await makeStore(directory);
    const closed = join(directory, "closed");
    mkdirSync(closed, { mode: 0o500 });
    chmodSync(join(directory, "pages", "data.mdb"), 0o000);
    // Root may do everything: as somebody else, if this process can become that.
    const isRoot = process.geteuid?.() === 0;
    if (isRoot) {
      chmodSync(directory, 0o777);
      process.seteuid!(65_534);
    }
    try {
      await refuses(closed, /closed/);
      await refuses(directory, /data\.mdb cannot be used: .*permission denied/);
    } finally {
      if (isRoot) process.seteuid!(0);
    }
    context.diagnostic(isRoot ? "ran as user 65534" : "ran as an ordinary user");
  }));

test("refuses a data file that is damaged at its beginning", () =>
  withDirectory(async (directory) => {
    await makeStore(directory);
    const path = join(directory, "pages", "data.mdb");
    const sound = readFileSync(path);
    for (const [offset, bytes] of [
      [0, sound.length],
      [24, 4],
      [48, 4],
      [8192 + 24, 4],
    ] as const) {
      writeFileSync(path, Buffer.from(sound).fill(0x5a, offset, offset + bytes));
      await refuses(directory, /data\.mdb is damaged: no LMDB roots/);
    }
    writeFileSync(path, sound);
    await checkStore(directory);
  }));

test("refuses a data file that is cut off, empty or missing", () =>
  withDirectory(async (directory) => {
    await makeStore(directory, 400);
    const path = join(directory, "pages", "data.mdb");
    const bytes = readFileSync(path).length;
    truncateSync(path, Math.floor(bytes / 3));
    await refuses(directory, new RegExp(`is cut off: ${Math.floor(bytes / 3)} bytes of ${bytes}`));
    for (const rest of [5000, 100, 0]) {
      truncateSync(path, rest);
      await refuses(directory, /is damaged|is cut off/);
    }
    rmSync(path);
    await refuses(directory, /data\.mdb cannot be used: ENOENT/);
  }));

test("makes up for free pages that LMDB left off the end of its file", () =>
  withDirectory(async (directory) => {
    await makeStore(directory);
    const path = join(directory, "pages", "data.mdb");
    const bytes = readFileSync(path);
    // The root says that the file is longer: pages nobody has written yet.
    const lastPage = bytes.readBigUInt64LE(144);
    bytes.writeBigUInt64LE(lastPage + 5n, 144);
    bytes.writeBigUInt64LE(lastPage + 5n, 8192 + 144);
    writeFileSync(path, bytes);
    await checkStore(directory);
  }));

test("refuses another format, and a directory that is something else's", () =>
  withDirectory(async (directory) => {
    await makeStore(directory);
    const path = join(directory, "format.json");
    writeFileSync(path, '{"store":"holdfast feed-history","format":1}');
    await refuses(directory, /has format 1; this program reads format 2/);
    writeFileSync(path, '{"store":"something else","format":1}');
    await refuses(directory, /not that of a feed-history store/);
    writeFileSync(path, "{");
    await refuses(directory, /not that of a feed-history store/);
  }));

test("refuses a state of another format inside the data file", () =>
  withDirectory(async (directory) => {
    await makeStore(directory);
    const path = join(directory, "journal", "data.mdb");
    const bytes = readFileSync(path);
    const state = Buffer.alloc(16);
    state.writeDoubleLE(2, 0);
    state.writeDoubleLE(1, 8);
    let found = 0;
    for (let at = bytes.indexOf(state); at >= 0; at = bytes.indexOf(state, at + 1)) {
      bytes.writeDoubleLE(9, at);
      found += 1;
    }
    assert.ok(found > 0);
    writeFileSync(path, bytes);
    await refuses(directory, /has format 9; this program reads format 2/);
  }));

async function refuses(directory: string, message: RegExp): Promise<void> {
  await assert.rejects(openLmdbHistoryStore({ directory }), { code: "unavailable", message });
}

async function makeStore(directory: string, sets = 1): Promise<void> {
  const store = await openLmdbHistoryStore({ directory, journalMaxBytes: 65_536 });
  for (let index = 0; index < sets; index += 1) {
    await store.set(1n, [encodeItemWire(item(BigInt(index), 1n, "x".repeat(4000)))]);
  }
  await store.close();
}

async function checkStore(directory: string): Promise<void> {
  const store = await openLmdbHistoryStore({ directory });
  assert.equal(read(store, 1n, 0n, 1n, 10).items.length, 1);
  await store.close();
}
