/**
 * The folded part of a user's history: a newest page that answers most reads alone, and older
 * pages found through a directory. As a source of a merge it goes from page to page by itself.
 *
 *     newest page:  items in all pages:u32, then a run      older page:  a run
 */
import { MergeSource } from "../merge.ts";
import { comparePositions, copyPosition, createPosition, type Position } from "../position.ts";
import { readUint32 } from "../run.ts";
import { DirectoryView } from "./directory.ts";

/** The page number of the newest page. Older pages count from 1. */
export const newestPage = 0;
/** The page number under which the directory stands. */
export const directoryPage = 0xffff_ffff;
/** Where the run begins in the newest page. */
export const newestPageHeadBytes = 4;

/** Reads pages out of one snapshot of the store. */
export interface PageReader {
  /** What `load` found; valid until the next `load`. */
  readonly bytes: Uint8Array;
  /** Length of a page, or -1 when there is none. */
  load(userId: bigint, page: number): number;
}

export class PageChain extends MergeSource {
  /** Items in all pages of the user. */
  total = 0;
  readonly #pages: PageReader;
  readonly #directory = new DirectoryView();
  #userId = 0n;
  readonly #before: Position = createPosition();
  readonly #atLeast: Position = createPosition();
  #newestPageCount = 0;
  /** Index in the directory of the page in view; -1: the newest page. */
  #page = -1;
  #directoryLoaded = false;
  /** The page in view reaches past the end of the range, or there is no older one. */
  #lastPage = true;

  constructor(pages: PageReader) {
    super();
    this.#pages = pages;
  }

  /** Takes up a user's items older than `before` and not older than `atLeast`, if there are any. */
  open(userId: bigint, before: Position, atLeast: Position): boolean {
    this.total = 0;
    const length = this.#pages.load(userId, newestPage);
    if (length < 0) return false;
    this.#userId = userId;
    copyPosition(this.#before, before);
    copyPosition(this.#atLeast, atLeast);
    const { bytes } = this.#pages;
    this.total = readUint32(bytes, 0);
    this.view.open(bytes, newestPageHeadBytes, length);
    this.#newestPageCount = this.view.count;
    this.#page = -1;
    this.#directoryLoaded = false;
    return this.#restrictPage(this.total > this.view.count);
  }

  /** Items in the pages that are newer than the first item of the range. */
  itemsBefore(): number {
    if (this.#page < 0) return this.index;
    return this.#newestPageCount + this.#directory.itemsBefore(this.#page) + this.index;
  }

  override hasMoreRuns(): boolean {
    return this.#nextPage() >= 0;
  }

  protected override refill(): boolean {
    const next = this.#nextPage();
    if (next < 0) return false;
    this.#page = next;
    const length = this.#pages.load(this.#userId, this.#directory.pageAt(next));
    this.view.open(this.#pages.bytes, 0, length);
    return this.#restrictPage(next + 1 < this.#directory.count);
  }

  /** Finds the range in the page in view; `refill` goes on when it has nothing of it. */
  #restrictPage(hasOlder: boolean): boolean {
    this.index = this.view.firstOlder(this.#before);
    this.end = this.view.firstOlder(this.#atLeast, this.index);
    this.#lastPage = !hasOlder || this.end < this.view.count;
    return this.settle();
  }

  /** Index in the directory of the next page with items of the range, or -1. */
  #nextPage(): number {
    if (this.#lastPage) return -1;
    let next = this.#page + 1;
    if (!this.#directoryLoaded) {
      const length = this.#pages.load(this.#userId, directoryPage);
      this.#directory.open(this.#pages.bytes, length);
      this.#directoryLoaded = true;
      next = this.#directory.firstPageFor(this.#before);
    }
    if (next >= this.#directory.count) return -1;
    return comparePositions(this.#directory.newestAt(next), this.#atLeast) >= 0 ? next : -1;
  }
}
