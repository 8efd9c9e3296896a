/**
 * The file of the users' pages, and how far the journal is folded into them.
 *
 * Newest pages and older ones are two tables, so that the part of the tree which leads to the
 * newest ones, and which every read goes through, is small.
 */
import { StoreError } from "../store-error.ts";
import { Environment, firstTableWithParts } from "./environment.ts";
import { formatVersion } from "./format.ts";
import { NumberRecord } from "./number-record.ts";
import { newestPage } from "./page-chain.ts";
import type { PageWriter } from "./page-writer.ts";

const stateTable = 0;
const newestPageTable = 1;
const olderPageTable = firstTableWithParts;
/** A user's newest page fits into one page of the file: free room never goes to pieces. */
const pageBytes = 8192;
/** Larger values than this, less the key, have pages of their own. */
const leafMaxBytes = 4074;

const stateNames = [
  "format",
  "foldedSequence",
  "foldingSequence",
  "foldedBytes",
  "foldingBytes",
  "steps",
] as const;

/**
 * Journal entries up to `foldedSequence` are in the pages; up to `foldingSequence` they are being
 * folded, which is the same number when nothing is. The bytes are `appendedBytes` of the journal
 * at those two places. `steps` counts commits.
 */
export type FoldState = Record<(typeof stateNames)[number], number>;

export function createFoldState(): FoldState {
  return {
    format: formatVersion,
    foldedSequence: 0,
    foldingSequence: 0,
    foldedBytes: 0,
    foldingBytes: 0,
    steps: 0,
  };
}

export function isFolding(state: FoldState): boolean {
  return state.foldingSequence > state.foldedSequence;
}

export class PageFile implements PageWriter {
  readonly #environment: Environment;
  readonly #state = new NumberRecord(stateNames);

  constructor(directory: string, access: "read" | "write") {
    this.#environment = Environment.open(`${directory}/pages`, pageBytes, access);
  }

  get bytes(): Uint8Array {
    return this.#environment.bytes;
  }

  freshen(): void {
    this.#environment.freshen();
  }

  load(userId: bigint, page: number): number {
    return page === newestPage
      ? this.#environment.get(newestPageTable, userId)
      : this.#environment.get(olderPageTable, userId, page);
  }

  store(userId: bigint, page: number, bytes: Uint8Array, bytesBefore: number): void {
    const table = page === newestPage ? newestPageTable : olderPageTable;
    if (bytesBefore >= 0 && bytesBefore <= leafMaxBytes && bytes.length > leafMaxBytes) {
      // LMDB keeps small values in the leaves of its tree and joins leaves that run empty, but
      // only when it removes a key: without this each large page would leave a leaf of its own.
      this.#environment.remove(table, userId, page);
    }
    this.#environment.put(table, userId, page, bytes);
  }

  remove(userId: bigint, page: number): void {
    const table = page === newestPage ? newestPageTable : olderPageTable;
    this.#environment.remove(table, userId, page);
  }

  hasState(): boolean {
    return this.#environment.get(stateTable, 0n) >= 0;
  }

  /** False: nothing has changed. */
  readState(state: FoldState): boolean {
    const length = this.#environment.get(stateTable, 0n);
    if (length < 0) throw new StoreError("unavailable", "damaged data: no fold state");
    return this.#state.read(this.#environment.bytes, length, state);
  }

  writeState(state: FoldState): void {
    this.#environment.put(stateTable, 0n, 0, this.#state.write(state));
  }

  transact(work: () => void): void {
    this.#environment.transact(work);
  }

  dataBytes(): number {
    return this.#environment.dataBytes();
  }

  dropDeadReaders(): void {
    this.#environment.dropDeadReaders();
  }

  close(): Promise<void> {
    return this.#environment.close();
  }
}
