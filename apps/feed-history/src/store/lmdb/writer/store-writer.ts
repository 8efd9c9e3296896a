/**
 * The writer of a store that several processes serve. They read the files themselves; what they
 * are asked to set, they send here, into the process that started them.
 *
 * Why one writer? A process that is stopped in the middle of a commit holds everybody up, unless
 * it cannot be in the middle of one. And the `lmdb` package is not safe for several (3.5.6): a
 * process that opens a file sets the number of the last commit, shared by all, to the one it has
 * found a moment before. A commit in between is lost, acknowledged or not. So the writer holds
 * still while another process opens the files. Besides, sets of all processes share commits.
 */
import { StoreOwner } from "../../owner.ts";
import { StoreError } from "../../store-error.ts";
import { completeLmdbStoreOptions, type LmdbStoreOptions } from "../../store-options.ts";
import { GroupCommit } from "./group-commit.ts";
import type { WriterReply, WriterStats } from "./messages.ts";
import {
  type MessageEnd,
  type ProcessRequest,
  sendTo,
  type StoreMessage,
} from "./process-channel.ts";
import { ThreadChannel } from "./thread-channel.ts";

export interface OpenStoreWriterOptions extends Partial<LmdbStoreOptions> {
  /** Where the store's files are; made if missing. */
  readonly directory: string;
}

export class StoreWriter {
  readonly #owner: StoreOwner;
  readonly #commit: GroupCommit;

  private constructor(owner: StoreOwner, commit: GroupCommit) {
    this.#owner = owner;
    this.#commit = commit;
  }

  /** Owns the store from here on. Rejects with an `unavailable` StoreError saying why not. */
  static async open({ directory, ...rest }: OpenStoreWriterOptions): Promise<StoreWriter> {
    const options = completeLmdbStoreOptions(rest);
    const owner = StoreOwner.acquire(directory);
    try {
      const channel = new ThreadChannel({ directory, options });
      const { pendingMaxBytes } = options;
      const hooks = { soon: setImmediate, onCommit: () => undefined };
      return new StoreWriter(owner, await GroupCommit.start(channel, pendingMaxBytes, hooks));
    } catch (error) {
      owner.release();
      throw error;
    }
  }

  get stats(): WriterStats | undefined {
    return this.#commit.writerStats;
  }

  /** Commits what a process sends that this one has started; call it before its first message. */
  serve(worker: MessageEnd): void {
    const reply = (store: WriterReply): void => {
      if (worker.connected) sendTo(worker, { store });
    };
    let release: (() => void) | undefined;
    const letGo = (): void => {
      release?.();
      release = undefined;
    };
    const answer = async (request: ProcessRequest): Promise<WriterReply | undefined> => {
      if ("group" in request) await this.#commit.addEntry(request.group);
      else if ("close" in request) letGo();
      else if (request.opens) release ??= await this.#commit.hold();
      else return letGo() as undefined;
      // It may have died while it waited for its turn.
      if (!worker.connected) letGo();
      if ("close" in request) return { kind: "closed" };
      return { kind: "done", stats: this.#commit.writerStats! };
    };
    worker.on("message", (message) => {
      const request = (message as Partial<StoreMessage<ProcessRequest>>).store;
      if (request === undefined) return;
      answer(request).then(
        (done) => done !== undefined && reply(done),
        (error: unknown) => reply(this.#failure(error)),
      );
    });
    worker.on("disconnect", letGo);
  }

  /** Commits what waits, then lets go of the store. */
  async close(): Promise<void> {
    await this.#commit.close();
    this.#owner.release();
  }

  #failure(error: unknown): WriterReply {
    const { code, message } =
      error instanceof StoreError ? error : new StoreError("internal", String(error));
    return { kind: "failed", code, message, broken: this.#commit.isBroken };
  }
}
