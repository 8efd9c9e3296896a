import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { FailureRow } from "./failure-row.ts";

function rowOf(count: number, nowMs: number): FailureRow {
  const row = new FailureRow();
  for (let made = 0; made < count; made++) row.failed(nowMs);
  return row;
}

describe("a row of failures", () => {
  it("is long from the fifth one on", () => {
    assert.equal(rowOf(4, 100).isLong(100), false);
    assert.equal(rowOf(5, 100).isLong(100), true);
  });

  it("is over with an answer, and counted anew after it", () => {
    const row = rowOf(9, 100);
    row.end();
    assert.equal(row.isLong(100), false);
    for (let made = 0; made < 4; made++) row.failed(101);
    assert.equal(row.isLong(101), false);
  });

  it("is forgiven two seconds after the last failure, until the next one", () => {
    const row = rowOf(5, 100);
    row.failed(1_000);
    assert.equal(row.isLong(2_999), true);
    assert.equal(row.isLong(3_000), false);
    row.failed(3_010);
    assert.equal(row.isLong(5_009), true);
  });
});
