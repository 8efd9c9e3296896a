import assert from "node:assert/strict";
import { test } from "node:test";
import { read, int64Max } from "../history-store.contract.ts";
import type { HistoryStore } from "../history-store.ts";
import { encodeItemWire } from "../item-wire.ts";
import { StoreOwner } from "../owner.ts";
import { withDirectory } from "../testing/open-lmdb.ts";
import { startWriter } from "../testing/start-writer.ts";
import { itemsOfSet, userOfSet, type WriterPlan } from "../testing/writer-process.ts";
import { openLmdbHistoryStore } from "./lmdb-store.ts";

/** Kill rounds; ROUNDS=20 is what a release is tested with. */
const rounds = Number(process.env["ROUNDS"] ?? 3);
const itemsPerUserMax = 1_000_000;

test(`has every acknowledged item after ${rounds} kills under load`, () =>
  withDirectory(async (directory) => {
    const written: [WriterPlan, Set<number>][] = [];
    for (let round = 0; round < rounds; round += 1) {
      const plan: WriterPlan = {
        directory,
        journalMaxBytes: 64 * 1024,
        firstId: 1 + round * 10_000_000,
        sets: 1_000_000,
        itemsPerSet: 10,
        inFlight: 32,
        users: 50,
      };
      const acknowledged = new Set<number>();
      // Each round dies somewhere else: in the first fold, between folds, in later ones.
      const deaths = 150 + 211 * (round % 7);
      const writer = startWriter(plan, (index) => {
        acknowledged.add(index);
        if (acknowledged.size === deaths) writer.kill();
      });
      assert.equal(await writer.ended, "SIGKILL", writer.errors());
      assert.ok(acknowledged.size >= deaths);
      written.push([plan, acknowledged]);
      const store = await openLmdbHistoryStore({ directory, itemsPerUserMax });
      for (const [each, sets] of written) checkSets(store, each, sets);
      await store.close();
    }
  }));

test("loses nothing when two processes write the same users, and reads see both", () =>
  withDirectory(async (directory) => {
    const owner = StoreOwner.acquire(directory);
    const journalMaxBytes = 32 * 1024;
    const store = await openLmdbHistoryStore({
      directory,
      owner,
      itemsPerUserMax,
      journalMaxBytes,
    });
    try {
      const plans = [1, 10_000_001].map((firstId): WriterPlan => {
        const ownerToken = owner.token;
        const load = { sets: 400, itemsPerSet: 5, inFlight: 8, users: 3 };
        return { directory, ownerToken, journalMaxBytes, firstId, ...load };
      });
      const writers = plans.map((plan) =>
        startWriter(plan, (index) => checkSets(store, plan, new Set([index]))),
      );
      const ends = await Promise.all(writers.map((writer) => writer.ended));
      assert.deepEqual(ends, [0, 0], writers.map((writer) => writer.errors()).join());
      for (const plan of plans) checkSets(store, plan, new Set(Array(plan.sets).keys()));
    } finally {
      await store.close();
      owner.release();
    }
  }));

test("goes on with a fold that another process left half done", () =>
  withDirectory(async (directory) => {
    const owner = StoreOwner.acquire(directory);
    const plans = [1, 10_000_001].map((firstId): WriterPlan => {
      const load = { sets: 300, itemsPerSet: 10, inFlight: 8, users: 200 };
      const ownerToken = owner.token;
      return { directory, ownerToken, journalMaxBytes: 48 * 1024, firstId, ...load };
    });
    const [first, second] = plans as [WriterPlan, WriterPlan];
    const acknowledged = new Set<number>();
    // The one that folds dies; the other one must take folding over, or its journal fills up.
    const dying = startWriter(first, (index) => {
      acknowledged.add(index);
      if (acknowledged.size === 60) dying.kill();
    });
    await dying.opened;
    const surviving = startWriter(second, () => undefined);
    assert.equal(await dying.ended, "SIGKILL");
    assert.equal(await surviving.ended, 0, surviving.errors());
    const store = await openLmdbHistoryStore({ directory, owner, itemsPerUserMax });
    checkSets(store, first, acknowledged);
    checkSets(store, second, new Set(Array(second.sets).keys()));
    await store.close();
    owner.release();
  }));

/** Every item of these sets is there, byte for byte. */
function checkSets(store: HistoryStore, plan: WriterPlan, sets: ReadonlySet<number>): void {
  const byUser = Map.groupBy(sets, (index) => userOfSet(plan, index));
  for (const [userId, indexes] of byUser) {
    const times = indexes.map((index) => BigInt(plan.firstId + index * plan.itemsPerSet));
    const from = times.reduce((least, time) => (time < least ? time : least), int64Max);
    const { items } = read(store, userId, from, int64Max, itemsPerUserMax);
    const found = new Set(items.map((wire) => wire.toString("latin1")));
    for (const index of indexes) {
      for (const item of itemsOfSet(plan, index)) {
        const wire = Buffer.from(encodeItemWire(item)).toString("latin1");
        assert.ok(found.has(wire), `set ${index} of user ${userId}: item ${item.itemId} is lost`);
      }
    }
  }
}
