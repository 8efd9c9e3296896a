import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { formatUptime } from "./info.ts";

describe("formatUptime", () => {
  it("writes durations as Go does", () => {
    const expected: [number, string][] = [
      [0, "0s"],
      [59.9, "59s"],
      [60, "1m0s"],
      [3_599, "59m59s"],
      [3_600, "1h0m0s"],
      [601_802, "167h10m2s"],
      [-5, "0s"],
    ];
    for (const [seconds, text] of expected) assert.equal(formatUptime(seconds), text);
  });
});
