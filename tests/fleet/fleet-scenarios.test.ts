/** A fleet loses, slows down or replaces instances under load, and its callers do not notice. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { after, before, describe, it } from "node:test";
import { Worker } from "node:worker_threads";
import { CALM, FLEET_SCENARIOS, type FleetScenario } from "./fleet-scenarios.ts";
import type { FleetJob, FleetOutcome, FleetReply } from "./fleet-worker.ts";
import type { FleetShape } from "./fleet.ts";

/** How many seeds each scenario is played with: `HOLDFAST_FLEET_SEEDS=50 node --test …`. */
const SEED_COUNT = Number(process.env["HOLDFAST_FLEET_SEEDS"] ?? 2);
const SEEDS = Array.from({ length: SEED_COUNT }, (_, index) => index + 1);

const LARGE: FleetShape = {
  clients: 100,
  instances: 100,
  callsPerSecond: 10,
  subsetMin: 20,
  rollEveryMs: 50,
};
/** A third of all calls meet the one instance: as hard as it gets. */
const SMALL: FleetShape = {
  clients: 10,
  instances: 3,
  callsPerSecond: 100,
  subsetMin: 20,
  // Slower than lists spread: nobody's may name only instances that are gone.
  rollEveryMs: 600,
};
const BUSY_CLIENT: FleetShape = { ...SMALL, clients: 1, callsPerSecond: 500 };

const SHAPES: readonly { readonly name: string; readonly shape: FleetShape }[] = [
  { name: "100 clients of 100 instances", shape: LARGE },
  { name: "10 clients of 3 instances", shape: SMALL },
  { name: "one busy client of 3 instances", shape: BUSY_CLIENT },
];

// Undefined when it did not start.
let worker!: Worker;
before(() => {
  worker = new Worker(new URL("fleet-worker.ts", import.meta.url));
});
after(() => worker.terminate());

/** Plays it and throws when anything that is promised does not hold. */
async function play({ name }: FleetScenario, seed: number, shape: FleetShape) {
  const job: FleetJob = { scenario: name, seed, shape };
  worker.postMessage(job);
  const [reply] = (await once(worker, "message")) as [FleetReply];
  if ("failure" in reply) assert.fail(reply.failure);
  return reply;
}

for (const { name, shape } of SHAPES) {
  describe(name, () => {
    for (const scenario of FLEET_SCENARIOS) {
      for (const seed of SEEDS) {
        it(`notice little when ${scenario.name}, seed ${seed}`, async () => {
          const { calls } = await play(scenario, seed, shape);
          assert.ok(calls > 5_000, `${calls} calls`);
        });
      }
    }
  });
}

describe("a client of instances that are all well", () => {
  for (const seed of SEEDS) {
    it(`gives each of them its share though it hedges, seed ${seed}`, async () => {
      const { served, calls } = await play(CALM, seed, BUSY_CLIENT);
      const share = calls / served.length;
      for (const each of served) {
        assert.ok(each > share * 0.8 && each < share * 1.3, `${served.join(", ")} calls`);
      }
    });
  }
});

/** A run of the large fleet takes ten times as long. */
const REPEATED = SEED_COUNT > 2 ? LARGE : BUSY_CLIENT;

describe("a run", () => {
  for (const scenario of FLEET_SCENARIOS) {
    it(`is the same again from the same seed when ${scenario.name}`, async () => {
      const outcomes: FleetOutcome[] = [];
      for (const seed of [1, 1, 2]) {
        // One world after the other: they must share nothing.
        // oxlint-disable-next-line no-await-in-loop
        outcomes.push(await play(scenario, seed, REPEATED));
      }
      const [first, again, other] = outcomes.map(({ digest }) => digest);
      assert.equal(first, again);
      assert.notEqual(first, other);
    });
  }
});
