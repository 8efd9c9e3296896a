/** In a file of its own: what is asked is what compiled code does that sees one balancer. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type CreateBalancer, SeededRandom } from "@holdfast/core";
import { consistentHash } from "./consistent-hash.ts";
import { leastLoaded } from "./least-loaded.ts";
import { contextWith, FakeCandidate, instancesOf } from "./testing/fake-candidates.ts";
import { weightedInTurn } from "./weighted-in-turn.ts";
import { preferZone } from "./zone-preference.ts";

const PICKS = 100_000;
/** The smallest object with anything in it; a number now and then may be boxed. */
const OBJECT_BYTES = 32;

const BALANCERS: Readonly<Record<string, CreateBalancer>> = {
  "least loaded": leastLoaded(),
  "weighted in turn": weightedInTurn(),
  "consistent hash": consistentHash(),
  "zone preference": preferZone(leastLoaded(), { zone: "here" }),
};

describe("a pick makes no object", () => {
  for (const [name, create] of Object.entries(BALANCERS)) {
    it(name, () => {
      const all = Array.from(
        { length: 9 },
        (_, index) => new FakeCandidate(`i${index}`, 1 + index, index % 2 ? "here" : "there"),
      );
      const balancer = create<FakeCandidate>({ random: new SeededRandom(1) });
      balancer.update(all, instancesOf(all));
      const context = contextWith("key");
      const none: readonly string[] = [];
      let grown = Infinity;
      // The interpreter and what the compilers need are not what is asked about: the best of some.
      for (let round = 0; round < 8; round++) {
        const before = process.memoryUsage().heapUsed;
        for (let pick = 0; pick < PICKS; pick++) balancer.pick(context, undefined, none, pick);
        grown = Math.min(grown, Math.abs(process.memoryUsage().heapUsed - before));
      }
      assert.ok(grown < PICKS * OBJECT_BYTES, `${grown} bytes for ${PICKS} picks`);
    });
  }
});
