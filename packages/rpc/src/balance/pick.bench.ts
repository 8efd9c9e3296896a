/**
 * What choosing an instance costs, by balancer and number of instances. Run:
 * `node packages/rpc/src/balance/pick.bench.ts [picks]`
 */
import { type CreateBalancer, nanosPerTurn, systemRandom } from "@holdfast/core";
import { consistentHash } from "./consistent-hash.ts";
import { leastLoaded } from "./least-loaded.ts";
import { contextWith, FakeCandidate, instancesOf } from "./testing/fake-candidates.ts";
import { weightedInTurn } from "./weighted-in-turn.ts";
import { preferZone } from "./zone-preference.ts";

const [picks = 1_000_000] = process.argv.slice(2).map(Number);

const BALANCERS: Readonly<Record<string, CreateBalancer>> = {
  "least loaded of two": leastLoaded(),
  "least loaded of two, own zone first": preferZone(leastLoaded(), { zone: "zone 0" }),
  "weighted round robin": weightedInTurn(),
  "consistent hash, bounded": consistentHash(),
};

for (const count of [3, 30, 300]) {
  for (const [name, create] of Object.entries(BALANCERS)) {
    for (const weights of ["even", "uneven"] as const) {
      const all = Array.from(
        { length: count },
        (_, index) =>
          new FakeCandidate(
            `i${index}`,
            weights === "even" ? 1 : 1 + (index % 7),
            `zone ${index % 3}`,
          ),
      );
      const balancer = create<FakeCandidate>({ random: systemRandom() });
      balancer.update(all, instancesOf(all));
      const context = contextWith("key");
      const none: readonly string[] = [];
      const nanos = nanosPerTurn(picks, (turns) => {
        for (let turn = 0; turn < turns; turn++) {
          balancer.pick(context, undefined, none, turn)!.takesMs = 1 + (turn & 7);
        }
      });
      const what = `${name}, ${count} instances of ${weights} weight`;
      console.log(`${nanos.toFixed(1).padStart(8)} ns  ${what}`);
    }
  }
}
