/**
 * A user's directory while a fold changes it: read when it is first asked for, written only when
 * it was changed. Most folds do neither.
 */
import { DirectoryView, encodeDirectory, type DirectoryEntry } from "./directory.ts";
import { directoryPage } from "./page-chain.ts";
import type { PageWriter } from "./page-writer.ts";

export class DirectoryEditor {
  /** Items in all older pages. */
  items = 0;
  readonly #pages: PageWriter;
  readonly #view = new DirectoryView();
  #userId = 0n;
  #entries: DirectoryEntry[] | undefined;
  #nextPage = 1;
  #bytesBefore = -1;
  #changed = false;

  constructor(pages: PageWriter) {
    this.#pages = pages;
  }

  /** Takes up a user with that many items in older pages; none: there is no directory. */
  begin(userId: bigint, items: number): void {
    this.items = items;
    this.#userId = userId;
    this.#entries = items === 0 ? [] : undefined;
    this.#nextPage = 1;
    this.#bytesBefore = -1;
    this.#changed = false;
  }

  /** Newest page first. Asking for it may spoil the bytes of a page just loaded. */
  get entries(): readonly DirectoryEntry[] {
    return this.#load();
  }

  takePageNumber(): number {
    this.#load();
    this.#nextPage += 1;
    return this.#nextPage - 1;
  }

  addNewest(entry: DirectoryEntry): void {
    this.#load().unshift(entry);
    this.items += entry.count;
    this.#changed = true;
  }

  /** Puts others, newest first, into the place of an entry. */
  replace(entry: DirectoryEntry, others: readonly DirectoryEntry[]): void {
    const entries = this.#load();
    entries.splice(entries.indexOf(entry), 1, ...others);
    this.items -= entry.count;
    for (const other of others) this.items += other.count;
    this.#changed = true;
  }

  /** Stores what was changed. */
  end(): void {
    if (!this.#changed) return;
    const entries = this.#load();
    if (entries.length > 0) {
      const bytes = encodeDirectory(entries, this.#nextPage);
      this.#pages.store(this.#userId, directoryPage, bytes, this.#bytesBefore);
    } else if (this.#bytesBefore >= 0) {
      this.#pages.remove(this.#userId, directoryPage);
    }
  }

  #load(): DirectoryEntry[] {
    if (this.#entries !== undefined) return this.#entries;
    this.#bytesBefore = this.#pages.load(this.#userId, directoryPage);
    this.#view.open(this.#pages.bytes, this.#bytesBefore);
    const { entries, nextPage } = this.#view.decode();
    this.#entries = entries;
    this.#nextPage = nextPage;
    return entries;
  }
}
