/**
 * The LMDB engine of the feed history: reads on the caller's thread, straight out of mapped
 * memory; writes through the writer's thread. ARCHITECTURE of the engine: README.md beside it.
 */
import { checkRange, checkUserId } from "../check-arguments.ts";
import type { HistoryStore, RangeResult, RangeSink, StoreStats } from "../history-store.ts";
import { checkItemWire, type ItemPosition } from "../item-wire.ts";
import { checkOwnerToken, StoreOwner } from "../owner.ts";
import { markFormat, prepareDirectory } from "../store-files.ts";
import { StoreError } from "../store-error.ts";
import { completeLmdbStoreOptions, type LmdbStoreOptions } from "../store-options.ts";
import { GroupCommit } from "./group-commit.ts";
import { checkFormatVersion } from "./format.ts";
import { createJournalState, JournalFile } from "./journal-file.ts";
import { createFoldState, PageFile } from "./page-file.ts";
import { RangeReader } from "./range-reader.ts";

export interface OpenStoreOptions extends Partial<LmdbStoreOptions> {
  /** Where the store's files are; made if missing. */
  readonly directory: string;
  /**
   * The token of the process that owns the store, for a worker it started. Without one this
   * process becomes the owner, until the store is closed.
   */
  readonly ownerToken?: string | undefined;
  /** The owner itself, when this process has acquired it for its workers too. */
  readonly owner?: StoreOwner | undefined;
  /**
   * Runs a task after the present turn of the event loop; default setImmediate. Sets of one turn
   * share a commit.
   */
  readonly soon?: (task: () => void) => void;
}

/** Opens the store of a directory. Rejects with an `unavailable` StoreError saying why not. */
export async function openLmdbHistoryStore(options: OpenStoreOptions): Promise<HistoryStore> {
  const limits = completeLmdbStoreOptions(options);
  const { directory, ownerToken } = options;
  prepareDirectory(directory);
  if (ownerToken !== undefined) checkOwnerToken(directory, ownerToken);
  const isOwner = ownerToken === undefined && options.owner === undefined;
  const owner = isOwner ? StoreOwner.acquire(directory) : undefined;
  let files: StoreFiles | undefined;
  try {
    files = openFiles(directory);
    // Somebody else may write as well: the owner's workers, or the owner.
    const othersWrite = !isOwner;
    const { journal, pages } = files;
    const reader = new RangeReader(journal, pages, limits.itemsPerUserMax, othersWrite);
    const start = { directory, options: limits, othersWrite };
    const commit = await GroupCommit.start(start, {
      soon: options.soon ?? setImmediate,
      onCommit: () => reader.expectNews(),
    });
    return new LmdbHistoryStore(files, reader, commit, owner);
  } catch (error) {
    await files?.journal.close();
    await files?.pages.close();
    owner?.release();
    throw error;
  }
}

interface StoreFiles {
  readonly journal: JournalFile;
  readonly pages: PageFile;
}

/** Opens both files, new ones with their states, which another process may be doing as well. */
function openFiles(directory: string): StoreFiles {
  const files = { journal: new JournalFile(directory), pages: new PageFile(directory) };
  const { journal, pages } = files;
  const journalState = createJournalState();
  const foldState = createFoldState();
  if (!journal.hasState()) {
    journal.transact(() => {
      if (!journal.hasState()) journal.writeState(journalState);
    });
  }
  if (!pages.hasState()) {
    pages.transact(() => {
      if (!pages.hasState()) pages.writeState(foldState);
    });
  }
  markFormat(directory);
  journal.freshen();
  pages.freshen();
  journal.readState(journalState);
  pages.readState(foldState);
  checkFormatVersion(journalState.format, directory);
  checkFormatVersion(foldState.format, directory);
  return files;
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
    await this.#files.journal.close();
    await this.#files.pages.close();
    this.#owner?.release();
  }
}
