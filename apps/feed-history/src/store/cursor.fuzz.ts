/** Any bytes are a cursor of the query or a CursorError, and stand within the query's range. */
import assert from "node:assert/strict";
import { it } from "node:test";
import fc from "fast-check";
import {
  CursorError,
  cursorBytes,
  decodeCursor,
  encodeCursor,
  type CursorQuery,
} from "./cursor.ts";
import type { ItemPosition } from "./item-wire.ts";

const int64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
const query = fc.record({
  userId: int64,
  fromMs: fc.bigInt({ min: 0n, max: 2n ** 62n }),
  toMs: fc.bigInt({ min: 2n ** 62n, max: 2n ** 63n - 1n }),
  limit: fc.integer({ min: 1, max: 1000 }),
});
const position = fc.record({ timestampMs: int64, itemId: int64 });
/** A cursor with some of its bytes overwritten, or bytes that never were one. */
const change = fc.oneof(
  fc.record({ at: fc.nat({ max: cursorBytes - 1 }), bytes: fc.uint8Array({ maxLength: 8 }) }),
  fc.uint8Array({ maxLength: 2 * cursorBytes }),
);

it("any bytes are a cursor of the query or a CursorError", () => {
  fc.assert(
    fc.property(query, query, position, change, (made, sent, last, changed) => {
      const bytes = changed instanceof Uint8Array ? changed : overwrite(made, last, changed);
      checkDecode(bytes, made);
      checkDecode(bytes, sent);
    }),
    { numRuns: 200_000 },
  );
});

function overwrite(
  made: CursorQuery,
  last: ItemPosition,
  { at, bytes }: { readonly at: number; readonly bytes: Uint8Array },
): Uint8Array {
  const cursor = encodeCursor(made, last);
  cursor.set(bytes.subarray(0, cursorBytes - at), at);
  return cursor;
}

function checkDecode(bytes: Uint8Array, sent: CursorQuery): void {
  try {
    const { timestampMs } = decodeCursor(bytes, sent);
    assert.ok(timestampMs >= sent.fromMs && timestampMs < sent.toMs);
  } catch (error) {
    if (!(error instanceof CursorError)) throw error;
  }
}
