/**
 * The journal in memory, by user: what a read must add to a user's pages. It is a copy of what
 * one snapshot of the store holds and never the only place of anything.
 *
 * Sets come in two generations, as in a log-structured merge tree: the one being folded, which
 * goes away as a whole when the fold is through, and the present one.
 */
import { mergeSources, MergeSource } from "../merge.ts";
import { RunBuilder, RunView } from "../run.ts";
import { readRecords, type JournalState } from "./journal.ts";

/** A run in memory that stays as it is. */
interface RecentRun {
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly end: number;
  readonly count: number;
}

/** Runs of one user, oldest set first. */
type RecentRuns = RecentRun[];

type Generation = Map<bigint, RecentRuns>;

/** More runs of one user than this are merged by size, so that there are about log2 of them. */
const runsUnmergedMax = 4;

export class RecentSets {
  #folding: Generation = new Map();
  #present: Generation = new Map();
  #foldingSequence = 0;
  #lastSequence = 0;
  readonly #view = new RunView();
  readonly #builder = new RunBuilder();
  readonly #mergers = [new MergeSource(), new MergeSource()];

  /** Users with sets in memory, counted once per generation. */
  get users(): number {
    return this.#folding.size + this.#present.size;
  }

  /**
   * Comes to the state of a snapshot. `readEntry` gives an entry of that snapshot as bytes that
   * stay as they are. Costs nothing when there is nothing new.
   */
  catchUp(state: JournalState, readEntry: (sequence: number) => Uint8Array): void {
    if (state.foldedSequence >= this.#foldingSequence && this.#folding.size > 0) {
      this.#folding = new Map();
    }
    if (state.foldedSequence > this.#lastSequence) {
      this.#present = new Map();
      this.#lastSequence = state.foldedSequence;
    }
    this.#read(state.foldingSequence, readEntry);
    if (state.foldingSequence > this.#foldingSequence) {
      // A fold begins when nothing else is folding, at the last entry there is, and every state
      // with later entries says so: the present generation ends exactly there.
      this.#folding = this.#present;
      this.#present = new Map();
      this.#foldingSequence = state.foldingSequence;
    }
    this.#read(state.lastSequence, readEntry);
  }

  /** The users of the generation that is being folded, in ascending order. */
  foldingUsers(): BigInt64Array {
    return BigInt64Array.from(this.#folding.keys()).sort();
  }

  /**
   * Puts a user's runs into `sources`, newest set first, growing the array if need be; returns
   * their number. With `foldingOnly`, those of the generation being folded. The sources are not
   * settled yet.
   */
  sourcesOf(userId: bigint, sources: MergeSource[], foldingOnly = false): number {
    let live = 0;
    if (!foldingOnly) live = this.#addSources(this.#present.get(userId), sources, live);
    return this.#addSources(this.#folding.get(userId), sources, live);
  }

  #addSources(runs: RecentRuns | undefined, sources: MergeSource[], live: number): number {
    if (runs === undefined) return live;
    let next = live;
    for (let index = runs.length - 1; index >= 0; index -= 1) {
      const run = runs[index] as RecentRun;
      const source = (sources[next] ??= new MergeSource());
      source.view.open(run.bytes, run.start, run.end);
      source.index = 0;
      source.end = run.count;
      next += 1;
    }
    return next;
  }

  #read(upTo: number, readEntry: (sequence: number) => Uint8Array): void {
    while (this.#lastSequence < upTo) {
      const entry = readEntry(this.#lastSequence + 1);
      readRecords(entry, (userId, start, end) => this.#add(userId, entry, start, end));
      this.#lastSequence += 1;
    }
  }

  #add(userId: bigint, bytes: Uint8Array, start: number, end: number): void {
    this.#view.open(bytes, start, end);
    const run: RecentRun = { bytes, start, end, count: this.#view.count };
    const runs = this.#present.get(userId);
    if (runs === undefined) {
      this.#present.set(userId, [run]);
      return;
    }
    runs.push(run);
    while (runs.length > runsUnmergedMax) {
      const newer = runs.at(-1) as RecentRun;
      const older = runs.at(-2) as RecentRun;
      if (older.count > 2 * newer.count) break;
      runs.splice(-2, 2, this.#merge(newer, older));
    }
  }

  #merge(newer: RecentRun, older: RecentRun): RecentRun {
    for (const [index, run] of [newer, older].entries()) {
      const view = new RunView();
      view.open(run.bytes, run.start, run.end);
      (this.#mergers[index] as MergeSource).useAll(view);
    }
    const builder = this.#builder;
    builder.clear();
    mergeSources(this.#mergers, 2, Number.MAX_SAFE_INTEGER, builder);
    const bytes = new Uint8Array(builder.bytesOf(0, builder.count));
    const end = builder.write(0, builder.count, bytes, 0);
    return { bytes, start: 0, end, count: builder.count };
  }
}
