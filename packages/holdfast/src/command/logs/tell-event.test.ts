import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { bytes, duration } from "./tell-event.ts";

describe("the words for sizes", () => {
  it("are short", () => {
    assert.deepEqual([0, 999, 1_000, 1_234_567, 5e15].map(bytes), [
      "0 B",
      "999 B",
      "1.0 kB",
      "1.2 MB",
      "5000.0 TB",
    ]);
    assert.deepEqual([0.1234, 12, 999, 1_000, 59_900, 60_000, 5_104_000].map(duration), [
      "0.123 ms",
      "12 ms",
      "999 ms",
      "1.0 s",
      "59.9 s",
      "1m0s",
      "1h25m4s",
    ]);
    assert.deepEqual([bytes("x"), duration(undefined)], ["?", "?"]);
  });
});
