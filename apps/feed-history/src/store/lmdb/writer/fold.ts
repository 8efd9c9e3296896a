/**
 * Folds the journal into the users' pages: half a journal at a time, a few users per commit, in
 * the order of their pages in the file. Several sets of a user share one write then, and users
 * who stand side by side in the tree share its branches.
 *
 * It keeps the journal in memory for that.
 */
import type { MergeSource } from "../../merge.ts";
import type { LmdbStoreOptions } from "../../store-options.ts";
import { BrokenStoreError } from "../environment-error.ts";
import { createJournalState, type JournalFile } from "../journal-file.ts";
import { createFoldState, type FoldState, isFolding, type PageFile } from "../page-file.ts";
import { PageFolder } from "../page-folder.ts";
import { RecentSets } from "../recent-sets.ts";

/** Users folded by a commit when nobody sets: about a millisecond of work. */
const idleUsersPerCommit = 32;
/** Of half a journal, what a quiet store folds: 1 MiB by default, some 1,500 sets. */
const quietPart = 1 / 64;
/** Folds this much faster than the journal grows, so that one ends before the next must begin. */
const haste = 1.25;

export class Fold {
  /** Folds finished, and users folded, by this process. */
  folds = 0;
  foldedUsers = 0;
  readonly #journal: JournalFile;
  readonly #pages: PageFile;
  readonly #foldBytes: number;
  readonly #folder: PageFolder;
  readonly #recent = new RecentSets();
  readonly #sources: MergeSource[] = [];
  readonly #journalState = createJournalState();
  #state: FoldState = createFoldState();
  /** Bytes of the journal at the commit before. */
  #seenBytes: number;
  /** The users of the fold under way, and how many of them are done. */
  #users: BigInt64Array = new BigInt64Array(0);
  #usersSequence = 0;
  #usersDone = 0;

  /** Nobody else may write to the files. */
  constructor(journal: JournalFile, pages: PageFile, options: LmdbStoreOptions) {
    this.#journal = journal;
    this.#pages = pages;
    this.#foldBytes = options.journalMaxBytes / 2;
    this.#folder = new PageFolder(pages, options);
    this.#journal.dropDeadReaders();
    this.#pages.dropDeadReaders();
    // Who wrote before may have died with its last commit visible but not on the disk. This one
    // puts both there: only then may entries be removed that are folded.
    this.#pages.transact(() => {
      this.#pages.readState(this.#state);
      this.#pages.writeState(this.#state);
    });
    this.look();
    this.#seenBytes = this.#journalState.appendedBytes;
  }

  /** Entries up to this one are in the pages, on the disk. */
  get state(): Readonly<FoldState> {
    return this.#state;
  }

  /**
   * Whether `step` has something to do. In a quiet store much less is enough for a fold: nobody
   * is in its way, and the reads after it are faster.
   */
  isDue(quiet: boolean): boolean {
    const waiting = this.#journalState.appendedBytes - this.#state.foldedBytes;
    return isFolding(this.#state) || waiting >= this.#foldBytes * (quiet ? quietPart : 1);
  }

  /** Takes up what was appended to the journal. */
  look(): void {
    this.#journal.freshen();
    this.#journal.readState(this.#journalState);
    this.#recent.catchUp(this.#journalState, this.#state, this.#readEntry);
    this.#journal.freshen();
  }

  readonly #readEntry = (sequence: number): Uint8Array => this.#journal.readEntry(sequence);

  /**
   * Begins a fold, goes on with it or ends it: one commit. It does as much as the journal has
   * grown since the step before, in proportion; with `idle` at least a little.
   */
  step(idle: boolean): void {
    const state = { ...this.#state };
    let done = this.#usersDone;
    if (isFolding(state)) {
      if (this.#usersSequence !== state.foldingSequence) this.#listUsers();
      done = this.#stepEnd(idle);
    } else {
      this.#flushJournal();
      state.foldingSequence = this.#journalState.lastSequence;
      state.foldingBytes = this.#journalState.appendedBytes;
    }
    const isLast = isFolding(this.#state) && done === this.#users.length;
    if (isLast) {
      state.foldedSequence = state.foldingSequence;
      state.foldedBytes = state.foldingBytes;
    }
    state.steps += 1;
    this.#pages.transact(() => {
      this.#checkIsLast();
      for (let index = this.#usersDone; index < done; index += 1) {
        this.#foldUser(this.#users[index]!);
      }
      this.#pages.writeState(state);
    });
    // Only now is it so: a commit that failed has changed nothing.
    this.foldedUsers += done - this.#usersDone;
    if (isLast) this.folds += 1;
    this.#usersDone = done;
    this.#state = state;
    this.#seenBytes = this.#journalState.appendedBytes;
    this.look();
  }

  /** What a step builds on must be the one before, or that one would be lost. */
  #checkIsLast(): void {
    const found = createFoldState();
    this.#pages.readState(found);
    if (found.steps === this.#state.steps) return;
    const what = `the pages are at step ${found.steps}, not at ${this.#state.steps}`;
    const message = `${what}: another process has opened them; nothing is folded until a restart`;
    throw new BrokenStoreError("unavailable", message);
  }

  /**
   * What a snapshot shows may not be on the disk yet. If the pages said that an entry is folded
   * and a power cut took the entry, its number would come again and be taken for folded.
   */
  #flushJournal(): void {
    this.#journal.transact(() => {
      this.#journal.readState(this.#journalState);
      this.#journal.writeState(this.#journalState);
    });
  }

  #listUsers(): void {
    this.#users = this.#recent.foldingUsers();
    this.#usersSequence = this.#state.foldingSequence;
    this.#usersDone = 0;
  }

  /** How many users are to be done after this step. */
  #stepEnd(idle: boolean): number {
    const grownBytes = this.#journalState.appendedBytes - this.#seenBytes;
    const share = Math.ceil((grownBytes / this.#foldBytes) * haste * this.#users.length);
    const count = Math.max(share, idle ? idleUsersPerCommit : 1);
    return Math.min(this.#usersDone + count, this.#users.length);
  }

  #foldUser(userId: bigint): void {
    const low = Number(BigInt.asIntN(32, userId));
    const live = this.#recent.foldingSourcesOf(low, Number(userId >> 32n), this.#sources);
    for (let index = 0; index < live; index += 1) this.#sources[index]!.settle();
    this.#folder.fold(userId, this.#sources, live);
  }
}
