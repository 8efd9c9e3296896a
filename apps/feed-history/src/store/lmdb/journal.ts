/**
 * The journal: sets in the order they were committed, one entry per commit, until they are folded
 * into the users' pages. An entry is a list of records; where the journal stands is one small
 * value written by every commit.
 *
 *     record:  userId:i64  bytes of the run:u32  run
 */
import { readUint32, writeUint32 } from "../run.ts";
import { StoreError } from "../store-error.ts";

/** The layout of everything the engine writes. A store of another version is refused. */
export const formatVersion = 1;

export const recordHeadBytes = 12;

/**
 * Where the journal stands. Entries are numbered from 1 in the order of their commits; those
 * `firstSequence` to `lastSequence` exist, those up to `foldedSequence` are in the pages too.
 */
export interface JournalState {
  format: number;
  firstSequence: number;
  lastSequence: number;
  foldedSequence: number;
  /** Entries up to this one are being folded; `foldedSequence` when nothing is. */
  foldingSequence: number;
  /** Bytes of all entries ever appended, and of those up to the two sequences above. */
  appendedBytes: number;
  foldedBytes: number;
  foldingBytes: number;
}

const stateBytes = 64;

export function createJournalState(): JournalState {
  return {
    format: formatVersion,
    firstSequence: 1,
    lastSequence: 0,
    foldedSequence: 0,
    foldingSequence: 0,
    appendedBytes: 0,
    foldedBytes: 0,
    foldingBytes: 0,
  };
}

/** Bytes that wait to be folded. */
export function waitingBytes(state: JournalState): number {
  return state.appendedBytes - state.foldedBytes;
}

/** Reads and writes the state in its stored form, 64-bit floats: exact up to 2^53. */
export class JournalStateCodec {
  readonly bytes: Uint8Array = new Uint8Array(stateBytes);
  readonly #numbers = new Float64Array(this.bytes.buffer);

  /** Reads `source[0, length)` into `state`; returns whether any entry or fold is new to it. */
  read(source: Uint8Array, length: number, state: JournalState): boolean {
    if (length !== stateBytes) {
      throw new StoreError("unavailable", `damaged data: a journal state of ${length} bytes`);
    }
    for (let index = 0; index < stateBytes; index += 1) this.bytes[index] = source[index] as number;
    const [format, first, last, folded, folding, ...bytes] = this.#numbers;
    const changed =
      last !== state.lastSequence ||
      folded !== state.foldedSequence ||
      folding !== state.foldingSequence;
    state.format = format as number;
    state.firstSequence = first as number;
    state.lastSequence = last as number;
    state.foldedSequence = folded as number;
    state.foldingSequence = folding as number;
    [state.appendedBytes, state.foldedBytes, state.foldingBytes] = bytes as [
      number,
      number,
      number,
    ];
    return changed;
  }

  write(state: JournalState): Uint8Array {
    this.#numbers.set([
      state.format,
      state.firstSequence,
      state.lastSequence,
      state.foldedSequence,
      state.foldingSequence,
      state.appendedBytes,
      state.foldedBytes,
      state.foldingBytes,
    ]);
    return this.bytes;
  }
}

/** Writes the head of a record; the run of `bytes` bytes follows it. Returns where it goes. */
export function writeRecordHead(
  target: Uint8Array,
  at: number,
  userId: bigint,
  bytes: number,
): number {
  const low = Number(userId & 0xffff_ffffn);
  const high = Number((userId >> 32n) & 0xffff_ffffn);
  return writeUint32(target, writeUint32(target, writeUint32(target, at, low), high), bytes);
}

/** Calls `visit` with the user, in halves, and the place of each record of an entry. */
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
