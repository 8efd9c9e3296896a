/**
 * Appends groups of sets to the journal. When `append` returns they are on the disk: this is what
 * a caller of set waits for.
 *
 * Why a journal? A set of ten items changes a page of one user somewhere in a large file. At 64
 * sets in flight that is 64 pages and as many branches of the tree above them, written in 130
 * places; an entry of the journal is written in one.
 */
import { StoreError } from "../../store-error.ts";
import type { LmdbStoreOptions } from "../../store-options.ts";
import { BrokenStoreError } from "../environment-error.ts";
import { createJournalState, type JournalFile, type JournalState } from "../journal-file.ts";
import type { FoldState, PageFile } from "../page-file.ts";

/** Folded entries removed per commit, so that the end of a fold is no pause. */
const removalsPerCommit = 64;

/** How far the journal is folded, on the disk. */
type Folded = Readonly<Pick<FoldState, "foldedSequence" | "foldedBytes">>;

export class JournalWriter {
  commits = 0;
  readonly #journal: JournalFile;
  readonly #pages: PageFile;
  readonly #options: LmdbStoreOptions;
  #state: JournalState = createJournalState();

  /** Nobody else may write to the files. */
  constructor(journal: JournalFile, pages: PageFile, options: LmdbStoreOptions) {
    this.#journal = journal;
    this.#pages = pages;
    this.#options = options;
    journal.freshen();
    journal.readState(this.#state);
    journal.freshen();
  }

  /** Bytes of all entries that ever were. */
  get appendedBytes(): number {
    return this.#state.appendedBytes;
  }

  /**
   * True: the group is durable. False: the journal has no room, folding must get on first. When
   * it throws, nothing of the group is stored. Trims on the way.
   */
  append(group: Uint8Array, folded: Folded): boolean {
    const { journalMaxBytes } = this.#options;
    this.#checkFileSizes(group.length);
    const waiting = this.#state.appendedBytes - folded.foldedBytes;
    // A group counts as half a journal at most: whenever nothing is folding, any group fits.
    if (waiting + Math.min(group.length, journalMaxBytes / 2) > journalMaxBytes) return false;
    this.#commit((state) => {
      this.#removeEntries(state, folded.foldedSequence);
      state.lastSequence += 1;
      state.appendedBytes += group.length;
      this.#journal.writeEntry(state.lastSequence, group);
    });
    return true;
  }

  /** Removes some of the entries that are folded. True when it did. */
  trim({ foldedSequence }: Folded): boolean {
    if (this.#state.firstSequence > foldedSequence) return false;
    this.#commit((state) => this.#removeEntries(state, foldedSequence));
    return true;
  }

  #removeEntries(state: JournalState, foldedSequence: number): void {
    const end = Math.min(state.firstSequence + removalsPerCommit, foldedSequence + 1);
    for (; state.firstSequence < end; state.firstSequence += 1) {
      this.#journal.removeEntry(state.firstSequence);
    }
  }

  /** Only a commit that came to a good end changes what is known. */
  #commit(work: (state: JournalState) => void): void {
    const state = { ...this.#state };
    this.#journal.transact(() => {
      this.#checkIsLast();
      work(state);
      this.#journal.writeState(state);
    });
    this.#state = state;
    this.commits += 1;
  }

  /** What a commit builds on must be the one before, or that one would be lost. */
  #checkIsLast(): void {
    const found = createJournalState();
    this.#journal.readState(found);
    const { lastSequence } = this.#state;
    if (found.lastSequence === lastSequence) return;
    const what = `the journal ends at ${found.lastSequence}, not at ${lastSequence}`;
    const message = `${what}: another process has opened it; no sets are taken until a restart`;
    throw new BrokenStoreError("unavailable", message);
  }

  #checkFileSizes(groupBytes: number): void {
    const { dataMaxBytes } = this.#options;
    const dataBytes = this.#journal.dataBytes() + this.#pages.dataBytes();
    if (dataBytes + groupBytes <= dataMaxBytes) return;
    const sizes = `${dataBytes} bytes of dataMaxBytes ${dataMaxBytes}`;
    throw new StoreError("unavailable", `store full: the data files have ${sizes}`);
  }
}
