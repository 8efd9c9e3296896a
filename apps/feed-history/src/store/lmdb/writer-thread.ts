/**
 * The writer's thread: takes groups of sets from the store's thread, commits each to the journal,
 * and folds. It sleeps on a counter rather than in an event loop: waking up is part of every
 * set's latency.
 */
import {
  parentPort,
  receiveMessageOnPort,
  workerData,
  type MessagePort,
} from "node:worker_threads";
import { FileLock } from "../file-lock.ts";
import { StoreError } from "../store-error.ts";
import { BrokenStoreError } from "./environment-error.ts";
import { Fold } from "./fold.ts";
import { JournalFile } from "./journal-file.ts";
import { JournalWriter } from "./journal-writer.ts";
import { PageFile } from "./page-file.ts";
import type { WriterReply, WriterRequest, WriterStart, WriterStats } from "./writer-messages.ts";

/** Between steps of a fold with nothing else to do, so that other threads get at the disk. */
const idlePauseMs = 1;
/** Without a set for so long the store counts as quiet. Groups follow each other much faster. */
const quietMs = 50;
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
  readonly #start: WriterStart;
  readonly #journal: JournalFile;
  readonly #pages: PageFile;
  readonly #writer: JournalWriter;
  readonly #foldLock: FileLock;
  #fold: Fold | undefined;
  /** After a failed step, rest until a group gets through: the disk is full, probably. */
  #foldRests = false;
  /** Nothing was set for a while. */
  #quiet = false;

  constructor(port: MessagePort, start: WriterStart) {
    this.#port = port;
    this.#start = start;
    this.#journal = new JournalFile(start.directory);
    this.#pages = new PageFile(start.directory);
    this.#writer = new JournalWriter(this.#journal, this.#pages, start.options);
    this.#foldLock = new FileLock(`${start.directory}/fold.lock`);
    this.#startFolding();
  }

  run(): void {
    this.#reply({ kind: "done", stats: this.#stats() });
    const { bell } = this.#start;
    for (;;) {
      const rings = Atomics.load(bell, 0);
      const request = this.#take();
      if (request === undefined) this.#idle(rings);
      else if ("close" in request) break;
      else this.#commit(request.group);
    }
    this.#foldLock.release();
    void Promise.all([this.#journal.close(), this.#pages.close()]).then(() => {
      this.#reply({ kind: "closed" });
      this.#port.close();
    });
  }

  #take(): WriterRequest | undefined {
    const received = receiveMessageOnPort(this.#port);
    return received === undefined ? undefined : (received.message as WriterRequest);
  }

  /** Nothing is asked: folds a little, or sleeps until the bell rings. */
  #idle(rings: number): void {
    const { bell, othersWrite } = this.#start;
    if (this.#foldStep({ idle: true, quiet: this.#quiet })) {
      Atomics.wait(bell, 0, rings, idlePauseMs);
      return;
    }
    const polls = this.#fold !== undefined && othersWrite;
    const sleepMs = polls ? lookEveryMs : Number.POSITIVE_INFINITY;
    const woken = Atomics.wait(bell, 0, rings, this.#quiet ? sleepMs : quietMs);
    this.#quiet = woken === "timed-out";
  }

  #commit(group: Uint8Array): void {
    try {
      this.#append(group);
      this.#foldRests = false;
      this.#reply({ kind: "done", stats: this.#stats() });
    } catch (error) {
      this.#reply(failure(error));
      return;
    }
    // After the answer: the next group gathers meanwhile.
    this.#quiet = false;
    this.#foldStep({ idle: false, quiet: false });
  }

  #append(group: Uint8Array): void {
    for (let pauses = 0; !this.#appendOnce(group); pauses += 1) {
      if (this.#foldStep({ idle: true, quiet: false })) {
        pauses = 0;
      } else if (pauses === fullPausesMax) {
        const hint = "journalMaxBytes must be the same in all processes of a store";
        throw new StoreError("unavailable", `the journal is full and nobody folds it; ${hint}`);
      } else {
        const { bell } = this.#start;
        Atomics.wait(bell, 0, Atomics.load(bell, 0), fullPauseMs);
      }
    }
  }

  #appendOnce(group: Uint8Array): boolean {
    return this.#writer.append(group, this.#fold?.foldedSequence ?? 0);
  }

  /** Folds a little, or clears up after it; false when there is nothing to do. */
  #foldStep({ idle, quiet }: { idle: boolean; quiet: boolean }): boolean {
    // Late by a quarter of a journal: the process that should fold may be gone.
    const late = this.#writer.waitingBytes > 0.75 * this.#start.options.journalMaxBytes;
    if (this.#fold === undefined && late) this.#startFolding();
    if (this.#fold === undefined || this.#foldRests) return false;
    try {
      this.#fold.look();
      const trims = idle && this.#writer.trim(this.#fold.foldedSequence);
      if (!this.#fold.isDue(quiet)) return trims;
      this.#fold.step(idle);
      this.#reply({ kind: "folded", stats: this.#stats() });
      return true;
    } catch {
      // No caller waits for this; whoever sets next is told.
      this.#foldRests = true;
      return false;
    }
  }

  #startFolding(): void {
    if (!this.#foldLock.tryAcquire()) return;
    this.#fold = new Fold(this.#journal, this.#pages, this.#start.options);
  }

  #stats(): WriterStats {
    return {
      commits: this.#writer.commits,
      folds: this.#fold?.folds ?? 0,
      foldedUsers: this.#fold?.foldedUsers ?? 0,
      journalBytes: this.#writer.waitingBytes,
      dataBytes: this.#journal.dataBytes() + this.#pages.dataBytes(),
    };
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
