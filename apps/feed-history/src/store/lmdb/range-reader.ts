/**
 * The read path: one snapshot of the store, the user's recent sets, the user's pages, merged
 * newest first into the reply. Nothing is decoded, and nothing allocated per item.
 */
import type { RangeResult, RangeSink } from "../history-store.ts";
import type { ItemPosition } from "../item-wire.ts";
import { mergeSources, type MergeSource, type SliceSink } from "../merge.ts";
import {
  comparePositions,
  copyPosition,
  createPosition,
  PositionSplitter,
  setPositionFromWire,
  type Position,
} from "../position.ts";
import type { RunView } from "../run.ts";
import { createJournalState, type JournalFile } from "./journal-file.ts";
import { PageChain } from "./page-chain.ts";
import { createFoldState, type PageFile } from "./page-file.ts";
import { RecentSets } from "./recent-sets.ts";

/** Newer than any item: no 32-bit number is as high. */
const beforeAll: Position = { timeHigh: 0x8000_0000, timeLow: 0, idHigh: 0, idLow: 0 };
/** The oldest place an item can have. */
const sinceEver: Position = { timeHigh: 0, timeLow: 0, idHigh: -0x8000_0000, idLow: 0 };

export class RangeReader {
  calls = 0;
  items = 0;
  readonly #journal: JournalFile;
  readonly #pages: PageFile;
  readonly #itemsPerUserMax: number;
  readonly #othersWrite: boolean;
  readonly #journalState = createJournalState();
  readonly #foldState = createFoldState();
  readonly #recent = new RecentSets();
  readonly #chain: PageChain;
  readonly #pool: MergeSource[] = [];
  readonly #sources: MergeSource[] = [];
  readonly #before = createPosition();
  readonly #atLeast = createPosition();
  readonly #after = createPosition();
  readonly #splitter = new PositionSplitter();
  readonly #reply = new ReplySink();
  readonly #readEntry: (sequence: number) => Uint8Array;
  #newsExpected = true;
  /** Most items there can be before the range, if the user may have more than are kept. */
  #reach = Number.NEGATIVE_INFINITY;

  /** `othersWrite`: other processes write to the store and do not say when. */
  constructor(
    journal: JournalFile,
    pages: PageFile,
    itemsPerUserMax: number,
    othersWrite: boolean,
  ) {
    this.#journal = journal;
    this.#pages = pages;
    this.#itemsPerUserMax = itemsPerUserMax;
    this.#othersWrite = othersWrite;
    this.#chain = new PageChain(pages);
    this.#readEntry = (sequence) => journal.readEntry(sequence);
    // The journal of a store that was busy when it stopped is read now, not by the first caller.
    this.#catchUp();
    if (othersWrite) this.expectNews();
  }

  get recentUsers(): number {
    return this.#recent.users;
  }

  /** Something was committed: the next read looks at the store anew. */
  expectNews(): void {
    this.#newsExpected = true;
    // Old snapshots would keep the room of what they show from being used again.
    this.#journal.freshen();
    this.#pages.freshen();
  }

  /** The arguments have been checked. */
  range(
    userId: bigint,
    fromMs: bigint,
    toMs: bigint,
    limit: number,
    after: ItemPosition | undefined,
    into: RangeSink,
  ): RangeResult {
    if (this.#newsExpected) this.#catchUp();
    const splitter = this.#splitter;
    splitter.setOldestAt(this.#before, toMs);
    if (after !== undefined) this.#startAfter(after);
    splitter.setOldestAt(this.#atLeast, fromMs);
    let live = this.#open(userId, this.#before, this.#atLeast);
    if (this.#reach + limit > this.#itemsPerUserMax) {
      this.#raiseToFloor(userId);
      live = this.#open(userId, this.#before, this.#atLeast);
    }
    const reply = this.#reply;
    reply.into = into;
    const { count, more } = mergeSources(this.#sources, live, limit, reply);
    if (this.#othersWrite) this.expectNews();
    this.calls += 1;
    this.items += count;
    return more ? { count, more, last: splitter.join(reply.last) } : { count, more };
  }

  #startAfter(after: ItemPosition): void {
    this.#splitter.set(this.#after, after);
    if (comparePositions(this.#after, this.#before) < 0) copyPosition(this.#before, this.#after);
  }

  #catchUp(): void {
    this.#newsExpected = false;
    // The journal first: what is folded and removed from it after this is in the pages then.
    this.#journal.freshen();
    const hasEntries = this.#journal.readState(this.#journalState);
    this.#pages.freshen();
    const hasFolded = this.#pages.readState(this.#foldState);
    if (!hasEntries && !hasFolded) return;
    this.#recent.catchUp(this.#journalState, this.#foldState, this.#readEntry);
  }

  /** Fills `#sources` for a range, newest writes first; returns how many there are. */
  #open(userId: bigint, before: Position, atLeast: Position): number {
    const { user } = this.#splitter;
    this.#splitter.setUser(userId);
    const runs = this.#recent.sourcesOf(user.low, user.high, this.#pool);
    let live = 0;
    let recentItems = 0;
    for (let index = 0; index < runs; index += 1) {
      const source = this.#pool[index] as MergeSource;
      recentItems += source.end;
      if (source.restrict(before, atLeast)) this.#sources[live++] = source;
    }
    const chain = this.#chain;
    const hasPages = chain.open(userId, before, atLeast);
    if (hasPages) this.#sources[live++] = chain;
    const passed = hasPages ? chain.itemsBefore() : chain.total;
    const isOverfull = chain.total + recentItems > this.#itemsPerUserMax;
    this.#reach = isOverfull ? passed + recentItems : Number.NEGATIVE_INFINITY;
    return live;
  }

  /**
   * A user may have more items in the store than are kept: recent ones not folded yet, the rest
   * of the oldest page. Bounds the range where the kept ones end. Only a read that far back in a
   * full history comes here.
   */
  #raiseToFloor(userId: bigint): void {
    const live = this.#open(userId, beforeAll, sinceEver);
    const finder = new LastItemFinder();
    const kept = mergeSources(this.#sources, live, this.#itemsPerUserMax, finder);
    if (kept.more && comparePositions(finder.last, this.#atLeast) > 0) {
      copyPosition(this.#atLeast, finder.last);
    }
  }
}

/** Hands slices on to the caller's sink and remembers where the last one ended. */
class ReplySink implements SliceSink {
  into: RangeSink = { append: () => undefined };
  readonly last: Position = createPosition();

  take(view: RunView, from: number, to: number): void {
    this.into.append(view.bytes, view.itemStart(from), view.itemEnd(to - 1));
    setPositionFromWire(this.last, view.bytes, view.itemStart(to - 1));
  }
}

class LastItemFinder implements SliceSink {
  readonly last: Position = createPosition();

  take(view: RunView, _from: number, to: number): void {
    setPositionFromWire(this.last, view.bytes, view.itemStart(to - 1));
  }
}
