/**
 * The writing side of the engine: appends groups of sets to the journal and folds what is old of
 * it into the users' pages, a few users with every commit. It runs in a thread of its own, so
 * that no read waits for the disk.
 *
 * Why a journal? A set of ten items changes a page of one user somewhere in the file. At 64 sets
 * in flight that is 64 pages, and as many branches of the tree above them, to write in 130
 * places; the journal is one piece. Folded later, several sets of a user share one write, and
 * users that stand side by side in the tree share its branches. bench/README.md has the numbers.
 */
import type { MergeSource } from "../merge.ts";
import { StoreError } from "../store-error.ts";
import type { LmdbStoreOptions } from "../store-options.ts";
import type { Environment } from "./environment.ts";
import { createJournalState, waitingBytes, type JournalState } from "./journal.ts";
import { PageFolder } from "./page-folder.ts";
import { RecentSets } from "./recent-sets.ts";

/** Users folded by a commit that has nothing to append: about a millisecond of work. */
const idleUsersPerCommit = 32;
/** Folded entries removed per commit, so that the end of a fold is no pause. */
const removalsPerCommit = 64;
/** Folds this much faster than the journal grows, so that one ends before the next must begin. */
const foldHaste = 1.25;

export interface WriterStats {
  readonly commits: number;
  readonly folds: number;
  readonly foldedUsers: number;
  readonly journalBytes: number;
  readonly dataBytes: number;
}

/** The users of the fold under way, and how many of them are done. */
interface FoldProgress {
  readonly sequence: number;
  readonly users: BigInt64Array;
  readonly done: number;
}

const noFold: FoldProgress = { sequence: 0, users: new BigInt64Array(0), done: 0 };

export class JournalWriter {
  readonly #environment: Environment;
  readonly #options: LmdbStoreOptions;
  readonly #tryFoldLock: () => boolean;
  readonly #folder: PageFolder;
  readonly #sources: MergeSource[] = [];
  /** As this writer last saw it; other processes may have gone on. */
  #state: JournalState = createJournalState();
  /** Bytes appended by anybody up to this writer's last commit. */
  #appendedBytes = 0;
  /** Only the one process that folds keeps the journal in memory for it. */
  #recent: RecentSets | undefined;
  #progress: FoldProgress = noFold;
  #commits = 0;
  #folds = 0;
  #foldedUsers = 0;

  /** `tryFoldLock` makes this process the one that folds, unless another one is. */
  constructor(environment: Environment, options: LmdbStoreOptions, tryFoldLock: () => boolean) {
    this.#environment = environment;
    this.#options = options;
    this.#tryFoldLock = tryFoldLock;
    this.#folder = new PageFolder(environment, options);
    this.look();
    this.#appendedBytes = this.#state.appendedBytes;
    this.#startFolding();
  }

  /** Whether this process is the one that folds. */
  get folds(): boolean {
    return this.#recent !== undefined;
  }

  /** Whether a commit without a group would get anything done. */
  get hasWork(): boolean {
    return this.folds && (isFolding(this.#state) || waitingBytes(this.#state) >= this.#foldBytes);
  }

  /** Looks at what other processes have done. */
  look(): void {
    this.#environment.freshen();
    this.#environment.readState(this.#state);
    this.#environment.freshen();
  }

  stats(): WriterStats {
    return {
      commits: this.#commits,
      folds: this.#folds,
      foldedUsers: this.#foldedUsers,
      journalBytes: waitingBytes(this.#state),
      dataBytes: this.#environment.dataBytes(),
    };
  }

  /**
   * Appends a group of sets, if given, and does its share of folding, in one transaction. When
   * this returns true the group is durable; false: the journal has no room yet, folding must get
   * on first. When it throws, nothing of the group is stored.
   */
  commit(group: Uint8Array | undefined, fold = true): boolean {
    if (this.#recent === undefined && this.#isFoldLate()) this.#startFolding();
    const state = createJournalState();
    let appended = false;
    let progress = this.#progress;
    this.#environment.transact(() => {
      this.#environment.readState(state);
      this.#recent?.catchUp(state, (sequence) => this.#environment.readEntry(sequence));
      if (fold && this.#recent !== undefined) {
        progress = this.#fold(this.#recent, state, group?.length ?? 0);
      }
      if (group !== undefined) appended = this.#append(state, group);
      this.#environment.writeState(state);
    });
    this.#foldedUsers += Math.max(0, progress.done - this.#progress.done);
    if (isFolding(this.#state) && !isFolding(state)) this.#folds += 1;
    this.#state = state;
    this.#appendedBytes = state.appendedBytes;
    this.#progress = progress;
    this.#commits += 1;
    return appended || group === undefined;
  }

  #append(state: JournalState, group: Uint8Array): boolean {
    const { journalMaxBytes, dataMaxBytes } = this.#options;
    const waiting = waitingBytes(state);
    // A group counts as half a journal at most: whenever nothing is folding, any group fits.
    if (waiting + Math.min(group.length, this.#foldBytes) > journalMaxBytes) return false;
    const dataBytes = this.#environment.dataBytes();
    if (dataBytes + group.length > dataMaxBytes) {
      const sizes = `${dataBytes} bytes of dataMaxBytes ${dataMaxBytes}`;
      throw new StoreError("unavailable", `store full: the data file has ${sizes}`);
    }
    state.lastSequence += 1;
    state.appendedBytes += group.length;
    this.#environment.writeEntry(state.lastSequence, group);
    return true;
  }

  /** Begins a fold when it is time, goes on with one, ends it, clears up after it. */
  #fold(recent: RecentSets, state: JournalState, groupBytes: number): FoldProgress {
    this.#removeFolded(state);
    if (!isFolding(state)) {
      if (waitingBytes(state) >= this.#foldBytes) {
        state.foldingSequence = state.lastSequence;
        state.foldingBytes = state.appendedBytes;
      }
      return noFold;
    }
    let progress = this.#progress;
    if (progress.sequence !== state.foldingSequence) {
      const users = recent.foldingUsers();
      progress = { sequence: state.foldingSequence, users, done: 0 };
    }
    const grownBytes = state.appendedBytes - this.#appendedBytes + groupBytes;
    const share = (grownBytes / this.#foldBytes) * foldHaste * progress.users.length;
    const count = groupBytes === 0 ? Math.max(share, idleUsersPerCommit) : share;
    const done = Math.min(progress.done + Math.ceil(count), progress.users.length);
    for (let index = progress.done; index < done; index += 1) {
      this.#foldUser(recent, progress.users[index] as bigint);
    }
    if (done === progress.users.length) {
      state.foldedSequence = state.foldingSequence;
      state.foldedBytes = state.foldingBytes;
    }
    return { ...progress, done };
  }

  #foldUser(recent: RecentSets, userId: bigint): void {
    const low = Number(BigInt.asIntN(32, userId));
    const live = recent.foldingSourcesOf(low, Number(userId >> 32n), this.#sources);
    for (let index = 0; index < live; index += 1) (this.#sources[index] as MergeSource).settle();
    this.#folder.fold(userId, this.#sources, live);
  }

  #removeFolded(state: JournalState): void {
    const end = Math.min(state.firstSequence + removalsPerCommit, state.foldedSequence + 1);
    for (; state.firstSequence < end; state.firstSequence += 1) {
      this.#environment.removeEntry(state.firstSequence);
    }
  }

  /** The process that should fold has not got on: it may be gone. */
  #isFoldLate(): boolean {
    return waitingBytes(this.#state) > 1.25 * this.#foldBytes;
  }

  #startFolding(): void {
    if (!this.#tryFoldLock()) return;
    this.#environment.dropDeadReaders();
    const recent = new RecentSets();
    // Outside a transaction, so that nobody waits for what may be a hundred MiB.
    this.#environment.freshen();
    const state = createJournalState();
    this.#environment.readState(state);
    recent.catchUp(state, (sequence) => this.#environment.readEntry(sequence));
    this.#environment.freshen();
    this.#recent = recent;
  }

  get #foldBytes(): number {
    return this.#options.journalMaxBytes / 2;
  }
}

function isFolding(state: JournalState): boolean {
  return state.foldingSequence > state.foldedSequence;
}
