import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { type Random, SeededRandom, systemRandom } from "./random.ts";

function draws(random: Random, count = 20): number[] {
  return Array.from({ length: count }, () => random.next());
}

const seed = fc.integer({ min: 0, max: 0xffff_ffff });
const name = fc.string({ maxLength: 12 });

describe("SeededRandom", () => {
  it("repeats from its seed", () => {
    fc.assert(
      fc.property(seed, name, (from, stream) => {
        assert.deepEqual(draws(new SeededRandom(from)), draws(new SeededRandom(from)));
        const [first, second] = [new SeededRandom(from), new SeededRandom(from)];
        assert.deepEqual(draws(first.stream(stream)), draws(second.stream(stream)));
      }),
    );
  });

  it("gives a stream the same numbers however much was drawn elsewhere", () => {
    fc.assert(
      fc.property(seed, name, fc.nat({ max: 50 }), (from, stream, count) => {
        const quiet = new SeededRandom(from).stream(stream);
        const busy = new SeededRandom(from);
        draws(busy, count);
        draws(busy.stream("another"), count);
        assert.deepEqual(draws(busy.stream(stream)), draws(quiet));
      }),
    );
  });

  it("gives streams of other names, and streams of streams, other numbers", () => {
    fc.assert(
      fc.property(seed, name, name, (from, left, right) => {
        const random = new SeededRandom(from);
        const families = new Map([
          ["parent", draws(new SeededRandom(from))],
          [`/${left}`, draws(random.stream(left))],
          [`/${right}`, draws(random.stream(right))],
          [`/${left}${right}`, draws(random.stream(left + right))],
          [`/${left}/${right}`, draws(random.stream(left).stream(right))],
        ]);
        // JSON escapes the separator no name can then contain.
        const distinct = new Set([...families.values()].map(String));
        const names = new Set(
          [[left], [right], [left + right], [left, right]].map((path) => JSON.stringify(path)),
        );
        assert.equal(distinct.size, names.size + 1);
      }),
    );
  });

  it("stays within its bounds and reaches all of them", () => {
    const random = new SeededRandom(7);
    const seen = new Set<number>();
    for (let draw = 0; draw < 1_000; draw++) {
      const fraction = random.next();
      assert.ok(fraction >= 0 && fraction < 1);
      seen.add(random.below(10));
    }
    assert.deepEqual(
      [...seen].sort((left, right) => left - right),
      [0, 1, 2, 3, 4, 5, 6, 7, 8, 9],
    );
    assert.equal(random.below(1), 0);
  });

  it("spreads evenly: 64 bins of 64,000 draws pass a chi-square test", () => {
    for (const one of [new SeededRandom(1), new SeededRandom(1).stream("a"), new SeededRandom(0)]) {
      const bins = new Int32Array(64);
      for (let draw = 0; draw < 64_000; draw++) bins[one.below(64)]!++;
      const chiSquare = bins.reduce((sum, count) => sum + (count - 1_000) ** 2 / 1_000, 0);
      // 63 degrees of freedom: 1 in 10,000 is outside 24.6 to 113.
      assert.ok(chiSquare > 24.6 && chiSquare < 113, `${chiSquare}`);
    }
  });
});

describe("systemRandom", () => {
  it("differs every time", () => {
    const seen = new Set(Array.from({ length: 100 }, () => String(draws(systemRandom(), 4))));
    assert.equal(seen.size, 100);
  });
});
