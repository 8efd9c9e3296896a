/**
 * One thread's handle on an LMDB file: reads in a snapshot, and write transactions that are on
 * the disk when they return. All knowledge of the `lmdb` package is in this file.
 *
 * A key is table:u8, id:u64 big-endian and, in tables with sub-keys, part:u32 big-endian: LMDB's
 * order keeps what belongs to an id together.
 */
import { endianness } from "node:os";
import * as lmdb from "lmdb";
import { StoreError } from "../store-error.ts";
import { describeCommitFailure, describeOpenFailure } from "./environment-error.ts";

/** Tables from this one on have sub-keys. */
export const firstTableWithParts = 128;

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
  part: number;
}

export class Environment {
  /** What `get` found; valid until the next `get` of any environment of this thread. */
  bytes: Uint8Array = new Uint8Array(0);
  readonly #directory: string;
  readonly #database: Database;
  readonly #key: Key = { table: 0, high: 0, low: 0, part: 0 };
  readonly #int64 = new BigInt64Array(1);
  readonly #int32 = new Int32Array(this.#int64.buffer);
  readonly #pageBytes: number;
  #source: Uint8Array | undefined;
  #snapshot: { transaction: Snapshot } | undefined;
  #snapshotInUse = false;
  #writing = false;

  private constructor(directory: string, database: Database) {
    this.#directory = directory;
    this.#database = database;
    this.#pageBytes = database.env.stat().pageSize;
  }

  /**
   * Opens the file in a directory that has been checked; `pageBytes` counts for a new file. For
   * writing it is opened by one thread of one process at a time, and before anybody reads it: the
   * package's free lists, kept in memory between commits, go wrong with several writing processes.
   */
  static open(directory: string, pageBytes: number, access: "read" | "write"): Environment {
    try {
      const database: unknown = lmdb.open({
        path: directory,
        noSubdir: false,
        readOnly: access === "read",
        maxDbs: 1,
        encoding: "binary",
        keyEncoder: { writeKey, readKey: () => undefined },
        cache: false,
        mapSize: mapBytes,
        pageSize: pageBytes,
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

  /** Puts a value into `bytes`; returns its length, or -1 when there is none. */
  get(table: number, id: bigint, part = 0): number {
    const key = this.#keyOf(table, id, part);
    // Within a write transaction the package reads what that transaction has written.
    const found = this.#writing
      ? this.#database.getBinaryFast(key)
      : this.#database.getBinaryFast(key, this.#useSnapshot());
    if (found === undefined) return -1;
    // The package hands out one buffer again and again, of a length property it overwrites.
    if (found !== this.#source) {
      this.#source = found;
      this.bytes = new Uint8Array(found.buffer, found.byteOffset, found.byteLength);
    }
    return this.#database.lastSize;
  }

  /** Only within `transact`. Takes a copy. */
  put(table: number, id: bigint, part: number, value: Uint8Array): void {
    this.#database.putSync(this.#keyOf(table, id, part), value);
  }

  /** Only within `transact`. */
  remove(table: number, id: bigint, part: number): void {
    this.#database.removeSync(this.#keyOf(table, id, part));
  }

  /**
   * Runs `work` in a write transaction and returns when it is flushed to the disk. If `work`
   * throws or the commit fails, nothing of it is stored.
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

  /** Bytes of the file, in use or free for reuse. */
  dataBytes(): number {
    return (this.#database.env.info().lastPageNumber + 1) * this.#pageBytes;
  }

  /** Gives pages back that readers of dead processes still hold. */
  dropDeadReaders(): void {
    this.#database.readerCheck();
  }

  async close(): Promise<void> {
    this.#snapshot?.transaction.done();
    this.#snapshot = undefined;
    await this.#database.close();
  }

  #keyOf(table: number, id: bigint, part: number): Key {
    this.#int64[0] = id;
    const key = this.#key;
    key.table = table;
    key.low = this.#int32[lowHalf]!;
    key.high = this.#int32[1 - lowHalf]!;
    key.part = part;
    return key;
  }

  #useSnapshot(): { transaction: Snapshot } {
    this.#snapshotInUse = true;
    this.#snapshot ??= { transaction: this.#database.useReadTransaction() };
    return this.#snapshot;
  }
}

function writeKey(key: Key, target: Uint8Array, start: number): number {
  target[start] = key.table;
  writeUint32BigEndian(target, start + 1, key.high);
  writeUint32BigEndian(target, start + 5, key.low);
  if (key.table < firstTableWithParts) return start + 9;
  writeUint32BigEndian(target, start + 9, key.part);
  return start + 13;
}

function writeUint32BigEndian(target: Uint8Array, at: number, value: number): void {
  target[at] = value >>> 24;
  target[at + 1] = value >>> 16;
  target[at + 2] = value >>> 8;
  target[at + 3] = value;
}
