/**
 * One generation of recent sets: journal entries as they are, and in them, for each user, a list
 * from the newest record to the oldest. The links stand where the records had their user.
 *
 *     record in memory:  entry before:u32  offset in it:u32  bytes of the run:u32  run
 */
import { mergeSources, MergeSource } from "../merge.ts";
import { readUint32, RunBuilder, writeUint32 } from "../run.ts";
import { readRecords, recordHeadBytes } from "./journal-file.ts";
import { RecentTable } from "./recent-table.ts";

/** More records of one user than this are merged by size, so that there are about log2 of them. */
const runsUnmergedMax = 4;
/** Entry number 0 ends a list. */
const noEntry = new Uint8Array(0);

export class RecentGeneration {
  readonly #table = new RecentTable();
  readonly #entries: Uint8Array[] = [noEntry];
  /** Entries from merging, which hold one record: the old ones of them are given up. */
  readonly #merged = new Set<number>();
  readonly #builder = new RunBuilder();
  readonly #newer = new MergeSource();
  readonly #older = new MergeSource();

  get users(): number {
    return this.#table.users;
  }

  userIds(): BigInt64Array<ArrayBuffer> {
    const ids = new BigInt64Array(this.#table.users);
    let index = 0;
    for (const { low, high } of this.#table.halves()) {
      ids[index] = (BigInt(high) << 32n) | BigInt(low >>> 0);
      index += 1;
    }
    return ids;
  }

  /** Takes a journal entry over: its bytes are changed and kept. */
  add(entry: Uint8Array): void {
    const number = this.#entries.push(entry) - 1;
    readRecords(entry, (low, high, offset) => this.#link(low, high, number, offset));
  }

  /** Appends a user's runs to the first `live` of `sources`, newest first; returns how many. */
  sourcesOf(low: number, high: number, sources: MergeSource[], live: number): number {
    const slot = this.#table.find(low, high);
    if (slot < 0) return live;
    const runs = this.#table.runsOf(slot);
    let number = this.#table.entryOf(slot);
    let offset = this.#table.offsetOf(slot);
    for (let run = live; run < live + runs; run += 1) {
      const entry = this.#entries[number]!;
      openRecord((sources[run] ??= new MergeSource()), entry, offset);
      number = readUint32(entry, offset);
      offset = readUint32(entry, offset + 4);
    }
    return live + runs;
  }

  #link(low: number, high: number, number: number, offset: number): void {
    const table = this.#table;
    const slot = table.add(low, high);
    const entry = this.#entries[number]!;
    writeUint32(entry, offset, table.entryOf(slot));
    writeUint32(entry, offset + 4, table.offsetOf(slot));
    const items = table.itemsOf(slot) + readUint32(entry, offset + recordHeadBytes);
    table.set(slot, { entry: number, offset, runs: table.runsOf(slot) + 1, items });
    while (table.runsOf(slot) > runsUnmergedMax && this.#mergeNewest(slot)) {
      // Until the one before is much larger.
    }
  }

  /** Merges the two newest records of a user unless the older one is more than twice as large. */
  #mergeNewest(slot: number): boolean {
    const table = this.#table;
    const number = table.entryOf(slot);
    const offset = table.offsetOf(slot);
    const newer = this.#entries[number]!;
    const olderNumber = readUint32(newer, offset);
    const olderOffset = readUint32(newer, offset + 4);
    const older = this.#entries[olderNumber]!;
    openRecord(this.#newer, newer, offset);
    openRecord(this.#older, older, olderOffset);
    const before = this.#newer.end + this.#older.end;
    if (this.#older.end > 2 * this.#newer.end) return false;
    this.#newer.settle();
    this.#older.settle();
    const builder = this.#builder;
    builder.clear();
    mergeSources([this.#newer, this.#older], 2, Number.MAX_SAFE_INTEGER, builder);
    const bytes = builder.bytesOf(0, builder.count);
    const merged = new Uint8Array(recordHeadBytes + bytes);
    merged.set(older.subarray(olderOffset, olderOffset + 8));
    writeUint32(merged, 8, bytes);
    builder.write(0, builder.count, merged, recordHeadBytes);
    for (const given of [number, olderNumber]) {
      if (this.#merged.delete(given)) this.#entries[given] = noEntry;
    }
    const mergedNumber = this.#entries.push(merged) - 1;
    this.#merged.add(mergedNumber);
    const items = table.itemsOf(slot) - before + builder.count;
    table.set(slot, { entry: mergedNumber, offset: 0, runs: table.runsOf(slot) - 1, items });
    return true;
  }
}

function openRecord(source: MergeSource, entry: Uint8Array, offset: number): void {
  const start = offset + recordHeadBytes;
  const { view } = source;
  view.open(entry, start, start + readUint32(entry, offset + 8));
  source.index = 0;
  source.end = view.count;
}
