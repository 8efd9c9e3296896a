/**
 * One thread's handle on the LMDB environment: keys, reads in a snapshot, and write transactions
 * that are on the disk when they return. All knowledge of the `lmdb` package is in this file.
 *
 * A key is table:u8, userId or sequence:u64 big-endian and, in the table of older pages,
 * page:u32 big-endian. The newest pages have a table of their own so that the part of the tree
 * which leads to them, and which every read goes through, is small.
 */
import { endianness } from "node:os";
import * as lmdb from "lmdb";
import { StoreError } from "../store-error.ts";
import { describeCommitFailure, describeOpenFailure } from "./environment-error.ts";
import { JournalStateCodec, type JournalState } from "./journal.ts";
import { newestPage } from "./page-chain.ts";
import type { PageWriter } from "./page-folder.ts";

const stateTable = 0;
const journalTable = 1;
const newestPageTable = 2;
const olderPageTable = 3;

/** Which half of a 64-bit number in memory comes first. */
const lowHalf = endianness() === "LE" ? 0 : 1;

/** Address space to begin with; LMDB maps more when the file outgrows it. */
const mapBytes = 2 ** 36;

/** What this file uses of the package, part of which its published types leave out. */
interface Database {
  readonly lastSize: number;
  readonly env: { info(): { lastPageNumber: number }; stat(): { pageSize: number } };
  getBinaryFast(key: Key, options?: { transaction: Snapshot }): Buffer | undefined;
  putSync(key: Key, value: Uint8Array): void;
  removeSync(key: Key): void;
  transactionSync(work: () => void): void;
  useReadTransaction(): Snapshot;
  readerCheck(): number;
  close(): Promise<void>;
}

const { nativeAddon } = lmdb as unknown as {
  readonly nativeAddon: { resetTxn(address: number): void };
};

interface Snapshot {
  readonly address: number;
  done(): void;
}

/** One mutable key per environment: a read makes no garbage for it. */
interface Key {
  table: number;
  high: number;
  low: number;
  page: number;
}

export class Environment implements PageWriter {
  bytes: Uint8Array = new Uint8Array(0);
  readonly #directory: string;
  readonly #database: Database;
  readonly #key: Key = { table: 0, high: 0, low: 0, page: 0 };
  readonly #stateCodec = new JournalStateCodec();
  readonly #int64 = new BigInt64Array(1);
  readonly #int32 = new Int32Array(this.#int64.buffer);
  #source: Uint8Array | undefined;
  #snapshot: { transaction: Snapshot } | undefined;
  #snapshotInUse = false;
  #writing = false;
  readonly #pageBytes: number;

  private constructor(directory: string, database: Database) {
    this.#directory = directory;
    this.#database = database;
    this.#pageBytes = database.env.stat().pageSize;
  }

  /** Opens the environment in an existing directory that has been checked. */
  static open(directory: string): Environment {
    try {
      const database: unknown = lmdb.open({
        path: directory,
        noSubdir: false,
        maxDbs: 1,
        encoding: "binary",
        keyEncoder: { writeKey, readKey: () => undefined },
        cache: false,
        mapSize: mapBytes,
        // Commits return when the pages, then the root, are on the disk. The package's default
        // lets the root become visible before; an acknowledged set may not depend on that.
        overlappingSync: false,
      });
      return new Environment(directory, database as Database);
    } catch (error) {
      throw describeOpenFailure(directory, error);
    }
  }

  /**
   * Lets go of the snapshot, so that the next read sees everything committed by then, by any
   * thread or process.
   */
  freshen(): void {
    if (this.#snapshot === undefined || !this.#snapshotInUse) return;
    this.#snapshotInUse = false;
    nativeAddon.resetTxn(this.#snapshot.transaction.address);
  }

  load(userId: bigint, page: number): number {
    this.#setKey(page === newestPage ? newestPageTable : olderPageTable, userId, page);
    return this.#get();
  }

  store(userId: bigint, page: number, bytes: Uint8Array): void {
    this.#setKey(page === newestPage ? newestPageTable : olderPageTable, userId, page);
    this.#database.putSync(this.#key, bytes);
  }

  remove(userId: bigint, page: number): void {
    this.#setKey(page === newestPage ? newestPageTable : olderPageTable, userId, page);
    this.#database.removeSync(this.#key);
  }

  /** Reads the journal state; false when it is as `state` has it. Throws when there is none. */
  readState(state: JournalState): boolean {
    this.#setKey(stateTable, 0n, 0);
    const length = this.#get();
    if (length < 0) throw new StoreError("unavailable", "damaged data: no journal state");
    return this.#stateCodec.read(this.bytes, length, state);
  }

  hasState(): boolean {
    this.#setKey(stateTable, 0n, 0);
    return this.#get() >= 0;
  }

  writeState(state: JournalState): void {
    this.#setKey(stateTable, 0n, 0);
    this.#database.putSync(this.#key, this.#stateCodec.write(state));
  }

  /** A journal entry, in bytes of its own. */
  readEntry(sequence: number): Uint8Array {
    this.#setKey(journalTable, BigInt(sequence), 0);
    const length = this.#get();
    if (length < 0) {
      throw new StoreError("unavailable", `damaged data: journal entry ${sequence} is missing`);
    }
    return this.bytes.slice(0, length);
  }

  writeEntry(sequence: number, entry: Uint8Array): void {
    this.#setKey(journalTable, BigInt(sequence), 0);
    this.#database.putSync(this.#key, entry);
  }

  removeEntry(sequence: number): void {
    this.#setKey(journalTable, BigInt(sequence), 0);
    this.#database.removeSync(this.#key);
  }

  /**
   * Runs `work` in a write transaction, alone among all threads and processes, and returns when
   * it is flushed to the disk. If `work` throws or the commit fails, nothing of it is stored.
   */
  transact(work: () => void): void {
    this.#writing = true;
    try {
      this.#database.transactionSync(work);
    } catch (error) {
      if (error instanceof StoreError) throw error;
      throw describeCommitFailure(this.#directory, error);
    } finally {
      this.#writing = false;
    }
  }

  /** Bytes of the data file in use or free for reuse. */
  dataBytes(): number {
    return (this.#database.env.info().lastPageNumber + 1) * this.#pageBytes;
  }

  /** Gives free pages back that readers of dead processes still hold. */
  dropDeadReaders(): void {
    this.#database.readerCheck();
  }

  async close(): Promise<void> {
    this.#snapshot?.transaction.done();
    this.#snapshot = undefined;
    await this.#database.close();
  }

  #setKey(table: number, id: bigint, page: number): void {
    this.#int64[0] = id;
    const key = this.#key;
    key.table = table;
    key.low = this.#int32[lowHalf] as number;
    key.high = this.#int32[1 - lowHalf] as number;
    key.page = page;
  }

  /** Puts the value of the key into `bytes`; returns its length, or -1. */
  #get(): number {
    // Within a write transaction the package reads what that transaction has written.
    const found = this.#writing
      ? this.#database.getBinaryFast(this.#key)
      : this.#database.getBinaryFast(this.#key, this.#useSnapshot());
    if (found === undefined) return -1;
    // The package hands out one buffer again and again, of a length property it overwrites.
    if (found !== this.#source) {
      this.#source = found;
      this.bytes = new Uint8Array(found.buffer, found.byteOffset, found.byteLength);
    }
    return this.#database.lastSize;
  }

  #useSnapshot(): { transaction: Snapshot } {
    this.#snapshotInUse = true;
    this.#snapshot ??= { transaction: this.#database.useReadTransaction() };
    return this.#snapshot;
  }
}

/** Big-endian, so that LMDB's order of keys keeps the pages of a user together. */
function writeKey(key: Key, target: Uint8Array, start: number): number {
  target[start] = key.table;
  writeUint32BigEndian(target, start + 1, key.high);
  writeUint32BigEndian(target, start + 5, key.low);
  if (key.table !== olderPageTable) return start + 9;
  writeUint32BigEndian(target, start + 9, key.page);
  return start + 13;
}

function writeUint32BigEndian(target: Uint8Array, at: number, value: number): void {
  target[at] = value >>> 24;
  target[at + 1] = value >>> 16;
  target[at + 2] = value >>> 8;
  target[at + 3] = value;
}
