/**
 * A power cut leaves each file as its last commit that returned made it. So the states a store
 * can be found in are those between two commits; this goes through them one by one.
 */
import assert from "node:assert/strict";
import { cpSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { int64Max, item } from "../history-store.contract.ts";
import { encodeItemWire } from "../item-wire.ts";
import { completeLmdbStoreOptions } from "../store-options.ts";
import { smallPages, withDirectory } from "../testing/open-lmdb.ts";
import { Fold } from "./writer/fold.ts";
import { JournalWriter } from "./writer/journal-writer.ts";
import { openForReading, openForWriting } from "./open-files.ts";
import { RangeReader } from "./range-reader.ts";
import { SetGroup } from "./writer/set-group.ts";

const options = completeLmdbStoreOptions({ ...smallPages, itemsPerUserMax: 100_000 });
const users = 5;

test("has every acknowledged item at every boundary between commits", () =>
  withDirectory(async (directory) => {
    const files = openForWriting(prepared(join(directory, "store")));
    const writer = new JournalWriter(files.journal, files.pages, options);
    const fold = new Fold(files.journal, files.pages, options);
    let acknowledged = 0;
    let boundaries = 0;
    const check = async (): Promise<void> => {
      boundaries += 1;
      await checkCopy(directory, boundaries, acknowledged);
    };
    while (fold.folds < 4) {
      const fits = writer.append(groupOf(acknowledged), fold.state);
      if (fits) acknowledged += 1;
      await check();
      fold.look();
      if (fold.isDue(false)) {
        fold.step(!fits);
        await check();
      } else if (writer.trim(fold.state)) {
        await check();
      }
    }
    assert.ok(boundaries > 50, `${boundaries} boundaries`);
    await files.close();
  }));

test("starts a fold again that stopped half way, with another one's sets on top", () =>
  withDirectory(async (directory) => {
    const files = openForWriting(prepared(join(directory, "store")));
    const writer = new JournalWriter(files.journal, files.pages, options);
    let acknowledged = 0;
    for (let round = 0; round < 6; round += 1) {
      // Each stops after some steps, as a process does that is killed.
      const fold = new Fold(files.journal, files.pages, options);
      for (let step = 0; step < 3 + round; step += 1) {
        if (writer.append(groupOf(acknowledged), fold.state)) acknowledged += 1;
        fold.look();
        if (fold.isDue(false)) fold.step(false);
      }
      await checkCopy(directory, round, acknowledged);
    }
    await files.close();
  }));

function prepared(directory: string): string {
  mkdirSync(directory, { recursive: true });
  return directory;
}

/** Group number `index`: three items for each of two users, the second one also out of order. */
function groupOf(index: number): Uint8Array {
  const group = new SetGroup();
  for (const [userId, time] of [
    [index % users, 1000 + index],
    [(index + 2) % users, 900 - index],
  ] as const) {
    const wires = [0n, 1n, 2n].map((id) =>
      encodeItemWire(item(BigInt(time), id, `${index}`.padEnd(60))),
    );
    void group.add(BigInt(userId), wires);
  }
  return group.take().entry;
}

/** Reads a copy of the files as they are now: whoever comes after a power cut finds these. */
async function checkCopy(directory: string, number: number, groups: number): Promise<void> {
  const copy = join(directory, `copy-${number}`);
  for (const name of ["journal", "pages"]) {
    mkdirSync(join(copy, name), { recursive: true });
    cpSync(join(directory, "store", name, "data.mdb"), join(copy, name, "data.mdb"));
  }
  const files = openForReading(copy);
  const reader = new RangeReader(files.journal, files.pages, 100_000, false);
  for (let userId = 0; userId < users; userId += 1) {
    let bytes = Buffer.alloc(0);
    reader.range(BigInt(userId), 0n, int64Max, 100_000, undefined, {
      append: (run, start, end) => (bytes = Buffer.concat([bytes, run.subarray(start, end)])),
    });
    let expected = 0;
    for (let index = 0; index < groups; index += 1) {
      if (index % users === userId) expected += 3;
      if ((index + 2) % users === userId) expected += 3;
    }
    const itemBytes = encodeItemWire(item(0n, 0n, "".padEnd(60))).length;
    assert.equal(bytes.length, expected * itemBytes, `boundary ${number}, user ${userId}`);
  }
  await files.close();
}
