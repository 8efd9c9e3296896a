/**
 * Any bytes are a cursor of the query or a CursorError, and whatever is accepted is within the
 * query's range. Run: node cursor.fuzz.ts [runs] [seed].
 */
import assert from "node:assert/strict";
import fc from "fast-check";
import { CursorError, cursorBytes, decodeCursor, encodeCursor } from "./cursor.ts";

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

const [runs = "20000", seed] = process.argv.slice(2);
fc.assert(
  fc.property(query, query, position, change, (made, sent, last, changed) => {
    let bytes = changed instanceof Uint8Array ? changed : encodeCursor(made, last);
    if (!(changed instanceof Uint8Array)) {
      bytes = new Uint8Array([...bytes.subarray(0, changed.at), ...changed.bytes, ...bytes]);
      bytes = bytes.slice(0, cursorBytes);
    }
    for (const target of [made, sent]) {
      try {
        const { timestampMs } = decodeCursor(bytes, target);
        assert.ok(timestampMs >= target.fromMs && timestampMs < target.toMs);
      } catch (error) {
        if (!(error instanceof CursorError)) throw error;
      }
    }
  }),
  { numRuns: Number(runs), ...(seed === undefined ? {} : { seed: Number(seed) }) },
);
