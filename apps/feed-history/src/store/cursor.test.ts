import assert from "node:assert/strict";
import { test } from "node:test";
import { CursorError, decodeCursor, encodeCursor, type CursorQuery } from "./cursor.ts";

const query: CursorQuery = { userId: -7n, fromMs: 10n, toMs: 2n ** 63n - 1n, limit: 50 };
const position = { timestampMs: 11n, itemId: -(2n ** 63n) };

test("gives back the position it was made of", () => {
  assert.deepEqual(decodeCursor(encodeCursor(query, position), query), position);
});

test("names the field that differs from the query it was made for", () => {
  const cursor = encodeCursor(query, position);
  const others: CursorQuery[] = [
    { ...query, userId: 7n },
    { ...query, fromMs: 9n },
    { ...query, toMs: 12n },
    { ...query, limit: 51 },
  ];
  const fields = ["userId", "fromMs", "toMs", "limit"] as const;
  for (const [index, field] of fields.entries()) {
    assert.throws(
      () => decodeCursor(cursor, others[index] as CursorQuery),
      (error) =>
        error instanceof CursorError &&
        error.code === "invalid" &&
        error.field === field &&
        error.message.includes(`made for ${field} ${query[field]}`),
    );
  }
});

test("refuses any single damaged byte, any other length and any other version", () => {
  const cursor = encodeCursor(query, position);
  const isRefused = { name: "CursorError", field: "cursor" };
  for (let at = 0; at < cursor.length; at += 1) {
    const damaged = cursor.slice();
    damaged[at] = (damaged[at] as number) ^ 0x40;
    assert.throws(() => decodeCursor(damaged, query), isRefused, `byte ${at}`);
  }
  assert.throws(() => decodeCursor(cursor.subarray(1), query), isRefused);
  assert.throws(() => decodeCursor(new Uint8Array(0), query), isRefused);
});

test("refuses a position outside the range, even with a right checksum", () => {
  const outside = encodeCursor(query, { timestampMs: 9n, itemId: 0n });
  assert.throws(() => decodeCursor(outside, query), { field: "cursor" });
});
