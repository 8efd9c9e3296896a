import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import type { EventRecord } from "./event-record.ts";
import { EventRing } from "./event-ring.ts";

describe("the ring of events", () => {
  it("keeps the last ones, oldest first, and no more", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 9 }), fc.nat(30), fc.nat(12), (size, count, limit) => {
        const ring = new EventRing(size);
        const all = Array.from({ length: count }, (_, at) => record(at));
        for (const each of all) ring.add(each);
        const kept = all.slice(Math.max(0, count - size));
        assert.deepEqual(ring.last(limit), limit === 0 ? [] : kept.slice(-limit));
        const lines = ring.dump().split("\n").slice(0, -1);
        assert.deepEqual(
          lines.map((line) => JSON.parse(line) as unknown),
          kept,
        );
      }),
    );
  });

  it("finds those of one connection", () => {
    const ring = new EventRing(4);
    for (let at = 0; at < 6; at++) ring.add(record(at, at % 2 === 0 ? "aaaaaaaa" : "bbbbbbbb"));
    assert.deepEqual(
      ring.last(10, "aaaaaaaa").map(({ at }) => at),
      [2, 4],
    );
    assert.deepEqual(
      ring.last(1, "aaaaaaaa").map(({ at }) => at),
      [4],
    );
    assert.deepEqual(ring.last(10, "cccccccc"), []);
  });

  it("holds 1,000 when it is told nothing, and never none", () => {
    assert.equal(new EventRing().capacity, 1_000);
    for (const capacity of [0, -1, 1.5, NaN, Infinity]) {
      assert.throws(() => new EventRing(capacity), RangeError);
    }
  });
});

function record(at: number, sessionKey = "106abc0c"): EventRecord {
  return { sessionKey, event: "accept", at, addr: "10.0.0.7:5" };
}
