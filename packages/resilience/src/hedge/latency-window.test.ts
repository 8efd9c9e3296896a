import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { LatencyWindow } from "./latency-window.ts";

describe("the latency window", () => {
  it("knows a quantile to one part in eight, and never answers too little", () => {
    const latencies = fc.array(fc.double({ min: 0, max: 100_000, noNaN: true }), {
      minLength: 1,
      maxLength: 200,
    });
    const quantiles = fc.double({ min: 0.01, max: 1, noNaN: true });
    fc.assert(
      fc.property(latencies, quantiles, (values, quantile) => {
        const window = new LatencyWindow(1_000, 0);
        for (const value of values) window.record(value, 0);
        const sorted = values.toSorted((one, other) => one - other);
        const exact = sorted[Math.max(0, Math.ceil(quantile * values.length) - 1)]!;
        const answer = window.quantile(quantile, 0);
        assert.ok(answer >= exact - 1e-9, `${answer} is below ${exact}`);
        assert.ok(answer <= exact * 1.125 + 1 / 8, `${answer} is far above ${exact}`);
      }),
    );
  });

  it("forgets what is older than its window, half by half", () => {
    const window = new LatencyWindow(1_000, 0);
    for (let count = 0; count < 10; count++) window.record(80, 0);
    for (let count = 0; count < 10; count++) window.record(10, 500);
    assert.equal(window.count, 20);
    assert.ok(window.quantile(1, 999) >= 80);
    assert.ok(window.quantile(1, 1_000) < 20);
    assert.equal(window.count, 10);
    window.record(10, 9_000);
    assert.equal(window.count, 1);
  });

  it("answers 0 when it knows nothing, and counts the endless as long", () => {
    const window = new LatencyWindow(1_000, 0);
    assert.equal(window.quantile(0.99, 0), 0);
    for (const odd of [Infinity, NaN, -1]) window.record(odd, 0);
    assert.equal(window.count, 3);
    assert.ok(window.quantile(1, 0) >= 1_000_000);
  });
});
