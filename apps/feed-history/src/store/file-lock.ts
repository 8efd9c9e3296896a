/**
 * A lock on a file that the operating system takes back when its process dies, however it dies.
 * Node has no flock; SQLite, which comes with Node, locks its files with exactly that.
 */
import { DatabaseSync } from "node:sqlite";
import { describeCause, StoreError } from "./store-error.ts";

export class FileLock {
  readonly #path: string;
  #held: DatabaseSync | undefined;

  constructor(path: string) {
    this.#path = path;
  }

  /** True: this process holds the lock until `release` or its end. False: another one does. */
  tryAcquire(): boolean {
    if (this.#held !== undefined) return true;
    let database: DatabaseSync;
    try {
      database = new DatabaseSync(this.#path);
    } catch (error) {
      throw this.#failure(error);
    }
    try {
      // The database stays empty: nothing is ever written, only its lock is used.
      database.exec("PRAGMA journal_mode = OFF; PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE");
      this.#held = database;
      return true;
    } catch (error) {
      database.close();
      if (isBusy(error)) return false;
      throw this.#failure(error);
    }
  }

  release(): void {
    this.#held?.close();
    this.#held = undefined;
  }

  #failure(cause: unknown): StoreError {
    const text = describeCause(cause);
    return new StoreError("unavailable", `cannot lock ${this.#path}: ${text}`, { cause });
  }
}

function isBusy(error: unknown): boolean {
  const sqliteBusy = 5;
  return error instanceof Error && Reflect.get(error, "errcode") === sqliteBusy;
}
