/**
 * The layouts that were measured before one was chosen, on LMDB alone, each with synchronous
 * commits: one key per item, one key per set, one key per user, and pages of items. The pages are
 * those of the store, without the journal before them.
 */
import * as lmdb from "lmdb";
import { mergeSources, MergeSource } from "../src/store/merge.ts";
import { RunView, runBytes, writeUint32 } from "../src/store/run.ts";
import { PageChain } from "../src/store/lmdb/page-chain.ts";
import { PageFolder, type PageShape } from "../src/store/lmdb/page-folder.ts";
import type { PageWriter } from "../src/store/lmdb/page-writer.ts";
import { completeLmdbStoreOptions } from "../src/store/index.ts";
import type { ReplyBuffer } from "./workload.ts";

export interface UserSet {
  readonly userId: bigint;
  /** Newest first. */
  readonly items: readonly Uint8Array[];
}

export interface Layout {
  readonly name: string;
  /** One commit; durable when it returns. */
  commit(sets: readonly UserSet[]): void;
  readNewest(userId: bigint, count: number, into: ReplyBuffer): void;
  dataBytes(): number;
  /** Pages of the file written so far, where LMDB counts them. */
  pagesWritten(): number;
  close(): Promise<void>;
}

interface Key {
  readonly userId: bigint;
  /** What follows the user in the key. */
  readonly rest: readonly number[];
}

interface Database {
  readonly lastSize: number;
  readonly env: { info(): { lastPageNumber: number; pagesWritten: number } };
  getBinaryFast(key: Key): Buffer | undefined;
  putSync(key: Key, value: Uint8Array): void;
  removeSync(key: Key): void;
  transactionSync(work: () => void): void;
  getRange(options: { start: Key; limit: number }): Iterable<{ value: Buffer }>;
  close(): Promise<void>;
}

/** What the layouts share: an LMDB file with keys of a user and 32-bit numbers. */
abstract class LmdbLayout implements Layout {
  abstract readonly name: string;
  protected readonly database: Database;
  readonly #pageBytes: number;

  constructor(directory: string, pageBytes = 4096) {
    this.#pageBytes = pageBytes;
    this.database = lmdb.open({
      path: directory,
      noSubdir: false,
      maxDbs: 1,
      encoding: "binary",
      keyEncoder: { writeKey, readKey: () => undefined },
      cache: false,
      mapSize: 2 ** 36,
      overlappingSync: false,
      pageSize: pageBytes,
      trackMetrics: true,
    } as lmdb.RootDatabaseOptions) as unknown as Database;
  }

  commit(sets: readonly UserSet[]): void {
    this.database.transactionSync(() => {
      for (const set of sets) this.write(set);
    });
  }

  abstract readNewest(userId: bigint, count: number, into: ReplyBuffer): void;
  protected abstract write(set: UserSet): void;

  dataBytes(): number {
    return (this.database.env.info().lastPageNumber + 1) * this.#pageBytes;
  }

  pagesWritten(): number {
    return this.database.env.info().pagesWritten;
  }

  close(): Promise<void> {
    return this.database.close();
  }
}

export class ItemPerKey extends LmdbLayout {
  readonly name = "one key per item";

  protected write({ userId, items }: UserSet): void {
    for (const wire of items) this.database.putSync({ userId, rest: newestFirst(wire) }, wire);
  }

  readNewest(userId: bigint, count: number, into: ReplyBuffer): void {
    for (const { value } of this.database.getRange({ start: { userId, rest: [] }, limit: count })) {
      into.append(value, 0, value.length);
    }
  }
}

export class SetPerKey extends LmdbLayout {
  readonly name = "one key per set";
  readonly #view = new RunView();

  protected write({ userId, items }: UserSet): void {
    this.database.putSync({ userId, rest: newestFirst(items[0]!) }, runOf(items));
  }

  readNewest(userId: bigint, count: number, into: ReplyBuffer): void {
    let left = count;
    for (const { value } of this.database.getRange({ start: { userId, rest: [] }, limit: count })) {
      this.#view.open(value, 0, value.length);
      const take = Math.min(left, this.#view.count);
      into.append(value, this.#view.itemStart(0), this.#view.itemEnd(take - 1));
      left -= take;
      if (left === 0) return;
    }
  }
}

/** Pages as the store has them, every set folded into them at once. */
export class Pages extends LmdbLayout implements PageWriter {
  readonly name: string;
  bytes: Uint8Array = new Uint8Array(0);
  readonly #folder: PageFolder;
  readonly #chain: PageChain;
  readonly #source = new MergeSource();
  #seen: Buffer | undefined;

  constructor(directory: string, name: string, shape: Partial<PageShape>, pageBytes?: number) {
    super(directory, pageBytes);
    this.name = name;
    this.#folder = new PageFolder(this, completeLmdbStoreOptions(shape));
    this.#chain = new PageChain(this);
  }

  protected write({ userId, items }: UserSet): void {
    const run = runOf(items);
    const view = new RunView();
    view.open(run, 0, run.length);
    this.#source.useAll(view);
    this.#folder.fold(userId, [this.#source], 1);
  }

  readNewest(userId: bigint, count: number, into: ReplyBuffer): void {
    const live = this.#chain.open(userId, beforeAll, sinceEver) ? 1 : 0;
    mergeSources([this.#chain], live, count, {
      take: (view, from, to) => {
        into.append(view.bytes, view.itemStart(from), view.itemEnd(to - 1));
      },
    });
  }

  load(userId: bigint, page: number): number {
    const found = this.database.getBinaryFast(keyOf(userId, page));
    if (found === undefined) return -1;
    if (found !== this.#seen) {
      this.#seen = found;
      this.bytes = new Uint8Array(found.buffer, found.byteOffset, found.byteLength);
    }
    return this.database.lastSize;
  }

  store(userId: bigint, page: number, bytes: Uint8Array): void {
    this.database.putSync(keyOf(userId, page), bytes);
  }

  remove(userId: bigint, page: number): void {
    this.database.removeSync(keyOf(userId, page));
  }
}

const beforeAll = { timeHigh: 0x8000_0000, timeLow: 0, idHigh: 0, idLow: 0 };
const sinceEver = { timeHigh: 0, timeLow: 0, idHigh: -0x8000_0000, idLow: 0 };

function keyOf(userId: bigint, page: number): Key {
  return { userId, rest: page === 0 ? [] : [page] };
}

/** The time and the id of an item, so that larger ones sort first. */
function newestFirst(wire: Uint8Array): number[] {
  const view = new DataView(wire.buffer, wire.byteOffset);
  return [14, 18, 3, 7].map((at) => ~view.getUint32(at));
}

function runOf(items: readonly Uint8Array[]): Uint8Array {
  let wireBytes = 0;
  for (const wire of items) wireBytes += wire.length;
  const run = new Uint8Array(runBytes(items.length, wireBytes));
  let at = writeUint32(run, 0, items.length);
  let end = 0;
  for (const wire of items) at = writeUint32(run, at, (end += wire.length));
  for (const wire of items) {
    run.set(wire, at);
    at += wire.length;
  }
  return run;
}

function writeKey({ userId, rest }: Key, target: Buffer, start: number): number {
  let at = target.writeBigInt64BE(userId, start);
  for (const number of rest) at = target.writeUInt32BE(number >>> 0, at);
  return at;
}
