/**
 * Positions as four 32-bit numbers, the form in which the read path compares them: bigint
 * arithmetic would cost more there than the comparison. Newer means a larger timestampMs, then a
 * larger itemId.
 */
import { endianness } from "node:os";
import { itemIdOffset, timestampOffset, type ItemPosition } from "./item-wire.ts";

/** Which half of a 64-bit number in memory comes first. */
const low = endianness() === "LE" ? 0 : 1;
const high = 1 - low;

/** A mutable position. The high halves are signed, the low halves are unsigned. */
export interface Position {
  timeHigh: number;
  timeLow: number;
  idHigh: number;
  idLow: number;
}

export function createPosition(): Position {
  return { timeHigh: 0, timeLow: 0, idHigh: 0, idLow: 0 };
}

export function copyPosition(target: Position, source: Position): void {
  target.timeHigh = source.timeHigh;
  target.timeLow = source.timeLow;
  target.idHigh = source.idHigh;
  target.idLow = source.idLow;
}

/** Splits bigints into halves through memory: shifting and masking them would allocate. */
export class PositionSplitter {
  /** Halves of the last user split, signed. */
  readonly user = { low: 0, high: 0 };
  readonly #whole = new BigInt64Array(2);
  readonly #signed = new Int32Array(this.#whole.buffer);
  readonly #unsigned = new Uint32Array(this.#whole.buffer);

  set(target: Position, position: ItemPosition): void {
    this.#whole[1] = position.itemId;
    this.#setTime(target, position.timestampMs);
    target.idHigh = this.#signed[2 + high] as number;
    target.idLow = this.#unsigned[2 + low] as number;
  }

  /** The oldest place an item of that time can have. */
  setOldestAt(target: Position, timestampMs: bigint): void {
    this.#setTime(target, timestampMs);
    target.idHigh = -0x8000_0000;
    target.idLow = 0;
  }

  /** Splits a user's id into `user`. */
  setUser(userId: bigint): void {
    this.#whole[0] = userId;
    this.user.high = this.#signed[high]!;
    this.user.low = this.#signed[low]!;
  }

  join(position: Position): ItemPosition {
    this.#signed[high] = position.timeHigh;
    this.#unsigned[low] = position.timeLow;
    this.#signed[2 + high] = position.idHigh;
    this.#unsigned[2 + low] = position.idLow;
    return { timestampMs: this.#whole[0]!, itemId: this.#whole[1]! };
  }

  #setTime(target: Position, timestampMs: bigint): void {
    this.#whole[0] = timestampMs;
    target.timeHigh = this.#signed[high] as number;
    target.timeLow = this.#unsigned[low] as number;
  }
}

/** Takes the position of the item whose wire form begins at `start`. */
export function setPositionFromWire(target: Position, bytes: Uint8Array, start: number): void {
  target.timeHigh = readInt32(bytes, start + timestampOffset);
  target.timeLow = readInt32(bytes, start + timestampOffset + 4) >>> 0;
  target.idHigh = readInt32(bytes, start + itemIdOffset);
  target.idLow = readInt32(bytes, start + itemIdOffset + 4) >>> 0;
}

/** Above 0: `left` is newer; below 0: older; 0: the same place. */
export function comparePositions(left: Position, right: Position): number {
  if (left.timeHigh !== right.timeHigh) return left.timeHigh - right.timeHigh;
  if (left.timeLow !== right.timeLow) return left.timeLow - right.timeLow;
  if (left.idHigh !== right.idHigh) return left.idHigh - right.idHigh;
  return left.idLow - right.idLow;
}

/** Like `comparePositions`, the left one being the item whose wire form begins at `start`. */
export function compareWirePosition(bytes: Uint8Array, start: number, right: Position): number {
  const timeHigh = readInt32(bytes, start + timestampOffset);
  if (timeHigh !== right.timeHigh) return timeHigh - right.timeHigh;
  const timeLow = readInt32(bytes, start + timestampOffset + 4) >>> 0;
  if (timeLow !== right.timeLow) return timeLow - right.timeLow;
  const idHigh = readInt32(bytes, start + itemIdOffset);
  if (idHigh !== right.idHigh) return idHigh - right.idHigh;
  return (readInt32(bytes, start + itemIdOffset + 4) >>> 0) - right.idLow;
}

function readInt32(bytes: Uint8Array, at: number): number {
  return (
    ((bytes[at] as number) << 24) |
    ((bytes[at + 1] as number) << 16) |
    ((bytes[at + 2] as number) << 8) |
    (bytes[at + 3] as number)
  );
}
