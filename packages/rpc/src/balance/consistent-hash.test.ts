import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type Balancer, SeededRandom } from "@holdfast/core";
import fc from "fast-check";
import {
  completeConsistentHashOptions,
  consistentHash,
  type ConsistentHashOptions,
} from "./consistent-hash.ts";
import { contextWith, FakeCandidate, instancesOf } from "./testing/fake-candidates.ts";

const KEYS = Array.from({ length: 1_000 }, (_, index) => `key-${index}`);

function ring(
  all: readonly FakeCandidate[],
  options: Partial<ConsistentHashOptions> = {},
  seed = 1,
): Balancer<FakeCandidate> {
  const balancer = consistentHash(options)<FakeCandidate>({ random: new SeededRandom(seed) });
  balancer.update(all, instancesOf(all));
  return balancer;
}

function candidates(count: number): FakeCandidate[] {
  return Array.from({ length: count }, (_, index) => new FakeCandidate(`i${index}`));
}

function owner(balancer: Balancer<FakeCandidate>, key: string): string {
  return balancer.pick(contextWith(key), undefined, [], 0)!.instance.id;
}

describe("a consistent hash", () => {
  it("gives a key to the same instance in every process, whatever the order of its list", () => {
    const all = candidates(10);
    const [one, two] = [ring(all, {}, 1), ring(all.toReversed(), {}, 2)];
    for (const key of KEYS) assert.equal(owner(one, key), owner(two, key));
  });

  it("moves only the keys of the instance that goes, and only to the one that comes", () => {
    const all = candidates(10);
    const before = ring(all);
    const without = ring(all.slice(1));
    let moved = 0;
    for (const key of KEYS) {
      const was = owner(before, key);
      const is = owner(without, key);
      if (was === "i0") moved++;
      else assert.equal(is, was);
    }
    assert.ok(moved > 50 && moved < 200, `${moved} keys of 1,000`);
  });

  it("moves no key while an instance warms up", () => {
    const all = candidates(5);
    const balancer = ring(all);
    const before = KEYS.map((key) => owner(balancer, key));
    all[2]!.weight = 0.1;
    balancer.update(all, instancesOf(all));
    assert.deepEqual(
      KEYS.map((key) => owner(balancer, key)),
      before,
    );
  });

  it("takes the key from the call, where it is told to", () => {
    const all = candidates(10);
    const balancer = ring(all, { keyOf: (_context, call) => String(call) });
    const plain = ring(all);
    for (const key of KEYS.slice(0, 50)) {
      const picked = balancer.pick(contextWith("ignored"), key, [], 0)!;
      assert.equal(picked.instance.id, owner(plain, key));
    }
  });

  it("lets no instance have more than its bound of the calls at work, whatever the keys", () => {
    const keys = fc.array(fc.constantFrom("hot", "hot", "hot", "a", "b", "c"), {
      minLength: 50,
      maxLength: 300,
    });
    const bounds = fc.constantFrom(1.1, 1.25, 2);
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 8 }), keys, bounds, (count, all, boundRatio) => {
        const workers = candidates(count);
        const balancer = ring(workers, { boundRatio });
        for (const [atWork, key] of all.entries()) {
          const picked = balancer.pick(contextWith(key), undefined, [], 0)!;
          picked.inFlight++;
          const most = Math.ceil((boundRatio * (atWork + 1)) / count);
          assert.ok(picked.inFlight <= most, `${picked.inFlight} at work, ${most} allowed`);
        }
      }),
    );
  });

  it("refuses options that mean nothing", () => {
    assert.throws(() => completeConsistentHashOptions({ boundRatio: 1 }), /boundRatio is 1/);
    assert.throws(
      () => completeConsistentHashOptions({ pointsPerInstance: 0 }),
      /pointsPerInstance is 0/,
    );
  });
});
