/**
 * One service owns a store at a time. Its processes may be several: the one that owns the store
 * gives the others a token, in their environment, and a store opens for who holds the lock or
 * shows the token of who does.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { FileLock } from "./file-lock.ts";
import { StoreError } from "./store-error.ts";
import { checkFiles, prepareDirectory, writeWhole } from "./store-files.ts";

/** The environment variable in which a worker process finds the token. */
export const ownerTokenVariable = "HOLDFAST_STORE_OWNER";

interface OwnerRecord {
  readonly pid: number;
  /** Counts the owners this store has had, so that no two have the same token. */
  readonly generation: number;
}

/** Owns a store until `release` or the end of the process. */
export class StoreOwner {
  readonly directory: string;
  readonly token: string;
  readonly #lock: FileLock;

  private constructor(directory: string, token: string, lock: FileLock) {
    this.directory = directory;
    this.token = token;
    this.#lock = lock;
  }

  /**
   * Also checks the files of the store, before any process of this service opens them. Throws an
   * `unavailable` StoreError when another service owns the store, or the files cannot be used.
   */
  static acquire(directory: string): StoreOwner {
    prepareDirectory(directory);
    const lock = lockOf(directory);
    const before = readRecord(directory);
    if (!lock.tryAcquire()) {
      const who = before === undefined ? "another process" : `process ${before.pid}`;
      throw new StoreError(
        "unavailable",
        `${directory} is in use by ${who}; stop it, or give this service a directory of its own`,
      );
    }
    try {
      checkFiles(directory);
      const record = { pid: process.pid, generation: (before?.generation ?? 0) + 1 };
      writeWhole(recordPath(directory), record);
      return new StoreOwner(directory, tokenOf(record), lock);
    } catch (error) {
      lock.release();
      throw error;
    }
  }

  release(): void {
    this.#lock.release();
  }
}

/** Throws unless `token` is that of the living owner of the store. */
export function checkOwnerToken(directory: string, token: string): void {
  const record = readRecord(directory);
  if (record === undefined || tokenOf(record) !== token) {
    const owner = record === undefined ? "nobody" : `process ${record.pid}`;
    throw new StoreError(
      "unavailable",
      `${directory} is owned by ${owner}, not by the service that started this process`,
    );
  }
  const lock = lockOf(directory);
  if (lock.tryAcquire()) {
    lock.release();
    const gone = `process ${record.pid}, which started this process for ${directory}, is gone`;
    throw new StoreError("unavailable", gone);
  }
}

function lockOf(directory: string): FileLock {
  return new FileLock(join(directory, "owner.lock"));
}

function recordPath(directory: string): string {
  return join(directory, "owner.json");
}

function tokenOf(record: OwnerRecord): string {
  return `${record.generation}:${record.pid}`;
}

/** The record is for messages and tokens only; a damaged one counts as none. */
function readRecord(directory: string): OwnerRecord | undefined {
  try {
    const record = JSON.parse(readFileSync(recordPath(directory), "utf8")) as Partial<OwnerRecord>;
    const { pid, generation } = record;
    return Number.isInteger(pid) && Number.isInteger(generation)
      ? (record as OwnerRecord)
      : undefined;
  } catch {
    return undefined;
  }
}
