/**
 * The wire form of one HistoryItem (Thrift Binary), as the store keeps it and splices it into
 * replies. Its first 22 bytes have a fixed shape, so that the position of an item in its user's
 * history can be read in place:
 *
 *     0a 0001 itemId:i64   0a 0002 timestampMs:i64   …optional fields…   00
 */
import { StoreError } from "./store-error.ts";

/** The place of an item in its user's history; two items of a user never share one. */
export interface ItemPosition {
  readonly timestampMs: bigint;
  readonly itemId: bigint;
}

/** A HistoryItem as values: what `encodeItemWire` takes. */
export interface ItemValues extends ItemPosition {
  readonly kind?: number;
  readonly extra?: Uint8Array;
}

export const itemIdOffset = 3;
export const timestampOffset = 14;
const headBytes = 22;

/** 64 KiB: fifteen times the largest item the service lets in; a page holds at least one item. */
export const itemMaxBytes = 65_536;

const typeStop = 0;
const typeI32 = 8;
const typeI64 = 10;
const typeString = 11;
/** Bytes of the value of each Thrift type with a fixed size: bool, byte, double, i16, i32, i64. */
const fixedSizes: ReadonlyMap<number, number> = new Map([
  [2, 1],
  [3, 1],
  [4, 8],
  [6, 2],
  [typeI32, 4],
  [typeI64, 8],
]);

/**
 * Throws an `invalid` StoreError unless `wire` is exactly one struct of the shape above. A byte
 * too many or too few would break every reply the item is spliced into, so nothing is taken on
 * trust. Fields beyond the two named ones may be any scalar or string.
 */
export function checkItemWire(wire: Uint8Array, index: number): void {
  const fault = findFault(wire);
  if (fault !== undefined) {
    throw new StoreError("invalid", `items[${index}] is not a stored item: ${fault}`);
  }
}

function findFault(wire: Uint8Array): string | undefined {
  if (wire.length > itemMaxBytes) {
    return `${wire.length} bytes; at most ${itemMaxBytes} are allowed`;
  }
  if (wire.length <= headBytes) {
    return `${wire.length} bytes; at least ${headBytes + 1} are needed`;
  }
  if (!isFieldHead(wire, 0, typeI64, 1) || !isFieldHead(wire, 11, typeI64, 2)) {
    return "it must begin with field 1 itemId:i64, then field 2 timestampMs:i64";
  }
  if ((wire[timestampOffset] as number) >= 0x80) return "timestampMs is negative";
  let at = headBytes;
  while (at < wire.length) {
    const type = wire[at] as number;
    if (type === typeStop) {
      return at + 1 === wire.length ? undefined : `${wire.length - at - 1} bytes follow its end`;
    }
    if (type === typeString) {
      if (at + 7 > wire.length) break;
      at += 7 + readUint32BigEndian(wire, at + 3);
      continue;
    }
    const size = fixedSizes.get(type);
    if (size === undefined) return `a field of type ${type}; scalars and strings are allowed`;
    at += 3 + size;
  }
  return "it ends before its stop byte";
}

function isFieldHead(wire: Uint8Array, at: number, type: number, id: number): boolean {
  return wire[at] === type && wire[at + 1] === 0 && wire[at + 2] === id;
}

function readUint32BigEndian(bytes: Uint8Array, at: number): number {
  return (
    (((bytes[at] as number) << 24) |
      ((bytes[at + 1] as number) << 16) |
      ((bytes[at + 2] as number) << 8) |
      (bytes[at + 3] as number)) >>>
    0
  );
}

/** The position of the item whose wire form begins at `start`. */
export function readItemPosition(bytes: Uint8Array, start: number): ItemPosition {
  const view = new DataView(bytes.buffer, bytes.byteOffset + start, headBytes);
  return {
    timestampMs: view.getBigInt64(timestampOffset),
    itemId: view.getBigInt64(itemIdOffset),
  };
}

/** Writes an item in the form the store takes. */
export function encodeItemWire(item: ItemValues): Uint8Array {
  const extraBytes = item.extra === undefined ? 0 : 7 + item.extra.length;
  const wire = new Uint8Array(headBytes + (item.kind === undefined ? 0 : 7) + extraBytes + 1);
  const view = new DataView(wire.buffer);
  writeFieldHead(wire, 0, typeI64, 1);
  view.setBigInt64(itemIdOffset, item.itemId);
  writeFieldHead(wire, 11, typeI64, 2);
  view.setBigInt64(timestampOffset, item.timestampMs);
  let at = headBytes;
  if (item.kind !== undefined) {
    writeFieldHead(wire, at, typeI32, 3);
    view.setInt32(at + 3, item.kind);
    at += 7;
  }
  if (item.extra !== undefined) {
    writeFieldHead(wire, at, typeString, 4);
    view.setUint32(at + 3, item.extra.length);
    wire.set(item.extra, at + 7);
  }
  return wire;
}

function writeFieldHead(wire: Uint8Array, at: number, type: number, id: number): void {
  wire[at] = type;
  wire[at + 2] = id;
}
