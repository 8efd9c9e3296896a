/**
 * One process owns a store at a time: it alone writes. Others that it has started may read.
 */
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { FileLock } from "./file-lock.ts";
import { StoreError } from "./store-error.ts";
import { checkFiles, prepareDirectory, writeWhole } from "./store-files.ts";

/** Owns a store until `release` or the end of the process. */
export class StoreOwner {
  readonly #lock: FileLock;

  private constructor(lock: FileLock) {
    this.#lock = lock;
  }

  /**
   * Also checks the files of the store, before anybody opens them. Throws an `unavailable`
   * StoreError when another process owns the store, or the files cannot be used.
   */
  static acquire(directory: string): StoreOwner {
    prepareDirectory(directory);
    const lock = new FileLock(join(directory, "owner.lock"));
    if (!lock.tryAcquire()) {
      throw new StoreError(
        "unavailable",
        `${directory} is in use by ${readOwner(directory)}; ` +
          "stop it, or give this service a directory of its own",
      );
    }
    try {
      checkFiles(directory);
      writeRecord(directory);
      return new StoreOwner(lock);
    } catch (error) {
      lock.release();
      throw error;
    }
  }

  release(): void {
    this.#lock.release();
  }
}

function recordPath(directory: string): string {
  return join(directory, "owner.json");
}

/** Says who owns the store. It may be a full disk, which must still be read. */
function writeRecord(directory: string): void {
  try {
    writeWhole(recordPath(directory), { pid: process.pid });
  } catch {
    rmSync(recordPath(directory), { force: true });
  }
}

/** For messages only; a damaged record says nothing. */
function readOwner(directory: string): string {
  try {
    const record = JSON.parse(readFileSync(recordPath(directory), "utf8")) as { pid?: unknown };
    return typeof record.pid === "number" ? `process ${record.pid}` : "another process";
  } catch {
    return "another process";
  }
}
