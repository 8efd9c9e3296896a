import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { checkItemWire, encodeItemWire, itemMaxBytes, readItemPosition } from "./item-wire.ts";
import { StoreError } from "./store-error.ts";

const bytesOf = (hex: string): Uint8Array => Buffer.from(hex.replaceAll(" ", ""), "hex");
const head = "0a 0001 0000000000000005 0a 0002 0000000000000007";

test("writes Thrift Binary, fields in the order of their ids", () => {
  const wire = encodeItemWire({
    itemId: 5n,
    timestampMs: 7n,
    kind: 2,
    extra: Buffer.from("ab"),
  });
  const expected = `${head} 08 0003 00000002 0b 0004 00000002 6162 00`;
  assert.deepEqual(Buffer.from(wire), bytesOf(expected));
  assert.deepEqual(readItemPosition(wire, 0), { timestampMs: 7n, itemId: 5n });
});

test("accepts fields it does not know, as long as they are scalars or strings", () => {
  for (const field of [
    "02 0005 01",
    "06 0006 0001",
    "04 0007 0000000000000000",
    "0b 0009 00000000",
  ]) {
    checkItemWire(bytesOf(`${head} ${field} 00`), 0);
  }
});

test("refuses every shape that would break a reply, saying which item and why", () => {
  const cases: [string, RegExp][] = [
    ["", /items\[3\].*at least 23/],
    [head, /at least 23/],
    [`${head} 08 0003 000000`, /ends before its stop byte/],
    [`${head} 0b 0004 00000003 6162 00`, /ends before its stop byte/],
    [`${head} 0b 0004 ffffffff 6162 00`, /ends before its stop byte/],
    [`${head} 0b 0004 0000`, /ends before its stop byte/],
    [`${head} 00 00`, /1 bytes follow its end/],
    [`${head} 0c 0005 00 00`, /type 12/],
    [`0a 0002 ${"00".repeat(8)} 0a 0001 ${"00".repeat(8)} 00`, /begin with field 1/],
    [`0a 0001 ${"00".repeat(8)} 0a 0002 80${"00".repeat(7)} 00`, /timestampMs is negative/],
    [`${head} 0b 0004 00010000 ${"00".repeat(itemMaxBytes)} 00`, /at most 65536/],
  ];
  for (const [hex, reason] of cases) {
    assert.throws(() => checkItemWire(bytesOf(hex), 3), reason, hex.slice(0, 80));
  }
});

test("any bytes are an item or an invalid StoreError", () => {
  const tail = fc.uint8Array({ maxLength: 40 });
  fc.assert(
    fc.property(fc.constantFrom("", head), tail, (start, bytes) => {
      try {
        checkItemWire(Buffer.concat([bytesOf(start), bytes]), 0);
      } catch (error) {
        assert.ok(error instanceof StoreError && error.code === "invalid");
      }
    }),
    { numRuns: 2000 },
  );
});
