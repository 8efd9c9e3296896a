/** What every balancer promises. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type Balancer, type CreateBalancer, SeededRandom } from "@holdfast/core";
import fc from "fast-check";
import { consistentHash } from "./consistent-hash.ts";
import { leastLoaded } from "./least-loaded.ts";
import { contextWith, FakeCandidate, instancesOf } from "./testing/fake-candidates.ts";
import { weightedInTurn } from "./weighted-in-turn.ts";
import { preferZone } from "./zone-preference.ts";

interface Case {
  readonly create: CreateBalancer;
  /** How far a share may be off, as a part of it. */
  readonly tolerance: number;
}

const BALANCERS: Readonly<Record<string, Case>> = {
  "least loaded": { create: leastLoaded(), tolerance: 0.1 },
  "weighted in turn": { create: weightedInTurn(), tolerance: 0.01 },
  // 400 points: each part of the ring is within 5 % for two in three, and 20 % for all.
  "consistent hash": { create: consistentHash({ pointsPerInstance: 400 }), tolerance: 0.25 },
  "zone preference": { create: preferZone(leastLoaded(), { zone: "here" }), tolerance: 0.1 },
};

const weights = fc.array(fc.integer({ min: 1, max: 10 }), { minLength: 2, maxLength: 8 });
const seeds = fc.nat(0x7fff_ffff);

function start(create: CreateBalancer, seed: number): Balancer<FakeCandidate> {
  return create<FakeCandidate>({ random: new SeededRandom(seed) });
}

function give(balancer: Balancer<FakeCandidate>, candidates: readonly FakeCandidate[]): void {
  balancer.update(candidates, instancesOf(candidates));
}

for (const [name, { create, tolerance }] of Object.entries(BALANCERS)) {
  describe(`the balancer ${name}`, () => {
    it("has nothing to pick from an empty list, and no choice with one", () => {
      const balancer = start(create, 1);
      give(balancer, []);
      assert.equal(balancer.pick(contextWith("key"), undefined, [], 0), undefined);
      const only = new FakeCandidate("only");
      give(balancer, [only]);
      assert.equal(balancer.pick(contextWith("key"), undefined, ["only"], 0), only);
      give(balancer, []);
      assert.equal(balancer.pick(contextWith(), undefined, ["only"], 0), undefined);
    });

    it("keeps to the weights", () => {
      fc.assert(
        fc.property(weights, seeds, (each, seed) => {
          const all = each.map((weight, index) => new FakeCandidate(`i${index}`, weight));
          const balancer = start(create, seed);
          give(balancer, all);
          const counts = new Map<FakeCandidate, number>();
          const picks = 20_000;
          for (let pick = 0; pick < picks; pick++) {
            const picked = balancer.pick(contextWith(), undefined, [], pick)!;
            counts.set(picked, (counts.get(picked) ?? 0) + 1);
          }
          const sum = each.reduce((total, weight) => total + weight, 0);
          for (const candidate of all) {
            const expected = (picks * candidate.weight) / sum;
            const off = Math.abs((counts.get(candidate) ?? 0) - expected);
            assert.ok(off <= expected * tolerance + 40, `${off} of ${expected}: ${each.join()}`);
          }
        }),
        { numRuns: 20 },
      );
    });

    it("never picks one that was taken away, whatever came and went", () => {
      const lists = fc.array(fc.uniqueArray(fc.nat(9), { maxLength: 6 }), { minLength: 1 });
      fc.assert(
        fc.property(lists, seeds, (all, seed) => {
          const known = Array.from({ length: 10 }, (_, index) => new FakeCandidate(`i${index}`));
          const balancer = start(create, seed);
          for (const list of all) {
            const now = list.map((index) => known[index]!);
            give(balancer, now);
            for (let pick = 0; pick < 20; pick++) {
              const picked = balancer.pick(contextWith(pick % 2 ? `${pick}` : ""), pick, [], pick);
              assert.equal(picked === undefined, now.length === 0);
              assert.ok(picked === undefined || now.includes(picked));
            }
          }
        }),
      );
    });

    it("picks one that is to be avoided only when there is no other", () => {
      const numbers = fc.uniqueArray(fc.nat(5), { maxLength: 6 });
      fc.assert(
        fc.property(weights, numbers, seeds, (each, avoid, seed) => {
          const all = each.map(
            (weight, index) => new FakeCandidate(`i${index}`, weight, index % 2 ? "here" : "there"),
          );
          for (const [index, candidate] of all.entries()) candidate.inFlight = index * 3;
          const avoided = avoid.map((index) => `i${index}`);
          const balancer = start(create, seed);
          give(balancer, all);
          const others = all.filter(({ instance }) => !avoided.includes(instance.id));
          for (let pick = 0; pick < 30; pick++) {
            const picked = balancer.pick(contextWith(`${pick}`), undefined, avoided, pick);
            assert.ok(picked !== undefined);
            assert.ok(others.length === 0 || others.includes(picked), picked.instance.id);
          }
        }),
      );
    });

    it("picks the same ones again from the same seed", () => {
      const run = (): string[] => {
        const all = Array.from({ length: 9 }, (_, index) => new FakeCandidate(`i${index}`));
        const balancer = start(create, 7);
        give(balancer, all);
        return Array.from({ length: 100 }, (_, pick) => {
          const picked = balancer.pick(contextWith(), undefined, [], pick)!;
          if (pick % 3 > 0) picked.inFlight++;
          return picked.instance.id;
        });
      };
      assert.deepEqual(run(), run());
    });
  });
}
