import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { LinkOptions } from "./network/link-options.ts";
import { EchoTown } from "./testing/echo-town.ts";
import { createWorld, type World } from "./world.ts";

const CLIENTS = ["ann", "bob", "cid", "dot"];
const SERVERS = ["red", "blue"];
const SEEDS = [1, 2];

/** Plays a scenario in a town of its own; `disturb` is called until it says for how long not. */
async function play(
  seed: number,
  links: Partial<LinkOptions>,
  disturb: (world: World) => Promise<void>,
) {
  const world = createWorld(seed, links);
  const town = new EchoTown(world);
  for (const server of SERVERS) await town.addServer(server);
  for (const [index, client] of CLIENTS.entries()) town.addClient(client, SERVERS[index % 2]!);
  await disturb(world);
  for (const client of CLIENTS) for (const server of SERVERS) world.network.heal(client, server);
  world.network.changeAll({ refuse: false, resetRatio: 0 });
  const beforeBytes = town.counts.echoedBytes;
  await world.run(10_000);
  await town.close();
  assert.ok(town.counts.echoedBytes > beforeBytes, "nobody talks after the faults are gone");
  return { world, counts: town.counts };
}

/** One of everything that can go wrong, at random, for some forty seconds. */
async function everything(world: World): Promise<void> {
  const { network } = world;
  const random = world.random.stream("disturb");
  const pick = (names: readonly string[]): string => names[random.below(names.length)]!;
  for (let round = 0; round < 40; round++) {
    const [client, server] = [pick(CLIENTS), pick(SERVERS)];
    switch (random.below(8)) {
      case 0:
        network.partition(client, server);
        break;
      case 1:
        network.link(server, client).partitioned = true;
        break;
      case 2:
        network.reset(client, server);
        break;
      case 3:
        network.vanish(client, server);
        break;
      case 4:
        network.link(client, server).change({ refuse: random.below(2) === 0 });
        break;
      case 5:
        network.changeAll({ latencyMs: random.below(100), jitterMs: random.below(100) });
        break;
      case 6:
        network.changeAll({
          windowBytes: 1 + random.below(20_000),
          takenAtOnceRatio: random.next(),
          chunking: random.below(2) === 0 ? "whole" : "random",
          resetRatio: random.next() / 200,
        });
        break;
      default:
        network.heal(client, server);
    }
    await world.run(random.below(2000));
  }
}

describe("scenarios: what is sent arrives in order or not at all, and nothing is left", () => {
  const scenarios: Record<string, [Partial<LinkOptions>, (world: World) => Promise<void>]> = {
    calm: [{}, (world) => world.run(10_000)],
    "far and narrow": [
      { latencyMs: 150, jitterMs: 300, bytesPerSecond: 20_000, windowBytes: 5000 },
      (world) => world.run(10_000),
    ],
    "slow readers": [{ readBytesPerSecond: 3000, windowBytes: 4096 }, (world) => world.run(10_000)],
    "resets everywhere": [{ resetRatio: 0.02 }, (world) => world.run(10_000)],
    "a peer vanishes": [
      {},
      async (world) => {
        await world.run(5000);
        for (const client of CLIENTS) world.network.vanish(client, "red");
        await world.run(10_000);
      },
    ],
    everything: [{}, everything],
  };
  for (const [name, [links, disturb]] of Object.entries(scenarios)) {
    for (const seed of SEEDS) {
      it(`${name}, seed ${seed}`, async () => {
        await play(seed, links, disturb);
      });
    }
  }
});

describe("the same seed", () => {
  it("gives the same trace twice, and another seed another one", async () => {
    const digests: string[] = [];
    for (const seed of [11, 11, 12]) {
      const { world, counts } = await play(seed, {}, everything);
      digests.push(world.trace.digest());
      // The run was worth comparing.
      assert.ok(counts.connected > 10 && counts.lost > 5 && counts.failed > 0);
      assert.ok(world.trace.length > 5000);
    }
    assert.equal(digests[0], digests[1]);
    assert.notEqual(digests[0], digests[2]);
  });
});
