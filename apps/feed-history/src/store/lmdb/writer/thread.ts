/**
 * The writer's thread: takes groups of sets, commits each to the journal, and folds. It sleeps on
 * a counter rather than in an event loop: waking up is part of every set's latency.
 */
import {
  parentPort,
  receiveMessageOnPort,
  workerData,
  type MessagePort,
} from "node:worker_threads";
import { StoreError } from "../../store-error.ts";
import { BrokenStoreError } from "../environment-error.ts";
import { openForWriting, type StoreFiles } from "../open-files.ts";
import { Fold } from "./fold.ts";
import { JournalWriter } from "./journal-writer.ts";
import type { WriterReply, WriterRequest, WriterStats, WriterThreadStart } from "./messages.ts";

/** Between steps of a fold with nothing else to do, so that other threads get at the disk. */
const idlePauseMs = 1;
/** Without a set for so long the store counts as quiet. Groups follow each other much faster. */
const quietMs = 50;

class WriterThread {
  readonly #port: MessagePort;
  readonly #bell: Int32Array;
  readonly #files: StoreFiles;
  readonly #writer: JournalWriter;
  readonly #fold: Fold;
  /** After a failed step, rest until a group gets through: the disk is full, probably. */
  #foldRests = false;
  /** Nothing was set for a while. */
  #quiet = false;
  /** Another process opens the files. */
  #held = false;

  constructor(port: MessagePort, { directory, options, bell }: WriterThreadStart) {
    this.#port = port;
    this.#bell = bell;
    this.#files = openForWriting(directory);
    const { journal, pages } = this.#files;
    this.#fold = new Fold(journal, pages, options);
    this.#writer = new JournalWriter(journal, pages, options);
  }

  run(): void {
    this.#reply({ kind: "done", stats: this.#stats() });
    for (;;) {
      const rings = Atomics.load(this.#bell, 0);
      const request = this.#take();
      if (request === undefined) this.#idle(rings);
      else if ("close" in request) break;
      else if ("hold" in request) this.#hold(request.hold);
      else this.#commit(request.group);
    }
    void this.#files.close().then(() => {
      this.#reply({ kind: "closed" });
      this.#port.close();
    });
  }

  #take(): WriterRequest | undefined {
    const received = receiveMessageOnPort(this.#port);
    return received === undefined ? undefined : (received.message as WriterRequest);
  }

  #hold(held: boolean): void {
    this.#held = held;
    this.#reply({ kind: "done", stats: this.#stats() });
  }

  /** Nothing is asked: folds a little, or sleeps until the bell rings. */
  #idle(rings: number): void {
    if (this.#held) {
      Atomics.wait(this.#bell, 0, rings);
      return;
    }
    if (this.#foldStep({ idle: true, quiet: this.#quiet })) {
      Atomics.wait(this.#bell, 0, rings, idlePauseMs);
      return;
    }
    const sleepMs = this.#quiet ? Number.POSITIVE_INFINITY : quietMs;
    this.#quiet = Atomics.wait(this.#bell, 0, rings, sleepMs) === "timed-out";
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
    while (!this.#writer.append(group, this.#fold.state)) {
      // A full journal has a fold to do. One that failed says why, to whoever waits here.
      this.#fold.look();
      this.#fold.step(true);
    }
  }

  /** Folds a little, or clears up after it; false when there is nothing to do. */
  #foldStep({ idle, quiet }: { idle: boolean; quiet: boolean }): boolean {
    if (this.#foldRests) return false;
    try {
      this.#fold.look();
      const trims = idle && this.#writer.trim(this.#fold.state);
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

  #stats(): WriterStats {
    const { journal, pages } = this.#files;
    return {
      commits: this.#writer.commits,
      folds: this.#fold.folds,
      foldedUsers: this.#fold.foldedUsers,
      journalBytes: this.#writer.appendedBytes - this.#fold.state.foldedBytes,
      dataBytes: journal.dataBytes() + pages.dataBytes(),
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

if (parentPort === null) throw new StoreError("internal", "thread.ts runs as a thread only");
try {
  new WriterThread(parentPort, workerData as WriterThreadStart).run();
} catch (error) {
  parentPort.postMessage(failure(error));
  parentPort.close();
}
