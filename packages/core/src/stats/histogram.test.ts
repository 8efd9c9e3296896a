import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { BUCKET_COUNT, bucketOf, bucketStart, TICKS_MAX } from "./buckets.ts";
import { Histogram } from "./histogram.ts";

const TICK_MS = 0.001;
/** Milliseconds over the whole range, as many small as large ones. */
const duration = fc
  .double({ min: Math.log(1e-4), max: Math.log(4e6), noNaN: true })
  .map((logarithm) => Math.exp(logarithm));

function nearestRank(sorted: readonly number[], q: number): number {
  return sorted[Math.min(sorted.length, Math.max(1, Math.ceil(q * sorted.length))) - 1]!;
}

function recorded(values: readonly number[]): Histogram {
  const histogram = new Histogram();
  for (const value of values) histogram.record(value);
  return histogram;
}

describe("Histogram", () => {
  it("answers every quantile within 6.25 % of the sorted values, or within a tick", () => {
    fc.assert(
      fc.property(
        fc.array(duration, { minLength: 1, maxLength: 200 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (values, q) => {
          const truth = nearestRank(
            values.toSorted((left, right) => left - right),
            q,
          );
          const answer = recorded(values).snapshot().quantile(q);
          const allowed = Math.max(truth / 16, TICK_MS);
          assert.ok(Math.abs(answer - truth) <= allowed, `${answer} for ${truth} at ${q}`);
        },
      ),
    );
  });

  it("keeps count, sum and maximum exactly", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 1_000_000 })), (values) => {
        const snapshot = recorded(values).snapshot();
        const sum = values.reduce((total, value) => total + value, 0);
        assert.equal(snapshot.count, values.length);
        assert.equal(snapshot.sum, sum);
        assert.equal(snapshot.max, Math.max(0, ...values));
        assert.equal(snapshot.mean, values.length === 0 ? 0 : sum / values.length);
        assert.equal(snapshot.quantile(1), snapshot.max);
      }),
    );
  });

  it("gives the same for two that are merged as for one that recorded both", () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 100_000 })),
        fc.array(fc.integer({ min: 0, max: 100_000 })),
        (left, right) => {
          const merged = recorded(left).snapshot().merge(recorded(right).snapshot());
          assert.deepEqual(merged, recorded([...left, ...right]).snapshot());
        },
      ),
    );
  });

  it("refuses to merge what was recorded on another scale", () => {
    const bytes = new Histogram({ ticksPerUnit: 1 }).snapshot();
    assert.throws(() => recorded([1]).snapshot().merge(bytes), /1 ticks per unit into 1000/);
  });

  it("counts what is outside the range at its ends", () => {
    const snapshot = recorded([-1, Number.NaN, -Infinity, Infinity, 1e300]).snapshot();
    assert.equal(snapshot.count, 5);
    assert.equal(snapshot.quantile(0.5), TICK_MS / 2);
    assert.equal(snapshot.max, TICKS_MAX * TICK_MS);
    assert.equal(snapshot.sum, 2 * TICKS_MAX * TICK_MS);
  });

  it("answers 0 when nothing was recorded", () => {
    const snapshot = new Histogram().snapshot();
    assert.deepEqual(
      [snapshot.count, snapshot.quantile(0.99), snapshot.max, snapshot.mean],
      [0, 0, 0, 0],
    );
  });

  it("does not change a snapshot that was taken", () => {
    const histogram = recorded([1]);
    const before = histogram.snapshot();
    histogram.record(2);
    assert.equal(before.count, 1);
    assert.equal(before.max, 1);
  });

  it("counts exactly what was below a power of two of ticks", () => {
    fc.assert(
      fc.property(fc.array(duration), fc.integer({ min: 0, max: 31 }), (values, power) => {
        const bound = 2 ** power * TICK_MS;
        const below = values.filter((value) => Math.floor(value / TICK_MS) < 2 ** power).length;
        assert.equal(recorded(values).snapshot().countBelow(bound), below);
      }),
    );
  });

  it("refuses a scale that is not one", () => {
    for (const ticksPerUnit of [0, -1, Number.NaN, Infinity]) {
      assert.throws(() => new Histogram({ ticksPerUnit }), /ticksPerUnit/);
    }
  });

  it("allocates nothing when recording", () => {
    const histogram = new Histogram();
    const record = (): void => {
      for (let turn = 0; turn < 500_000; turn++) histogram.record((turn & 0xffff) * 0.013);
    };
    // The interpreter and what the compilers need are not what is asked about: the best of some.
    let grown = Infinity;
    for (let round = 0; round < 8; round++) {
      const before = process.memoryUsage().heapUsed;
      record();
      grown = Math.min(grown, Math.abs(process.memoryUsage().heapUsed - before));
    }
    assert.ok(grown < 500_000, `${grown} bytes for 500,000 values`);
  });
});

describe("buckets", () => {
  it("cover every tick once, each at most one sixteenth wide", () => {
    for (let bucket = 0; bucket < BUCKET_COUNT; bucket++) {
      const start = bucketStart(bucket);
      const end = bucketStart(bucket + 1);
      assert.equal(bucketOf(start), bucket);
      assert.equal(bucketOf(end - 1), bucket);
      assert.ok(end - start === 1 || (end - start) / start <= 1 / 16);
    }
    assert.equal(bucketOf(TICKS_MAX), BUCKET_COUNT - 1);
  });
});
