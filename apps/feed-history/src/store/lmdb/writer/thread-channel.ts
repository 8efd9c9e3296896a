/**
 * The writer as a thread of this process. While nothing waits for it, it does not keep the process
 * alive.
 */
import { Worker } from "node:worker_threads";
import { describeCause } from "../../store-error.ts";
import type {
  WriterChannel,
  WriterListener,
  WriterReply,
  WriterRequest,
  WriterThreadStart,
} from "./messages.ts";

export class ThreadChannel implements WriterChannel {
  readonly #worker: Worker;
  readonly #bell = new Int32Array(new SharedArrayBuffer(4));
  /** Answers to come; the first is that the store is open. */
  #awaited = 1;

  constructor(start: Omit<WriterThreadStart, "bell">) {
    const extension = import.meta.url.endsWith(".ts") ? "ts" : "js";
    this.#worker = new Worker(new URL(`./thread.${extension}`, import.meta.url), {
      workerData: { ...start, bell: this.#bell } satisfies WriterThreadStart,
      name: "store-writer",
    });
  }

  listen(listener: WriterListener): void {
    let cause = "";
    this.#worker.on("message", (reply: WriterReply) => {
      if (reply.kind !== "folded" && --this.#awaited === 0) this.#worker.unref();
      listener.onReply(reply);
    });
    this.#worker.on("error", (error) => (cause = `: ${describeCause(error)}`));
    this.#worker.on("exit", (code) => {
      listener.onEnd(`the writer thread ended with code ${code}${cause}`);
    });
  }

  send(request: WriterRequest): void {
    if (this.#awaited++ === 0) this.#worker.ref();
    const transfer = "group" in request ? [request.group.buffer as ArrayBuffer] : [];
    this.#worker.postMessage(request, transfer);
    Atomics.add(this.#bell, 0, 1);
    Atomics.notify(this.#bell, 0);
  }

  opened(): void {
    // A second opening in one process shares the first one's environment and disturbs nobody.
  }

  abandon(): void {
    this.#worker.ref();
    void this.#worker.terminate();
  }
}
