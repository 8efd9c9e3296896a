/**
 * The journal's file: sets in the order they were committed, one entry per commit, until they
 * are folded into the users' pages. It is a file of its own because its entries come and go in
 * order and leave room in one piece; among pages of all sizes that room would go to pieces.
 *
 *     entry:  records back to back      record:  userId:i64  bytes of the run:u32  run
 */
import { readUint32, writeUint32 } from "../run.ts";
import { StoreError } from "../store-error.ts";
import { Environment } from "./environment.ts";
import { formatVersion } from "./format.ts";
import { NumberRecord } from "./number-record.ts";

const stateTable = 0;
const entryTable = 1;
const pageBytes = 4096;

export const recordHeadBytes = 12;

const stateNames = ["format", "firstSequence", "lastSequence", "appendedBytes"] as const;

/**
 * Entries are numbered from 1 in the order of their commits; `firstSequence` to `lastSequence`
 * exist. `appendedBytes` counts those of all entries that ever were.
 */
export type JournalState = Record<(typeof stateNames)[number], number>;

export function createJournalState(): JournalState {
  return { format: formatVersion, firstSequence: 1, lastSequence: 0, appendedBytes: 0 };
}

export class JournalFile {
  readonly #environment: Environment;
  readonly #state = new NumberRecord(stateNames);

  constructor(directory: string, access: "read" | "write") {
    this.#environment = Environment.open(`${directory}/journal`, pageBytes, access);
  }

  freshen(): void {
    this.#environment.freshen();
  }

  hasState(): boolean {
    return this.#environment.get(stateTable, 0n) >= 0;
  }

  /** False: nothing has changed. */
  readState(state: JournalState): boolean {
    const length = this.#environment.get(stateTable, 0n);
    if (length < 0) throw new StoreError("unavailable", "damaged data: no journal state");
    return this.#state.read(this.#environment.bytes, length, state);
  }

  writeState(state: JournalState): void {
    this.#environment.put(stateTable, 0n, 0, this.#state.write(state));
  }

  /** An entry, in bytes of its own. */
  readEntry(sequence: number): Uint8Array {
    const length = this.#environment.get(entryTable, BigInt(sequence));
    if (length < 0) {
      throw new StoreError("unavailable", `damaged data: journal entry ${sequence} is missing`);
    }
    return this.#environment.bytes.slice(0, length);
  }

  writeEntry(sequence: number, entry: Uint8Array): void {
    this.#environment.put(entryTable, BigInt(sequence), 0, entry);
  }

  removeEntry(sequence: number): void {
    this.#environment.remove(entryTable, BigInt(sequence), 0);
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

/** Writes the head of a record; the run of `bytes` bytes follows it. Returns where it goes. */
export function writeRecordHead(
  target: Uint8Array,
  at: number,
  userId: bigint,
  bytes: number,
): number {
  const low = Number(BigInt.asUintN(32, userId));
  const high = Number(BigInt.asUintN(32, userId >> 32n));
  return writeUint32(target, writeUint32(target, writeUint32(target, at, low), high), bytes);
}

/** Calls `visit` with the user, in signed halves, and the place of each record of an entry. */
export function readRecords(
  entry: Uint8Array,
  visit: (userLow: number, userHigh: number, offset: number) => void,
): void {
  let at = 0;
  while (at < entry.length) {
    const start = at + recordHeadBytes;
    const end = start > entry.length ? Number.NaN : start + readUint32(entry, at + 8);
    if (!(end <= entry.length)) {
      throw new StoreError("unavailable", `damaged data: a journal entry breaks off at ${at}`);
    }
    visit(readUint32(entry, at) | 0, readUint32(entry, at + 4) | 0, at);
    at = end;
  }
}
