/**
 * Folds recent sets into a user's pages. In the usual case, where all of it is newer than the
 * newest page, only that page is rewritten; every half page of items one older page is added.
 */
import { mergeSources, MergeSource } from "../merge.ts";
import { createPosition, setPositionFromWire } from "../position.ts";
import { readUint32, RunBuilder, RunView, writeUint32 } from "../run.ts";
import type { LmdbStoreOptions } from "../store-options.ts";
import { DirectoryView, encodeDirectory, type DirectoryEntry } from "./directory.ts";
import { directoryPage, newestPage, newestPageHeadBytes, type PageReader } from "./page-chain.ts";

/** Reads and writes pages within one transaction. */
export interface PageWriter extends PageReader {
  /** Takes a copy of `bytes`. */
  store(userId: bigint, page: number, bytes: Uint8Array): void;
  remove(userId: bigint, page: number): void;
}

/** How large pages grow, and how many items a user keeps. */
export type PageShape = Pick<
  LmdbStoreOptions,
  "pageItemsMax" | "pageBytesMax" | "olderPageBytesMax" | "itemsPerUserMax"
>;

export class PageFolder {
  readonly #pages: PageWriter;
  readonly #shape: PageShape;
  readonly #incoming = new RunBuilder();
  readonly #merged = new RunBuilder();
  readonly #directory = new DirectoryView();
  readonly #sources = [new MergeSource(), new MergeSource()];
  #scratch = new Uint8Array(65_536);

  constructor(pages: PageWriter, shape: PageShape) {
    this.#pages = pages;
    this.#shape = shape;
  }

  /** Folds the first `live` of `sources`, newest writes first, into the pages of the user. */
  fold(userId: bigint, sources: MergeSource[], live: number): void {
    this.#incoming.clear();
    mergeSources(sources, live, Number.MAX_SAFE_INTEGER, this.#incoming);
    const incoming = this.#viewOf(this.#incoming, 0, this.#incoming.count);
    const length = this.#pages.load(userId, newestPage);
    if (length < 0) {
      this.#rebuild([incoming]);
      this.#storeNewest(userId, { entries: [], nextPage: 1 }, false);
      return;
    }
    const bytes = this.#pages.bytes.slice(0, length);
    const newest = new RunView();
    newest.open(bytes, newestPageHeadBytes, length);
    const hasOlder = readUint32(bytes, 0) > newest.count;
    const directory = hasOlder ? this.#loadDirectory(userId) : { entries: [], nextPage: 1 };
    const split = this.#foldOlder(userId, incoming, directory);
    this.#rebuild(split > 0 ? [this.#viewOf(this.#incoming, 0, split), newest] : [newest]);
    this.#storeNewest(userId, directory, hasOlder);
  }

  /**
   * Folds what belongs into older pages and edits the directory. Returns how many items of
   * `incoming`, from the first on, belong into the newest page.
   */
  #foldOlder(userId: bigint, incoming: RunView, directory: Directory): number {
    const before = directory.entries.slice();
    const first = before[0];
    if (first === undefined) return incoming.count;
    const split = incoming.firstAtOrOlder(first.newest);
    let from = split;
    for (let index = 0; from < incoming.count; index += 1) {
      const entry = before[index] as DirectoryEntry;
      const next = before[index + 1];
      const to = next === undefined ? incoming.count : incoming.firstAtOrOlder(next.newest, from);
      if (to > from) this.#foldOlderPage(userId, entry, from, to, directory);
      from = to;
    }
    return split;
  }

  #foldOlderPage(
    userId: bigint,
    entry: DirectoryEntry,
    from: number,
    to: number,
    directory: Directory,
  ): void {
    const length = this.#pages.load(userId, entry.page);
    const page = new RunView();
    page.open(this.#pages.bytes.slice(0, length), 0, length);
    this.#rebuild([this.#viewOf(this.#incoming, from, to), page]);
    const pieces = this.#storePieces(userId, directory, entry.page);
    directory.entries.splice(directory.entries.indexOf(entry), 1, ...pieces);
  }

  /** Stores `#merged` as newest page, splitting off older pages, and keeps to the limit. */
  #storeNewest(userId: bigint, directory: Directory, hadDirectory: boolean): void {
    const merged = this.#merged;
    let keep = this.#splitNewest(userId, directory);
    this.#dropOldest(userId, directory, keep);
    if (directory.entries.length === 0) keep = Math.min(keep, this.#shape.itemsPerUserMax);
    const total = directory.entries.reduce((sum, entry) => sum + entry.count, keep);
    this.#reserve(newestPageHeadBytes + merged.bytesOf(0, keep));
    const end = merged.write(0, keep, this.#scratch, writeUint32(this.#scratch, 0, total));
    this.#pages.store(userId, newestPage, this.#scratch.subarray(0, end));
    if (directory.entries.length > 0) {
      const bytes = encodeDirectory(directory.entries, directory.nextPage);
      this.#pages.store(userId, directoryPage, bytes);
    } else if (hadDirectory) {
      this.#pages.remove(userId, directoryPage);
    }
  }

  /** Splits full older pages off the end while it is too large; returns how many items stay. */
  #splitNewest(userId: bigint, directory: Directory): number {
    const { pageItemsMax, pageBytesMax, olderPageBytesMax } = this.#shape;
    const merged = this.#merged;
    let keep = merged.count;
    while (keep > 1 && (keep > pageItemsMax || merged.bytesOf(0, keep) > pageBytesMax)) {
      const least = Math.max(1, keep - (pageItemsMax >>> 1));
      let start = keep - 1;
      while (start > least && merged.bytesOf(start - 1, keep) <= olderPageBytesMax) start -= 1;
      directory.entries.unshift(this.#storePiece(userId, directory.nextPage++, start, keep));
      keep = start;
    }
    return keep;
  }

  /**
   * Drops whole pages beyond the limit: cutting one to the item would rewrite it at every fold.
   * What is left too many, less than a page, the reader passes over.
   */
  #dropOldest(userId: bigint, directory: Directory, newestCount: number): void {
    const { entries } = directory;
    let total = entries.reduce((sum, entry) => sum + entry.count, newestCount);
    for (;;) {
      const oldest = entries.at(-1);
      if (oldest === undefined || total - oldest.count < this.#shape.itemsPerUserMax) return;
      this.#pages.remove(userId, oldest.page);
      entries.pop();
      total -= oldest.count;
    }
  }

  /**
   * Stores `#merged` as older pages, the first under `page`. What no longer fits into one is
   * spread evenly: a page that was full takes more again some time.
   */
  #storePieces(userId: bigint, directory: Directory, page: number): DirectoryEntry[] {
    const { pageItemsMax, olderPageBytesMax } = this.#shape;
    const merged = this.#merged;
    const pieces: DirectoryEntry[] = [];
    for (let start = 0; start < merged.count;) {
      const left = merged.count - start;
      const full = Math.max(
        left / (pageItemsMax >>> 1),
        merged.bytesOf(start, merged.count) / olderPageBytesMax,
      );
      let end = start + Math.ceil(left / Math.ceil(full));
      while (end > start + 1 && merged.bytesOf(start, end) > olderPageBytesMax) end -= 1;
      const number = start === 0 ? page : directory.nextPage++;
      pieces.push(this.#storePiece(userId, number, start, end));
      start = end;
    }
    return pieces;
  }

  #storePiece(userId: bigint, page: number, start: number, end: number): DirectoryEntry {
    const merged = this.#merged;
    this.#reserve(merged.bytesOf(start, end));
    const bytes = this.#scratch.subarray(0, merged.write(start, end, this.#scratch, 0));
    this.#pages.store(userId, page, bytes);
    const newest = createPosition();
    const item = merged.itemAt(start);
    setPositionFromWire(newest, item.wire, item.start);
    return { page, count: end - start, newest };
  }

  /** Merges the runs, newest write first, into `#merged`. */
  #rebuild(views: readonly RunView[]): void {
    for (const [index, view] of views.entries()) {
      (this.#sources[index] as MergeSource).useAll(view);
    }
    this.#merged.clear();
    mergeSources(this.#sources, views.length, Number.MAX_SAFE_INTEGER, this.#merged);
  }

  #viewOf(builder: RunBuilder, from: number, to: number): RunView {
    const bytes = new Uint8Array(builder.bytesOf(from, to));
    const view = new RunView();
    view.open(bytes, 0, builder.write(from, to, bytes, 0));
    return view;
  }

  #loadDirectory(userId: bigint): Directory {
    const length = this.#pages.load(userId, directoryPage);
    this.#directory.open(this.#pages.bytes, length);
    return this.#directory.decode();
  }

  #reserve(bytes: number): void {
    if (this.#scratch.length < bytes) this.#scratch = new Uint8Array(2 * bytes);
  }
}

interface Directory {
  readonly entries: DirectoryEntry[];
  nextPage: number;
}
