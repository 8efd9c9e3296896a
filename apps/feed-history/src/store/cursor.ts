/**
 * The cursor of a paged range: the place of the last item that was read, bound to the question it
 * was read for. Opaque to clients: one byte of version, the place, and a checksum over the place
 * and the question, so that a cursor that is damaged, made up or from elsewhere is refused.
 */
import { crc32 } from "node:zlib";
import type { ItemPosition } from "./item-wire.ts";
import { StoreError } from "./store-error.ts";

/** What must be the same in each call that continues a range. */
export interface CursorQuery {
  readonly userId: bigint;
  readonly fromMs: bigint;
  readonly toMs: bigint;
  readonly limit: number;
}

const version = 1;
const cursorBytes = 21;
const positionOffset = 1;
const checksumOffset = 17;

export function encodeCursor(query: CursorQuery, last: ItemPosition): Uint8Array {
  const cursor = Buffer.allocUnsafe(cursorBytes);
  cursor[0] = version;
  cursor.writeBigInt64BE(last.timestampMs, positionOffset);
  cursor.writeBigInt64BE(last.itemId, positionOffset + 8);
  cursor.writeUInt32BE(checksumOf(query, cursor), checksumOffset);
  return cursor;
}

/** Throws an `invalid` StoreError unless it is what `encodeCursor` gave for the same query. */
export function decodeCursor(bytes: Uint8Array, query: CursorQuery): ItemPosition {
  if (bytes.length !== cursorBytes || bytes[0] !== version) {
    throw new StoreError("invalid", "not a cursor: expected the nextCursor of the call before");
  }
  const cursor = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  if (cursor.readUInt32BE(checksumOffset) !== checksumOf(query, cursor)) {
    throw new StoreError(
      "invalid",
      "a cursor of another range: the other fields must be as in the call that gave it",
    );
  }
  return {
    timestampMs: cursor.readBigInt64BE(positionOffset),
    itemId: cursor.readBigInt64BE(positionOffset + 8),
  };
}

function checksumOf(query: CursorQuery, cursor: Buffer): number {
  const bytes = Buffer.allocUnsafe(28);
  bytes.writeBigInt64BE(BigInt.asIntN(64, query.userId), 0);
  bytes.writeBigInt64BE(query.fromMs, 8);
  bytes.writeBigInt64BE(query.toMs, 16);
  bytes.writeInt32BE(query.limit, 24);
  return crc32(cursor.subarray(0, checksumOffset), crc32(bytes));
}
