/** The audit log's file: opened to append only, and locked, since a chain has one writer. */
import { type FileHandle, open } from "node:fs/promises";
import { DatabaseSync } from "node:sqlite";
import { ServiceError } from "holdfast";
import type { AuditDisk } from "./audit-disk.ts";

/** While an upgraded process takes its time to drain, the next one writes beside it. */
const FILES_MAX = 16;

/**
 * Opens `path`, or, while another process writes to it, `path.2`, `path.3`, …: each is a chain of
 * its own. Rejects with a ServiceError `invalid` when it cannot be opened, or all are taken.
 */
export async function openAuditFile(path: string): Promise<AuditDisk> {
  for (let number = 1; number <= FILES_MAX; number++) {
    const candidate = number === 1 ? path : `${path}.${number}`;
    const lock = tryLock(`${candidate}.lock`);
    if (lock !== undefined) return openLocked(candidate, lock);
  }
  throw new ServiceError("invalid", `${path}: ${FILES_MAX} processes write to it already`);
}

async function openLocked(path: string, lock: DatabaseSync): Promise<AuditDisk> {
  try {
    // Not for everybody to read: who asked for what is in it.
    const file = await open(path, "a+", 0o600);
    return new AuditFile(path, file, lock);
  } catch (error) {
    lock.close();
    throw cannotOpen(path, error);
  }
}

class AuditFile implements AuditDisk {
  readonly name: string;
  private readonly file: FileHandle;
  private readonly lock: DatabaseSync;

  constructor(name: string, file: FileHandle, lock: DatabaseSync) {
    this.name = name;
    this.file = file;
    this.lock = lock;
  }

  async readTail(bytesMax: number): Promise<Buffer> {
    const { size } = await this.file.stat();
    const tail = Buffer.alloc(Math.min(size, bytesMax));
    let at = 0;
    while (at < tail.length) {
      const position = size - tail.length + at;
      const { bytesRead } = await this.file.read(tail, at, tail.length - at, position);
      if (bytesRead === 0) break;
      at += bytesRead;
    }
    return tail.subarray(0, at);
  }

  async append(bytes: Uint8Array): Promise<number> {
    return (await this.file.write(bytes)).bytesWritten;
  }

  sync(): Promise<void> {
    return this.file.datasync();
  }

  async close(): Promise<void> {
    await this.file.close();
    this.lock.close();
  }
}

/**
 * A lock that the operating system takes back when the process dies, however it dies: Node has no
 * flock, and SQLite, which comes with it, locks its files with just that. Undefined: another
 * process has it.
 */
function tryLock(path: string): DatabaseSync | undefined {
  let database: DatabaseSync;
  try {
    database = new DatabaseSync(path);
  } catch (error) {
    throw cannotOpen(path, error);
  }
  try {
    // The database stays empty; only its lock is used.
    database.exec("PRAGMA journal_mode = OFF; PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE");
    return database;
  } catch (error) {
    database.close();
    const sqliteBusy = 5;
    if (error instanceof Error && Reflect.get(error, "errcode") === sqliteBusy) return undefined;
    throw cannotOpen(path, error);
  }
}

function cannotOpen(path: string, cause: unknown): ServiceError {
  const { message } = ServiceError.from(cause);
  return new ServiceError("invalid", `cannot open the audit file ${path}: ${message}`, { cause });
}
