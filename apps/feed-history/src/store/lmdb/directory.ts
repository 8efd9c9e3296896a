/**
 * The directory of a user's older pages, newest page first: where the newest item of each page
 * stands and how many items it holds. Only users with more than one page have one.
 *
 *     nextPage:u32   then per page  page:u32  count:u32  position of its newest item:16 bytes
 */
import { comparePositions, createPosition, type Position } from "../position.ts";
import { readUint32, writeUint32 } from "../run.ts";
import { StoreError } from "../store-error.ts";

const headBytes = 4;
const entryBytes = 24;

export interface DirectoryEntry {
  readonly page: number;
  readonly count: number;
  readonly newest: Position;
}

/** Reads a directory in its own copy of the bytes. */
export class DirectoryView {
  count = 0;
  #bytes = new Uint8Array(4096);
  readonly #position: Position = createPosition();

  /** Takes a copy of `bytes[0, length)`. */
  open(bytes: Uint8Array, length: number): void {
    if (length < headBytes || (length - headBytes) % entryBytes !== 0) {
      throw new StoreError("unavailable", `damaged data: no directory in ${length} bytes`);
    }
    if (this.#bytes.length < length) this.#bytes = new Uint8Array(2 * length);
    this.#bytes.set(bytes.subarray(0, length));
    this.count = (length - headBytes) / entryBytes;
  }

  pageAt(index: number): number {
    return readUint32(this.#bytes, headBytes + index * entryBytes);
  }

  countAt(index: number): number {
    return readUint32(this.#bytes, headBytes + index * entryBytes + 4);
  }

  /** Items in the pages before `index`. */
  itemsBefore(index: number): number {
    let items = 0;
    for (let at = 0; at < index; at += 1) items += this.countAt(at);
    return items;
  }

  /** Valid until the next call. */
  newestAt(index: number): Position {
    const at = headBytes + index * entryBytes + 8;
    this.#position.timeHigh = readUint32(this.#bytes, at) | 0;
    this.#position.timeLow = readUint32(this.#bytes, at + 4);
    this.#position.idHigh = readUint32(this.#bytes, at + 8) | 0;
    this.#position.idLow = readUint32(this.#bytes, at + 12);
    return this.#position;
  }

  /** The first page that may hold an item older than `position`. */
  firstPageFor(position: Position): number {
    let low = 0;
    let high = this.count;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (comparePositions(this.newestAt(middle), position) < 0) high = middle;
      else low = middle + 1;
    }
    return Math.max(0, low - 1);
  }

  /** The directory as a list that can be edited, and the number of the next new page. */
  decode(): { entries: DirectoryEntry[]; nextPage: number } {
    const entries = Array.from({ length: this.count }, (_, index) => ({
      page: this.pageAt(index),
      count: this.countAt(index),
      newest: { ...this.newestAt(index) },
    }));
    return { entries, nextPage: readUint32(this.#bytes, 0) };
  }
}

export function encodeDirectory(entries: readonly DirectoryEntry[], nextPage: number): Uint8Array {
  const bytes = new Uint8Array(headBytes + entries.length * entryBytes);
  let at = writeUint32(bytes, 0, nextPage);
  for (const { page, count, newest } of entries) {
    at = writeUint32(bytes, at, page);
    at = writeUint32(bytes, at, count);
    at = writeUint32(bytes, at, newest.timeHigh);
    at = writeUint32(bytes, at, newest.timeLow);
    at = writeUint32(bytes, at, newest.idHigh);
    at = writeUint32(bytes, at, newest.idLow);
  }
  return bytes;
}
