/**
 * The writer's thread: takes groups of sets from the store's thread, commits each, and folds
 * while nothing waits. It sleeps on a counter rather than in an event loop: waking up is part of
 * every set's latency.
 */
import {
  parentPort,
  receiveMessageOnPort,
  workerData,
  type MessagePort,
} from "node:worker_threads";
import { FileLock } from "../file-lock.ts";
import { StoreError } from "../store-error.ts";
import { Environment } from "./environment.ts";
import { BrokenStoreError } from "./environment-error.ts";
import { JournalWriter } from "./journal-writer.ts";
import type { WriterReply, WriterRequest, WriterStart } from "./writer-messages.ts";

/** Between folds with nothing else to do, so that other processes get at the write lock. */
const idlePauseMs = 1;
/**
 * How often the process that folds looks whether others have written: one read. At 100,000 sets
 * of 600 bytes a second that is 6 MiB more in the journal.
 */
const lookEveryMs = 100;
/** While the journal is full and another process folds. */
const fullPauseMs = 5;
/** A journal that stays full this many pauses (5 s) is not being folded by anybody. */
const fullPausesMax = 1000;

class WriterThread {
  readonly #port: MessagePort;
  readonly #bell: Int32Array;
  readonly #othersWrite: boolean;
  readonly #environment: Environment;
  readonly #writer: JournalWriter;
  readonly #foldLock: FileLock;
  /** After a failed fold, rest until a group gets through: the disk is full, probably. */
  #foldRests = false;

  constructor(port: MessagePort, start: WriterStart) {
    this.#port = port;
    this.#bell = start.bell;
    this.#othersWrite = start.othersWrite;
    this.#environment = Environment.open(start.directory);
    this.#foldLock = new FileLock(`${start.directory}/fold.lock`);
    const tryFoldLock = (): boolean => this.#foldLock.tryAcquire();
    this.#writer = new JournalWriter(this.#environment, start.options, tryFoldLock);
  }

  run(): void {
    this.#reply({ kind: "done", stats: this.#writer.stats() });
    for (;;) {
      const rings = Atomics.load(this.#bell, 0);
      const request = this.#take();
      if (request === undefined) {
        const folded = this.#foldIdly();
        Atomics.wait(this.#bell, 0, rings, folded ? idlePauseMs : this.#sleepMs());
        if (!folded && this.#othersWrite && this.#writer.folds) this.#writer.look();
      } else if ("close" in request) {
        break;
      } else {
        this.#attempt(() => this.#commit(request.group));
      }
    }
    this.#foldLock.release();
    void this.#environment.close().then(() => {
      this.#reply({ kind: "closed" });
      this.#port.close();
    });
  }

  #take(): WriterRequest | undefined {
    const received = receiveMessageOnPort(this.#port);
    return received === undefined ? undefined : (received.message as WriterRequest);
  }

  #commit(group: Uint8Array): void {
    for (let pauses = 0; !this.#append(group); pauses += 1) {
      if (this.#writer.hasWork) {
        pauses = 0;
      } else if (pauses === fullPausesMax) {
        const hint = "journalMaxBytes must be the same in all processes of a store";
        throw new StoreError("unavailable", `the journal is full and nobody folds it; ${hint}`);
      } else {
        Atomics.wait(this.#bell, 0, Atomics.load(this.#bell, 0), fullPauseMs);
      }
    }
    this.#foldRests = false;
  }

  #append(group: Uint8Array): boolean {
    try {
      return this.#writer.commit(group);
    } catch (error) {
      if (error instanceof BrokenStoreError) throw error;
      // The share of folding may have been what did not fit; the group alone may.
      return this.#writer.commit(group, false);
    }
  }

  #sleepMs(): number {
    return this.#othersWrite && this.#writer.folds ? lookEveryMs : Number.POSITIVE_INFINITY;
  }

  /** Folds a little; false when there is nothing to do. */
  #foldIdly(): boolean {
    if (this.#foldRests || !this.#writer.hasWork) return false;
    try {
      this.#writer.commit(undefined);
      this.#reply({ kind: "folded", stats: this.#writer.stats() });
      return true;
    } catch {
      // Whoever sets next is told; no caller waits for this.
      this.#foldRests = true;
      return false;
    }
  }

  #attempt(work: () => void): void {
    try {
      work();
      this.#reply({ kind: "done", stats: this.#writer.stats() });
    } catch (error) {
      this.#reply(failure(error));
    }
  }

  #reply(reply: WriterReply): void {
    this.#port.postMessage(reply);
  }
}

function failure(error: unknown): WriterReply {
  const { code, message } =
    error instanceof StoreError
      ? error
      : { code: "internal" as const, message: `the writer failed: ${String(error)}` };
  return { kind: "failed", code, message, broken: error instanceof BrokenStoreError };
}

if (parentPort === null) throw new StoreError("internal", "writer-thread.ts runs as a thread only");
try {
  new WriterThread(parentPort, workerData as WriterStart).run();
} catch (error) {
  parentPort.postMessage(failure(error));
  parentPort.close();
}
