/**
 * Group commit: while one group of sets is on its way to the disk, the next one gathers. So the
 * groups grow with the load and nobody waits for a timer.
 */
import { Worker } from "node:worker_threads";
import { describeCause, StoreError } from "../store-error.ts";
import { SetGroup, type WaitingSet } from "./set-group.ts";
import type { WriterReply, WriterRequest, WriterStart, WriterStats } from "./writer-messages.ts";

/** What the group commit is told by the store. */
export interface GroupCommitHooks {
  /** Runs a task once the present turn of the event loop has read what there was to read. */
  readonly soon: (task: () => void) => void;
  /** Called after every commit, before those who wait for it are told. */
  readonly onCommit: () => void;
}

export class GroupCommit {
  writerStats: WriterStats | undefined;
  readonly #worker: Worker;
  readonly #bell = new Int32Array(new SharedArrayBuffer(4));
  readonly #pendingMaxBytes: number;
  readonly #hooks: GroupCommitHooks;
  readonly #next = new SetGroup();
  #opening: PromiseWithResolvers<void> | undefined = Promise.withResolvers();
  #closing: PromiseWithResolvers<void> | undefined;
  #closeSent = false;
  /** Those who wait for the group on its way. */
  #committing: readonly WaitingSet[] | undefined;
  #soonAsked = false;
  /** Why no set can be taken any more. */
  #broken: StoreError | undefined;

  private constructor(start: Omit<WriterStart, "bell">, hooks: GroupCommitHooks) {
    this.#pendingMaxBytes = start.options.pendingMaxBytes;
    this.#hooks = hooks;
    const extension = import.meta.url.endsWith(".ts") ? "ts" : "js";
    this.#worker = new Worker(new URL(`./writer-thread.${extension}`, import.meta.url), {
      workerData: { ...start, bell: this.#bell } satisfies WriterStart,
      name: "store-writer",
    });
    this.#worker.on("message", (reply: WriterReply) => this.#receive(reply));
    this.#worker.on("error", (cause) => {
      this.#break(`the writer thread died: ${describeCause(cause)}`);
    });
    this.#worker.on("exit", (code) => {
      this.#break(`the writer thread ended with code ${code}`);
      this.#closing?.resolve();
    });
  }

  /** Starts the writer's thread; rejects when it cannot open the store. */
  static async start(
    start: Omit<WriterStart, "bell">,
    hooks: GroupCommitHooks,
  ): Promise<GroupCommit> {
    const commit = new GroupCommit(start, hooks);
    await commit.#opening?.promise;
    return commit;
  }

  get pendingBytes(): number {
    return this.#next.bytes;
  }

  /** Resolves when the items, at least one and checked, are durable. */
  add(userId: bigint, items: readonly Uint8Array[]): Promise<number> {
    const refusal = this.#refusal();
    if (refusal !== undefined) return Promise.reject(refusal);
    const done = this.#next.add(userId, items);
    this.#sendSoon();
    return done;
  }

  /** Commits what waits, then ends the thread. */
  close(): Promise<void> {
    if (this.#closing === undefined) {
      this.#closing = Promise.withResolvers();
      if (this.#broken === undefined) this.#send();
      else void this.#worker.terminate();
    }
    return this.#closing.promise;
  }

  #refusal(): StoreError | undefined {
    if (this.#broken !== undefined) return this.#broken;
    if (this.#closing !== undefined) return new StoreError("unavailable", "the store is closed");
    if (this.#next.bytes < this.#pendingMaxBytes) return undefined;
    const waiting = `${this.#next.bytes} bytes of sets wait already`;
    return new StoreError("unavailable", `${waiting}; at most ${this.#pendingMaxBytes} may`);
  }

  /** Sends once per turn: the sets that arrived together go together. */
  #sendSoon(): void {
    if (this.#soonAsked || this.#committing !== undefined) return;
    this.#soonAsked = true;
    this.#hooks.soon(() => {
      this.#soonAsked = false;
      this.#send();
    });
  }

  #send(): void {
    if (this.#committing !== undefined || this.#broken !== undefined) return;
    if (!this.#next.isEmpty) {
      const { entry, waiting } = this.#next.take();
      this.#committing = waiting;
      this.#post({ group: entry }, [entry.buffer]);
    } else if (this.#closing !== undefined && !this.#closeSent) {
      this.#closeSent = true;
      this.#post({ close: true });
    }
  }

  #post(request: WriterRequest, transfer: ArrayBuffer[] = []): void {
    this.#worker.postMessage(request, transfer);
    Atomics.add(this.#bell, 0, 1);
    Atomics.notify(this.#bell, 0);
  }

  #receive(reply: WriterReply): void {
    if (reply.kind === "closed") return;
    if (reply.kind === "failed") {
      this.#fail(new StoreError(reply.code, reply.message), reply.broken);
      return;
    }
    this.writerStats = reply.stats;
    this.#hooks.onCommit();
    if (reply.kind === "folded") return;
    this.#opening?.resolve();
    this.#opening = undefined;
    const waiting = this.#committing ?? [];
    this.#committing = undefined;
    for (const set of waiting) set.resolve(set.items);
    this.#sendNext();
  }

  #fail(error: StoreError, broken: boolean): void {
    this.#opening?.reject(error);
    for (const set of this.#committing ?? []) set.reject(error);
    this.#committing = undefined;
    if (!broken) {
      this.#sendNext();
      return;
    }
    this.#broken = error;
    this.#rejectNext(error);
  }

  #sendNext(): void {
    if (this.#closing !== undefined) this.#send();
    else if (!this.#next.isEmpty) this.#sendSoon();
  }

  /** Nobody waits for an answer that will not come. */
  #break(reason: string): void {
    if (this.#closeSent) return;
    this.#broken ??= new StoreError("unavailable", `no sets are taken until a restart: ${reason}`);
    this.#opening?.reject(this.#broken);
    for (const set of this.#committing ?? []) set.reject(this.#broken);
    this.#committing = undefined;
    this.#rejectNext(this.#broken);
  }

  #rejectNext(error: StoreError): void {
    for (const set of this.#next.take().waiting) set.reject(error);
  }
}
