import { describe, it } from "node:test";
import { checkNothingLeft } from "../checkers.ts";
import { NETWORK_CONTRACT, type NetworkHarness } from "../testing/network-contract.ts";
import { createWorld } from "../world.ts";

/** Enough for the slowest case with latencies of a millisecond. */
const PATIENCE_MS = 600_000;

function simHarness(seed: number): NetworkHarness {
  const world = createWorld(seed);
  return {
    network: world.network,
    random: world.random,
    listenOptions: {},
    connectOptions: { timeoutMs: 1000 },
    moreThanBuffersBytes: 1_000_000,
    address: () => ({ kind: "tcp", host: "127.0.0.1", port: 0 }),
    finish: (promise) => world.finish(promise, PATIENCE_MS),
    settle: () => world.run(100),
    checkNothingLeft: async () => {
      await world.run(1000);
      checkNothingLeft(world);
    },
  };
}

for (const seed of [1, 2, 3]) {
  describe(`the simulated network, seed ${seed}`, () => {
    for (const { name, run } of NETWORK_CONTRACT) it(name, () => run(simHarness(seed)));
  });
}
