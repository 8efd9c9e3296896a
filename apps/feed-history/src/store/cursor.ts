/**
 * The cursor with which a caller goes on reading a range: opaque bytes that hold the position of
 * the last item and the query they belong to, so that a cursor sent with another query is refused
 * rather than answered wrongly.
 *
 *     version:u8  userId fromMs toMs:i64  limit:u32  timestampMs itemId:i64  checksum:u32
 *
 * The checksum finds damage, not malice: a forged cursor reads nothing its query could not read.
 */
import type { ItemPosition } from "./item-wire.ts";
import { StoreError } from "./store-error.ts";

/** The fields of a query that must stay the same from page to page. */
export interface CursorQuery {
  readonly userId: bigint;
  readonly fromMs: bigint;
  readonly toMs: bigint;
  readonly limit: number;
}

/** A cursor that does not belong to the query it came with. */
export class CursorError extends StoreError {
  override readonly name: string = "CursorError";
  /** The field of the query that differs; `cursor` when the cursor itself is damaged. */
  readonly field: keyof CursorQuery | "cursor";

  constructor(field: keyof CursorQuery | "cursor", message: string) {
    super("invalid", message);
    this.field = field;
  }
}

const version = 1;
const checkedBytes = 45;
export const cursorBytes: number = checkedBytes + 4;

/** Where a cursor is put together; one serves all, since each leaves as a copy. */
export interface CursorScratch {
  readonly bytes: Uint8Array;
  readonly view: DataView;
}

export function createCursorScratch(): CursorScratch {
  const bytes = new Uint8Array(cursorBytes);
  return { bytes, view: new DataView(bytes.buffer) };
}

/**
 * A small array without a view of its own stays in the heap, which costs a tenth of one that has
 * one: so the numbers are written to `scratch`, and its bytes are copied.
 */
export function encodeCursor(
  query: CursorQuery,
  position: ItemPosition,
  scratch: CursorScratch = createCursorScratch(),
): Uint8Array {
  const { bytes, view } = scratch;
  view.setUint8(0, version);
  view.setBigInt64(1, query.userId);
  view.setBigInt64(9, query.fromMs);
  view.setBigInt64(17, query.toMs);
  view.setUint32(25, query.limit);
  view.setBigInt64(29, position.timestampMs);
  view.setBigInt64(37, position.itemId);
  view.setUint32(checkedBytes, checksum(bytes));
  const cursor = new Uint8Array(cursorBytes);
  cursor.set(bytes);
  return cursor;
}

/** The position to go on from. Throws a CursorError unless the cursor was made for `query`. */
export function decodeCursor(bytes: Uint8Array, query: CursorQuery): ItemPosition {
  if (bytes.length !== cursorBytes) {
    const message = `${bytes.length} bytes are no cursor: it must be a nextCursor as it came`;
    throw new CursorError("cursor", message);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  if (view.getUint8(0) !== version) {
    throw new CursorError("cursor", `a cursor of version ${view.getUint8(0)}: expected ${version}`);
  }
  if (view.getUint32(checkedBytes) !== checksum(bytes)) {
    throw new CursorError("cursor", "the cursor is damaged: it must be a nextCursor as it came");
  }
  checkField("userId", view.getBigInt64(1), query.userId);
  checkField("fromMs", view.getBigInt64(9), query.fromMs);
  checkField("toMs", view.getBigInt64(17), query.toMs);
  checkField("limit", view.getUint32(25), query.limit);
  const timestampMs = view.getBigInt64(29);
  if (timestampMs < query.fromMs || timestampMs >= query.toMs) {
    throw new CursorError("cursor", "the cursor stands outside fromMs to toMs");
  }
  return { timestampMs, itemId: view.getBigInt64(37) };
}

function checkField<Value extends bigint | number>(
  field: keyof CursorQuery,
  made: Value,
  given: Value,
): void {
  if (made === given) return;
  const message = `the cursor was made for ${field} ${made}, not ${given}; keep all other fields`;
  throw new CursorError(field, message);
}

/** FNV-1a, 32 bits, of the bytes before the checksum. */
function checksum(bytes: Uint8Array): number {
  let hash = 0x811c_9dc5;
  for (let index = 0; index < checkedBytes; index += 1) {
    hash = Math.imul(hash ^ (bytes[index] as number), 0x0100_0193);
  }
  return hash >>> 0;
}
