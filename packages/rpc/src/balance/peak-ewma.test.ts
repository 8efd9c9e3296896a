import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { PeakEwma } from "./peak-ewma.ts";

const DECAY_MS = 10_000;

describe("a peak EWMA", () => {
  it("jumps to a peak at once and comes down over the decay time", () => {
    const latency = new PeakEwma(DECAY_MS);
    latency.observe(10, 0);
    latency.observe(500, 1);
    assert.equal(latency.valueMs(1), 500);
    for (let ms = 100; ms <= DECAY_MS; ms += 100) latency.observe(10, ms);
    const after = latency.valueMs(DECAY_MS);
    assert.ok(Math.abs(after - (10 + 490 / Math.E)) < 2, `${after}`);
  });

  it("falls while nothing is heard, and is forgotten in the end", () => {
    const latency = new PeakEwma(DECAY_MS);
    latency.observe(100, 0);
    assert.ok(Math.abs(latency.valueMs(DECAY_MS) - 100 / Math.E) < 0.01);
    assert.ok(latency.valueMs(DECAY_MS * 2.9) > 0);
    assert.equal(latency.valueMs(DECAY_MS * 3.1), 0);
  });

  it("knows nothing at first, and something after an answer that took no time", () => {
    const latency = new PeakEwma(DECAY_MS);
    assert.equal(latency.valueMs(5), 0);
    latency.observe(0, 5);
    assert.ok(latency.valueMs(5) > 0);
    latency.forget();
    assert.equal(latency.valueMs(5), 0);
  });

  it("is never above the highest nor below what a lasting low would make it", () => {
    const steps = fc.array(
      fc.tuple(fc.double({ min: 0.01, max: 1e4, noNaN: true }), fc.nat(5_000)),
    );
    fc.assert(
      fc.property(steps, (all) => {
        const latency = new PeakEwma(DECAY_MS);
        let nowMs = 0;
        let highest = 0;
        for (const [takenMs, laterMs] of all) {
          nowMs += laterMs;
          latency.observe(takenMs, nowMs);
          highest = Math.max(highest, takenMs);
          const value = latency.valueMs(nowMs);
          assert.ok(value <= highest + 1e-9 && value >= takenMs - 1e-9, `${value}`);
        }
      }),
    );
  });
});
