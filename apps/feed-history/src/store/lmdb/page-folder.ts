/**
 * Folds recent sets into a user's pages. In the usual case, where all of it is newer than the
 * newest page, only that page is rewritten; now and then half of it moves on to an older page.
 */
import { mergeSources, MergeSource } from "../merge.ts";
import { createPosition, setPositionFromWire } from "../position.ts";
import { readUint32, RunBuilder, RunView, writeUint32 } from "../run.ts";
import type { LmdbStoreOptions } from "../store-options.ts";
import type { DirectoryEntry } from "./directory.ts";
import { DirectoryEditor } from "./directory-editor.ts";
import { newestPage, newestPageHeadBytes } from "./page-chain.ts";
import type { PageWriter } from "./page-writer.ts";

/** How large pages grow, and how many items a user keeps. */
export type PageShape = Pick<
  LmdbStoreOptions,
  "pageItemsMax" | "pageBytesMax" | "olderPageBytesMax" | "itemsPerUserMax"
>;

export class PageFolder {
  readonly #pages: PageWriter;
  readonly #shape: PageShape;
  readonly #directory: DirectoryEditor;
  readonly #incoming = new RunBuilder();
  readonly #merged = new RunBuilder();
  readonly #joined = new RunBuilder();
  readonly #oldest = createPosition();
  readonly #sources = [new MergeSource(), new MergeSource()];
  #userId = 0n;
  #scratch = new Uint8Array(65_536);

  constructor(pages: PageWriter, shape: PageShape) {
    this.#pages = pages;
    this.#shape = shape;
    this.#directory = new DirectoryEditor(pages);
  }

  /** Folds the first `live` of `sources`, newest writes first, into the pages of the user. */
  fold(userId: bigint, sources: MergeSource[], live: number): void {
    this.#userId = userId;
    this.#incoming.clear();
    mergeSources(sources, live, Number.MAX_SAFE_INTEGER, this.#incoming);
    const incoming = this.#viewOf(this.#incoming, 0, this.#incoming.count);
    const length = this.#pages.load(userId, newestPage);
    if (length < 0) {
      this.#directory.begin(userId, 0);
      this.#rebuild([incoming]);
    } else {
      const bytes = this.#pages.bytes.slice(0, length);
      const newest = new RunView();
      newest.open(bytes, newestPageHeadBytes, length);
      this.#directory.begin(userId, readUint32(bytes, 0) - newest.count);
      const split = this.#foldOlder(incoming, newest);
      this.#rebuild(split > 0 ? [this.#viewOf(this.#incoming, 0, split), newest] : [newest]);
    }
    this.#storeNewest(length);
  }

  /**
   * Folds what belongs into older pages. Returns how many items of `incoming`, from the first on,
   * belong into the newest page.
   */
  #foldOlder(incoming: RunView, newest: RunView): number {
    setPositionFromWire(this.#oldest, newest.bytes, newest.itemStart(newest.count - 1));
    const isUsual = incoming.firstOlder(this.#oldest) === incoming.count;
    if (isUsual || this.#directory.items === 0) return incoming.count;
    const before = this.#directory.entries.slice();
    const split = incoming.firstAtOrOlder(before[0]!.newest);
    let from = split;
    for (let index = 0; from < incoming.count; index += 1) {
      const next = before[index + 1];
      const to = next === undefined ? incoming.count : incoming.firstAtOrOlder(next.newest, from);
      if (to > from) this.#foldOlderPage(before[index]!, from, to);
      from = to;
    }
    return split;
  }

  #foldOlderPage(entry: DirectoryEntry, from: number, to: number): void {
    const length = this.#pages.load(this.#userId, entry.page);
    const page = new RunView();
    page.open(this.#pages.bytes.slice(0, length), 0, length);
    this.#rebuild([this.#viewOf(this.#incoming, from, to), page]);
    this.#directory.replace(entry, this.#storePieces(entry.page, length));
  }

  /** Stores `#merged` as newest page, splitting off older pages, and keeps to the limit. */
  #storeNewest(bytesBefore: number): void {
    const { itemsPerUserMax } = this.#shape;
    const merged = this.#merged;
    let keep = this.#splitNewest();
    if (this.#directory.items + keep > itemsPerUserMax) keep = this.#dropOldest(keep);
    this.#reserve(newestPageHeadBytes + merged.bytesOf(0, keep));
    const total = this.#directory.items + keep;
    const end = merged.write(0, keep, this.#scratch, writeUint32(this.#scratch, 0, total));
    this.#pages.store(this.#userId, newestPage, this.#scratch.subarray(0, end), bytesBefore);
    this.#directory.end();
  }

  /** Splits older items off the end while it is too large; returns how many items stay. */
  #splitNewest(): number {
    const { pageItemsMax, pageBytesMax, olderPageBytesMax } = this.#shape;
    const merged = this.#merged;
    let keep = merged.count;
    while (keep > 1 && (keep > pageItemsMax || merged.bytesOf(0, keep) > pageBytesMax)) {
      // Half an older page at a time, so that two of them fill one.
      const least = Math.max(1, keep - (pageItemsMax >>> 1));
      let start = keep - 1;
      while (start > least && merged.bytesOf(start - 1, keep) <= olderPageBytesMax / 2) start -= 1;
      this.#addOlder(start, keep);
      keep = start;
    }
    return keep;
  }

  /** Puts the items [start, end) of `#merged` before all older ones, into their page if it fits. */
  #addOlder(start: number, end: number): void {
    const { pageItemsMax, olderPageBytesMax } = this.#shape;
    const first = this.#directory.entries[0];
    const length = first === undefined ? -1 : this.#pages.load(this.#userId, first.page);
    const fits =
      first !== undefined &&
      first.count + end - start <= pageItemsMax &&
      length + this.#merged.bytesOf(start, end) <= olderPageBytesMax;
    if (!fits) {
      const page = this.#directory.takePageNumber();
      this.#directory.addNewest(this.#storePiece(this.#merged, start, end, page, -1));
      return;
    }
    const older = new RunView();
    older.open(this.#pages.bytes, 0, length);
    const joined = this.#joined;
    joined.clear();
    joined.take(this.#viewOf(this.#merged, start, end), 0, end - start);
    joined.take(older, 0, older.count);
    const piece = this.#storePiece(joined, 0, joined.count, first.page, length);
    this.#directory.replace(first, [piece]);
  }

  /**
   * Drops whole pages beyond the limit: cutting one to the item would rewrite it at every fold.
   * What is left too many, less than a page, the reader passes over. Returns how many items stay
   * in the newest page.
   */
  #dropOldest(newestCount: number): number {
    const { itemsPerUserMax } = this.#shape;
    const directory = this.#directory;
    for (;;) {
      const oldest = directory.entries.at(-1);
      if (oldest === undefined) return Math.min(newestCount, itemsPerUserMax);
      if (directory.items + newestCount - oldest.count < itemsPerUserMax) return newestCount;
      this.#pages.remove(this.#userId, oldest.page);
      directory.replace(oldest, []);
    }
  }

  /**
   * Stores `#merged` as older pages, the first under `page`, which had `bytesBefore`. What no
   * longer fits into one is spread evenly: a page that was full takes more again some time.
   */
  #storePieces(page: number, bytesBefore: number): DirectoryEntry[] {
    const { pageItemsMax, olderPageBytesMax } = this.#shape;
    const merged = this.#merged;
    const pieces: DirectoryEntry[] = [];
    for (let start = 0; start < merged.count;) {
      const left = merged.count - start;
      const leftBytes = merged.bytesOf(start, merged.count);
      const full = Math.max(left / pageItemsMax, leftBytes / olderPageBytesMax);
      let end = start + Math.ceil(left / Math.ceil(full));
      while (end > start + 1 && merged.bytesOf(start, end) > olderPageBytesMax) end -= 1;
      const isFirst = start === 0;
      const number = isFirst ? page : this.#directory.takePageNumber();
      pieces.push(this.#storePiece(merged, start, end, number, isFirst ? bytesBefore : -1));
      start = end;
    }
    return pieces;
  }

  #storePiece(
    items: RunBuilder,
    start: number,
    end: number,
    page: number,
    bytesBefore: number,
  ): DirectoryEntry {
    this.#reserve(items.bytesOf(start, end));
    const bytes = this.#scratch.subarray(0, items.write(start, end, this.#scratch, 0));
    this.#pages.store(this.#userId, page, bytes, bytesBefore);
    const newest = createPosition();
    const { wire, start: at } = items.itemAt(start);
    setPositionFromWire(newest, wire, at);
    return { page, count: end - start, newest };
  }

  /** Merges the runs, newest write first, into `#merged`. */
  #rebuild(views: readonly RunView[]): void {
    for (const [index, view] of views.entries()) this.#sources[index]!.useAll(view);
    this.#merged.clear();
    mergeSources(this.#sources, views.length, Number.MAX_SAFE_INTEGER, this.#merged);
  }

  #viewOf(builder: RunBuilder, from: number, to: number): RunView {
    const bytes = new Uint8Array(builder.bytesOf(from, to));
    const view = new RunView();
    view.open(bytes, 0, builder.write(from, to, bytes, 0));
    return view;
  }

  #reserve(bytes: number): void {
    if (this.#scratch.length < bytes) this.#scratch = new Uint8Array(2 * bytes);
  }
}
