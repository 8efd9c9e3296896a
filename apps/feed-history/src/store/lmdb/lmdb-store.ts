/**
 * The LMDB engine of the feed history: reads on the caller's thread, straight out of mapped
 * memory; writes through the writer's thread. The engine as a whole: README.md beside it.
 */
import { checkRange, checkUserId } from "../check-arguments.ts";
import type { HistoryStore, RangeResult, RangeSink, StoreStats } from "../history-store.ts";
import { checkItemWire, type ItemPosition } from "../item-wire.ts";
import { StoreOwner } from "../owner.ts";
import { StoreError } from "../store-error.ts";
import { completeLmdbStoreOptions, type LmdbStoreOptions } from "../store-options.ts";
import { RangeReader } from "./range-reader.ts";
import { openForReading, type StoreFiles } from "./open-files.ts";
import { GroupCommit } from "./writer/group-commit.ts";
import { type MessageEnd, ProcessChannel } from "./writer/process-channel.ts";
import { ThreadChannel } from "./writer/thread-channel.ts";

export interface OpenStoreOptions extends Partial<LmdbStoreOptions> {
  /** Where the store's files are; made if missing. */
  readonly directory: string;
  /**
   * For a process among several on one store: its channel (`process`) to the process that started
   * it and has the StoreWriter. Without one this process owns the store until it is closed.
   */
  readonly writer?: MessageEnd | undefined;
  /**
   * Runs a task after the present turn of the event loop; default setImmediate. Sets of one turn
   * share a commit.
   */
  readonly soon?: (task: () => void) => void;
}

/** Opens the store of a directory. Rejects with an `unavailable` StoreError saying why not. */
export async function openLmdbHistoryStore(options: OpenStoreOptions): Promise<HistoryStore> {
  const limits = completeLmdbStoreOptions(options);
  const { directory, writer } = options;
  const owner = writer === undefined ? StoreOwner.acquire(directory) : undefined;
  let reader: RangeReader | undefined;
  let commit: GroupCommit | undefined;
  let files: StoreFiles | undefined;
  try {
    const channel =
      writer === undefined
        ? new ThreadChannel({ directory, options: limits })
        : new ProcessChannel(writer);
    commit = await GroupCommit.start(channel, limits.pendingMaxBytes, {
      soon: options.soon ?? setImmediate,
      onCommit: () => reader?.expectNews(),
    });
    files = openForReading(directory);
    channel.opened();
    const othersWrite = writer !== undefined;
    reader = new RangeReader(files.journal, files.pages, limits.itemsPerUserMax, othersWrite);
    return new LmdbHistoryStore(files, reader, commit, owner);
  } catch (error) {
    await commit?.close();
    await files?.close();
    owner?.release();
    throw error;
  }
}

class LmdbHistoryStore implements HistoryStore {
  readonly #files: StoreFiles;
  readonly #reader: RangeReader;
  readonly #commit: GroupCommit;
  readonly #owner: StoreOwner | undefined;
  #setCalls = 0;
  #setItems = 0;
  #closed: Promise<void> | undefined;

  constructor(
    files: StoreFiles,
    reader: RangeReader,
    commit: GroupCommit,
    owner: StoreOwner | undefined,
  ) {
    this.#files = files;
    this.#reader = reader;
    this.#commit = commit;
    this.#owner = owner;
  }

  set(userId: bigint, items: readonly Uint8Array[]): Promise<number> {
    try {
      checkUserId(userId);
      for (let index = 0; index < items.length; index += 1) {
        checkItemWire(items[index] as Uint8Array, index);
      }
    } catch (error) {
      return Promise.reject(error);
    }
    this.#setCalls += 1;
    this.#setItems += items.length;
    return items.length === 0 ? Promise.resolve(0) : this.#commit.add(userId, items);
  }

  range(
    userId: bigint,
    fromMs: bigint,
    toMs: bigint,
    limit: number,
    after: ItemPosition | undefined,
    into: RangeSink,
  ): RangeResult {
    if (this.#closed !== undefined) throw new StoreError("unavailable", "the store is closed");
    checkRange(userId, fromMs, toMs, limit, after);
    return this.#reader.range(userId, fromMs, toMs, limit, after, into);
  }

  stats(): StoreStats {
    return {
      engine: "lmdb",
      setCalls: this.#setCalls,
      setItems: this.#setItems,
      rangeCalls: this.#reader.calls,
      rangeItems: this.#reader.items,
      recentUsers: this.#reader.recentUsers,
      pendingBytes: this.#commit.pendingBytes,
      ...this.#commit.writerStats,
    };
  }

  close(): Promise<void> {
    this.#closed ??= this.#closeAll();
    return this.#closed;
  }

  async #closeAll(): Promise<void> {
    await this.#commit.close();
    await this.#files.close();
    this.#owner?.release();
  }
}
