import assert from "node:assert/strict";
import { test } from "node:test";
import { read, int64Max } from "../history-store.contract.ts";
import type { HistoryStore } from "../history-store.ts";
import { encodeItemWire } from "../item-wire.ts";
import { withDirectory } from "../testing/open-lmdb.ts";
import { connectedEnds } from "../testing/message-ends.ts";
import { startWriter } from "../testing/start-writer.ts";
import { itemsOfSet, userOfSet, type WriterPlan } from "../testing/writer-process.ts";
import { openLmdbHistoryStore } from "./lmdb-store.ts";
import { StoreWriter } from "./writer/store-writer.ts";

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

test("loses nothing when two processes set the same users, and a third one reads it", () =>
  withDirectory(async (directory) => {
    const journalMaxBytes = 32 * 1024;
    const writer = await StoreWriter.open({ directory, journalMaxBytes, itemsPerUserMax });
    const store = await openShared(writer, { directory, itemsPerUserMax });
    const plans = [1, 10_000_001].map((firstId): WriterPlan => {
      const load = { sets: 400, itemsPerSet: 5, inFlight: 8, users: 3 };
      return { directory, journalMaxBytes, firstId, ...load };
    });
    const processes = plans.map((plan) =>
      startWriter(plan, (index) => checkSets(store, plan, new Set([index])), writer),
    );
    const ends = await Promise.all(processes.map((each) => each.ended));
    assert.deepEqual(ends, [0, 0], processes.map((each) => each.errors()).join());
    for (const plan of plans) checkSets(store, plan, new Set(Array(plan.sets).keys()));
    await store.close();
    await writer.close();
  }));

test("goes on when processes that set are killed and others come", () =>
  withDirectory(async (directory) => {
    const journalMaxBytes = 48 * 1024;
    const writer = await StoreWriter.open({ directory, journalMaxBytes, itemsPerUserMax });
    const load = { sets: 1_000_000, itemsPerSet: 10, inFlight: 8, users: 200 };
    const written: [WriterPlan, Set<number>][] = [];
    const runOne = async (number: number, deaths: number): Promise<void> => {
      const plan = { directory, journalMaxBytes, firstId: 1 + number * 10_000_000, ...load };
      const acknowledged = new Set<number>();
      written.push([plan, acknowledged]);
      const each = startWriter(
        plan,
        (index) => {
          acknowledged.add(index);
          if (acknowledged.size === deaths) each.kill();
        },
        writer,
      );
      assert.equal(await each.ended, "SIGKILL", each.errors());
    };
    await Promise.all([0, 1, 2, 3].map((number) => runOne(number, 40 + 60 * number)));
    await writer.close();
    const store = await openLmdbHistoryStore({ directory, itemsPerUserMax });
    for (const [plan, acknowledged] of written) checkSets(store, plan, acknowledged);
    await store.close();
  }));

/** A store as another process opens it, over a channel within this one. */
function openShared(
  writer: StoreWriter,
  options: { directory: string; itemsPerUserMax: number },
): Promise<HistoryStore> {
  const [here, there] = connectedEnds();
  writer.serve(there);
  return openLmdbHistoryStore({ ...options, writer: here });
}

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
