/**
 * Appends groups of sets to the journal. When `append` returns they are on the disk: this is what
 * a caller of set waits for.
 *
 * Why a journal? A set of ten items changes a page of one user somewhere in a large file. At 64
 * sets in flight that is 64 pages and as many branches of the tree above them, written in 130
 * places; an entry of the journal is written in one. bench/README.md has the numbers.
 */
import { StoreError } from "../store-error.ts";
import type { LmdbStoreOptions } from "../store-options.ts";
import { createJournalState, type JournalFile, type JournalState } from "./journal-file.ts";
import { createFoldState, type FoldState, type PageFile } from "./page-file.ts";

/** Folded entries removed per commit, so that the end of a fold is no pause. */
const removalsPerCommit = 64;

export class JournalWriter {
  commits = 0;
  readonly #journal: JournalFile;
  readonly #pages: PageFile;
  readonly #options: LmdbStoreOptions;
  #state: JournalState = createJournalState();
  readonly #fold: FoldState = createFoldState();

  constructor(journal: JournalFile, pages: PageFile, options: LmdbStoreOptions) {
    this.#journal = journal;
    this.#pages = pages;
    this.#options = options;
    this.look();
  }

  /** Bytes that wait to be folded, as of the last look or commit. */
  get waitingBytes(): number {
    return this.#state.appendedBytes - this.#fold.foldedBytes;
  }

  /** Looks at what other processes have done. */
  look(): void {
    this.#journal.freshen();
    this.#journal.readState(this.#state);
    this.#journal.freshen();
    this.#pages.freshen();
    this.#pages.readState(this.#fold);
    this.#pages.freshen();
  }

  /**
   * True: the group is durable. False: the journal has no room, folding must get on first. When
   * it throws, nothing of the group is stored. Trims on the way.
   */
  append(group: Uint8Array, foldedSequence: number): boolean {
    this.#checkFileSizes(group.length);
    this.look();
    let fits = false;
    this.#commit((state) => {
      const { journalMaxBytes } = this.#options;
      const waiting = state.appendedBytes - this.#fold.foldedBytes;
      // A group counts as half a journal at most: whenever nothing is folding, any group fits.
      fits = waiting + Math.min(group.length, journalMaxBytes / 2) <= journalMaxBytes;
      if (!fits) return;
      this.#removeEntries(state, foldedSequence);
      state.lastSequence += 1;
      state.appendedBytes += group.length;
      this.#journal.writeEntry(state.lastSequence, group);
    });
    return fits;
  }

  /**
   * Removes some of the entries that are folded, up to `foldedSequence`, whose fold must be on
   * the disk. True when there are more.
   */
  trim(foldedSequence: number): boolean {
    if (this.#state.firstSequence > foldedSequence) return false;
    this.#commit((state) => this.#removeEntries(state, foldedSequence));
    return this.#state.firstSequence <= foldedSequence;
  }

  #removeEntries(state: JournalState, foldedSequence: number): void {
    const end = Math.min(state.firstSequence + removalsPerCommit, foldedSequence + 1);
    for (; state.firstSequence < end; state.firstSequence += 1) {
      this.#journal.removeEntry(state.firstSequence);
    }
  }

  #commit(work: (state: JournalState) => void): void {
    const state = createJournalState();
    this.#journal.transact(() => {
      this.#journal.readState(state);
      work(state);
      this.#journal.writeState(state);
    });
    this.#state = state;
    this.commits += 1;
  }

  #checkFileSizes(groupBytes: number): void {
    const { dataMaxBytes } = this.#options;
    const dataBytes = this.#journal.dataBytes() + this.#pages.dataBytes();
    if (dataBytes + groupBytes <= dataMaxBytes) return;
    const sizes = `${dataBytes} bytes of dataMaxBytes ${dataMaxBytes}`;
    throw new StoreError("unavailable", `store full: the data files have ${sizes}`);
  }
}
