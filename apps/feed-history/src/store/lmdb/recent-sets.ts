/**
 * The journal in memory, by user: what a read must add to a user's pages. It is a copy of what
 * one snapshot of the store holds and never the only place of anything.
 *
 * Sets come in two generations, as in a log-structured merge tree: the one being folded, which
 * goes away as a whole when the fold is through, and the present one.
 */
import type { MergeSource } from "../merge.ts";
import type { JournalState } from "./journal-file.ts";
import type { FoldState } from "./page-file.ts";
import { RecentGeneration } from "./recent-generation.ts";

export class RecentSets {
  #folding = new RecentGeneration();
  #present = new RecentGeneration();
  #foldingSequence = 0;
  #lastSequence = 0;

  /** Users with sets in memory, counted once per generation. */
  get users(): number {
    return this.#folding.users + this.#present.users;
  }

  /**
   * Comes to what two snapshots hold, that of the pages not older than that of the journal.
   * `readEntry` gives an entry of the journal, in bytes to keep.
   */
  catchUp(
    journal: JournalState,
    fold: FoldState,
    readEntry: (sequence: number) => Uint8Array,
  ): void {
    if (fold.foldedSequence >= this.#foldingSequence && this.#folding.users > 0) {
      this.#folding = new RecentGeneration();
    }
    if (fold.foldedSequence > this.#lastSequence) {
      this.#present = new RecentGeneration();
      this.#lastSequence = fold.foldedSequence;
    }
    // A fold begins at the last entry of the journal while nothing else is folding. When it has
    // begun, then, the present generation ends there or before: what is missing is read, and it
    // becomes the generation that is being folded. An older snapshot of the journal may not reach
    // so far; then that is left for later.
    const { foldingSequence } = fold;
    this.#read(Math.min(foldingSequence, journal.lastSequence), readEntry);
    if (foldingSequence > this.#foldingSequence && this.#lastSequence >= foldingSequence) {
      this.#folding = this.#present;
      this.#present = new RecentGeneration();
      this.#foldingSequence = foldingSequence;
    }
    this.#read(journal.lastSequence, readEntry);
  }

  /** The users of the generation that is being folded, in ascending order. */
  foldingUsers(): BigInt64Array {
    return this.#folding.userIds().sort();
  }

  /**
   * Puts a user's runs into `sources`, newest set first, growing the array if need be; returns
   * their number. The sources hold all of their runs and are not settled yet.
   */
  sourcesOf(userLow: number, userHigh: number, sources: MergeSource[]): number {
    const live = this.#present.sourcesOf(userLow, userHigh, sources, 0);
    return this.#folding.sourcesOf(userLow, userHigh, sources, live);
  }

  /** Like `sourcesOf`, of the generation that is being folded. */
  foldingSourcesOf(userLow: number, userHigh: number, sources: MergeSource[]): number {
    return this.#folding.sourcesOf(userLow, userHigh, sources, 0);
  }

  #read(upTo: number, readEntry: (sequence: number) => Uint8Array): void {
    while (this.#lastSequence < upTo) {
      this.#present.add(readEntry(this.#lastSequence + 1));
      this.#lastSequence += 1;
    }
  }
}
