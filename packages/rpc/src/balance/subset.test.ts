import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type Instance, ManualClock, SeededRandom, StaticResolver } from "@holdfast/core";
import fc from "fast-check";
import { leastLoaded } from "./least-loaded.ts";
import { fixedPosition, positionAmongPeers } from "./subset-position.ts";
import { completeSubsetOptions, subsetOf, type SubsetOptions } from "./subset.ts";
import { contextWith, FakeCandidate } from "./testing/fake-candidates.ts";

function fleet(count: number, from = 0): Instance[] {
  return Array.from({ length: count }, (_, index) => {
    return new FakeCandidate(`instance-${from + index}`).instance;
  });
}

function options(index: number, count: number, instancesMin = 20): SubsetOptions {
  return completeSubsetOptions({ instancesMin, position: fixedPosition(index, count) });
}

describe("subsets of 1,000 instances for 1,000 callers", () => {
  /** Each caller picks as a client does; the calls that each instance got. */
  function simulate(instances: readonly Instance[], callers: number, calls: number): number[] {
    const got = new Map(instances.map(({ id }) => [id, 0]));
    const context = contextWith();
    const random = new SeededRandom(1);
    for (let caller = 0; caller < callers; caller++) {
      const part = subsetOf(instances, options(caller, callers));
      assert.ok(part.length >= 20 && part.length <= 22, `${part.length} connections`);
      const candidates = part.map(({ id, weight }) => new FakeCandidate(id, weight));
      const balancer = leastLoaded()<FakeCandidate>({ random: random.stream(`${caller}`) });
      balancer.update(candidates, part);
      for (let call = 0; call < calls; call++) {
        const { id } = balancer.pick(context, undefined, [], call)!.instance;
        got.set(id, got.get(id)! + 1);
      }
    }
    return [...got.values()];
  }

  function checkEven(got: readonly number[], mean: number): void {
    const [least, most] = [Math.min(...got), Math.max(...got)];
    assert.ok(least >= mean * 0.8 && most <= mean * 1.2, `from ${least} to ${most}, mean ${mean}`);
  }

  it("keep a bounded number of connections each, and load within 20 %", () => {
    checkEven(simulate(fleet(1_000), 1_000, 600), 600);
  });

  it("do so too when a part of the fleet was replaced, and the numbers are not round", () => {
    const changed = [...fleet(1_000).slice(87), ...fleet(41, 5_000)];
    checkEven(simulate(changed, 1_000, 600), (600 * 1_000) / changed.length);
  });
});

describe("a subset by position", () => {
  it("has exactly the same weight of each instance over all callers", () => {
    const sizes = fc.tuple(fc.integer({ min: 1, max: 60 }), fc.integer({ min: 1, max: 60 }));
    const each = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 60, maxLength: 60 });
    fc.assert(
      fc.property(
        sizes,
        fc.integer({ min: 1, max: 12 }),
        each,
        ([count, callers], min, weights) => {
          const instances = fleet(count).map((instance, index) => ({
            ...instance,
            weight: weights[index]!,
          }));
          const sums = new Map<string, number>();
          for (let caller = 0; caller < callers; caller++) {
            for (const { id, weight } of subsetOf(instances, options(caller, callers, min))) {
              sums.set(id, (sums.get(id) ?? 0) + weight);
            }
          }
          const ratios = instances.map(({ id, weight }) => sums.get(id)! / weight);
          for (const ratio of ratios) assert.ok(Math.abs(ratio / ratios[0]! - 1) < 1e-3);
        },
      ),
    );
  });

  it("changes little when an instance goes", () => {
    const all = fleet(1_000);
    const ids = (instances: readonly Instance[]): Set<string> =>
      new Set(subsetOf(instances, options(500, 1_000)).map(({ id }) => id));
    const before = ids(all);
    const after = ids(all.slice(1));
    assert.ok([...after].filter((id) => !before.has(id)).length <= 2);
  });

  it("is everything when there is not more", () => {
    const all = fleet(20);
    assert.equal(subsetOf(all, options(3, 10)), all);
  });

  it("covers the whole fleet when callers are few", () => {
    const all = fleet(100);
    const seen = new Set(
      [0, 1, 2].flatMap((caller) => subsetOf(all, options(caller, 3)).map(({ id }) => id)),
    );
    assert.equal(seen.size, 100);
  });
});

describe("a subset without a position", () => {
  it("is as large as asked for, the caller's own, and keeps what it can when one goes", () => {
    const all = fleet(200);
    const mine = completeSubsetOptions({ callerId: "host-1" });
    const other = completeSubsetOptions({ callerId: "host-2" });
    const before = subsetOf(all, mine).map(({ id }) => id);
    assert.equal(before.length, 20);
    assert.deepEqual(
      subsetOf(all.toReversed(), mine)
        .map(({ id }) => id)
        .toSorted(),
      before.toSorted(),
    );
    assert.notDeepEqual(
      subsetOf(all, other).map(({ id }) => id),
      before,
    );
    const after = subsetOf(
      all.filter(({ id }) => id !== before[0]),
      mine,
    ).map(({ id }) => id);
    assert.equal(after.filter((id) => !before.includes(id)).length, 1);
  });

  it("is refused when nothing tells callers apart", () => {
    assert.throws(() => completeSubsetOptions({}), /callerId or a position/);
    assert.throws(() => completeSubsetOptions({ callerId: "a", instancesMin: 0 }), /instancesMin/);
    assert.throws(() => fixedPosition(3, 3), /index is 3 of 3/);
  });
});

describe("a position among peers", () => {
  it("is the place of the own id, and follows the list", () => {
    const resolver = new StaticResolver(new ManualClock());
    const position = positionAmongPeers(resolver, "feed", "b");
    assert.equal(position.current, undefined);
    const changes: unknown[] = [];
    const unwatch = position.watch(() => changes.push(position.current));
    const list = (...ids: readonly string[]): void => {
      resolver.set(
        "feed",
        ids.map((id) => new FakeCandidate(id).instance),
      );
    };
    list("c", "b", "a");
    list("a", "b", "c");
    list("b", "c");
    // A registry that does not know us for a moment is no reason to change everything.
    list("c");
    assert.deepEqual(changes, [
      { index: 1, count: 3 },
      { index: 0, count: 2 },
    ]);
    unwatch();
    list("a", "b");
    assert.equal(changes.length, 2);
    position.close();
  });
});
