/**
 * A run: items of one user, newest first, no two at the same position, in one piece of bytes. The
 * journal, the pages and the memory of recent sets all hold runs, so that nothing between the
 * disk and a reply looks into an item.
 *
 *     count:u32   end of each item, counted from the first item:u32…   items in wire form…
 *
 * Numbers are little-endian.
 */
import { compareWirePosition, type Position } from "./position.ts";
import { StoreError } from "./store-error.ts";

const countBytes = 4;
const endBytes = 4;

/** Bytes of a run of `count` items whose wire forms add up to `wireBytes`. */
export function runBytes(count: number, wireBytes: number): number {
  return countBytes + endBytes * count + wireBytes;
}

/** Looks into a run in place. One view is moved from run to run; it owns no bytes. */
export class RunView {
  bytes: Uint8Array = new Uint8Array(0);
  count = 0;
  #endsStart = 0;
  #wireStart = 0;

  /** The run is `bytes[start, end)`. Throws when these bytes cannot be a run. */
  open(bytes: Uint8Array, start: number, end: number): void {
    this.bytes = bytes;
    const count = end - start < countBytes ? -1 : readUint32(bytes, start);
    this.#endsStart = start + countBytes;
    this.#wireStart = this.#endsStart + endBytes * count;
    this.count = count;
    if (count <= 0 || this.#wireStart > end || this.itemEnd(count - 1) !== end) {
      this.count = 0;
      throw new StoreError("unavailable", `damaged data: no run in these ${end - start} bytes`);
    }
  }

  itemStart(index: number): number {
    if (index === 0) return this.#wireStart;
    return this.#wireStart + readUint32(this.bytes, this.#endsStart + endBytes * (index - 1));
  }

  itemEnd(index: number): number {
    return this.#wireStart + readUint32(this.bytes, this.#endsStart + endBytes * index);
  }

  /** The first index from `from` on whose item is strictly older than `position`; else `count`. */
  firstOlder(position: Position, from = 0): number {
    return this.#search(position, from, -1);
  }

  /** Like `firstOlder`, but an item at `position` itself counts too. */
  firstAtOrOlder(position: Position, from = 0): number {
    return this.#search(position, from, 0);
  }

  #search(position: Position, from: number, most: -1 | 0): number {
    let low = from;
    let high = this.count;
    // Most searches end at one end of the run: those two are looked at first.
    if (low < high && this.#isPast(low, position, most)) return low;
    if (low < high && !this.#isPast(high - 1, position, most)) return high;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#isPast(middle, position, most)) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  #isPast(index: number, position: Position, most: -1 | 0): boolean {
    const order = compareWirePosition(this.bytes, this.itemStart(index), position);
    return order < 0 || order === most;
  }
}

/** Collects slices of runs, newest first, and writes any part of them out as a run. */
export class RunBuilder {
  count = 0;
  #wire = new Uint8Array(16_384);
  #ends = new Uint32Array(256);

  clear(): void {
    this.count = 0;
  }

  get wireBytes(): number {
    return this.#endOf(this.count);
  }

  /** Adds the items [from, to) of `view`, which must be older than all before. */
  take(view: RunView, from: number, to: number): void {
    if (to <= from) return;
    const source = view.itemStart(from);
    this.#reserve(to - from, view.itemEnd(to - 1) - source);
    const shift = this.wireBytes - source;
    this.#wire.set(view.bytes.subarray(source, view.itemEnd(to - 1)), this.wireBytes);
    for (let index = from; index < to; index += 1) {
      this.#ends[this.count] = view.itemEnd(index) + shift;
      this.count += 1;
    }
  }

  /** Bytes of the run `write` would make of the items [from, to). */
  bytesOf(from: number, to: number): number {
    return runBytes(to - from, this.#endOf(to) - this.#endOf(from));
  }

  /** Writes the items [from, to) as a run at `target[at]`; returns the end of the run. */
  write(from: number, to: number, target: Uint8Array, at: number): number {
    const wireStart = this.#endOf(from);
    let next = writeUint32(target, at, to - from);
    for (let index = from; index < to; index += 1) {
      next = writeUint32(target, next, (this.#ends[index] as number) - wireStart);
    }
    target.set(this.#wire.subarray(wireStart, this.#endOf(to)), next);
    return next + this.#endOf(to) - wireStart;
  }

  /** The wire form of an item begins at `wire[start]`. */
  itemAt(index: number): { readonly wire: Uint8Array; readonly start: number } {
    return { wire: this.#wire, start: this.#endOf(index) };
  }

  #endOf(count: number): number {
    return count === 0 ? 0 : (this.#ends[count - 1] as number);
  }

  #reserve(items: number, bytes: number): void {
    if (this.wireBytes + bytes > this.#wire.length) {
      const wire = new Uint8Array(Math.max(2 * this.#wire.length, this.wireBytes + bytes));
      wire.set(this.#wire.subarray(0, this.wireBytes));
      this.#wire = wire;
    }
    if (this.count + items > this.#ends.length) {
      const ends = new Uint32Array(Math.max(2 * this.#ends.length, this.count + items));
      ends.set(this.#ends);
      this.#ends = ends;
    }
  }
}

export function readUint32(bytes: Uint8Array, at: number): number {
  return (
    ((bytes[at] as number) |
      ((bytes[at + 1] as number) << 8) |
      ((bytes[at + 2] as number) << 16) |
      ((bytes[at + 3] as number) << 24)) >>>
    0
  );
}

/** Returns the offset after the number. */
export function writeUint32(bytes: Uint8Array, at: number, value: number): number {
  bytes[at] = value;
  bytes[at + 1] = value >>> 8;
  bytes[at + 2] = value >>> 16;
  bytes[at + 3] = value >>> 24;
  return at + 4;
}
