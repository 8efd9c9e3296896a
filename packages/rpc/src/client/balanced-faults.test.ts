import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Balancer, Candidate, CreateBalancer } from "@holdfast/core";
import { createWorld } from "@holdfast/sim";
import { Fleet } from "../testing/fleet.ts";

const NAMES = ["a", "b", "c"];

/** By turns, whatever is known of the instances: what is left out is left out by health alone. */
const inTurn: CreateBalancer = <Each extends Candidate>(): Balancer<Each> => {
  let all: readonly Each[] = [];
  let next = 0;
  return {
    name: "in turn",
    update: (candidates) => {
      all = candidates;
    },
    pick: (_context, _call, avoided) => {
      const rest = all.filter(({ instance }) => !avoided.includes(instance.id));
      const from = rest.length > 0 ? rest : all;
      return from[next++ % from.length];
    },
    snapshot: () => ({}),
  };
};

interface InstanceState {
  readonly id: string;
  readonly breaker: string;
  readonly ejected: boolean;
  readonly inFlight: number;
  readonly connections: readonly unknown[];
}

function stateOf(client: ReturnType<Fleet["client"]>, id: string): InstanceState {
  const { instances } = client.snapshot() as { instances: InstanceState[] };
  return instances.find((each) => each.id === id)!;
}

async function withFleet(
  names: readonly string[],
  body: (fleet: Fleet) => Promise<void>,
): Promise<void> {
  const fleet = new Fleet(createWorld(1));
  await fleet.startAll(...names);
  await body(fleet);
  await fleet.close();
}

describe("an instance that is stopped", () => {
  it("is left out once its calls time out in a row, and comes back when it works", async () => {
    await withFleet(NAMES, async (fleet) => {
      const client = fleet.client({}, { balancer: inTurn });
      await fleet.load(client, 500, 300);
      fleet.freeze("b");
      const during = await fleet.load(client, 2_000, 300, 100);
      assert.equal(stateOf(client, "b").breaker, "open");
      assert.equal(stateOf(client, "b").ejected, true);
      // A third of the calls of half a second and of one time-out, and not of two seconds.
      assert.ok(during.errors.length < 90, `${during.errors.length} calls failed`);
      for (const error of during.errors) assert.equal(error.instanceId, "b");
      fleet.takeCounts();
      const after = await fleet.load(client, 1_000, 300, 100);
      assert.deepEqual(after.errors, []);
      assert.equal(fleet.takeCounts()["b"], 0);

      fleet.member("b").delayMs = 1;
      await fleet.load(client, 10_000, 100, 100);
      assert.equal(stateOf(client, "b").breaker, "closed");
      fleet.takeCounts();
      await fleet.load(client, 1_000, 300, 100);
      assert.ok(fleet.takeCounts()["b"]! > 80);
    });
  });

  it("costs one call for each probe at most while it stays stopped", async () => {
    await withFleet(NAMES, async (fleet) => {
      const client = fleet.client({}, { balancer: inTurn });
      fleet.freeze("b");
      await fleet.load(client, 2_000, 300, 100);
      fleet.takeCounts();
      const tally = await fleet.load(client, 60_000, 100, 100);
      const probes = fleet.takeCounts()["b"]!;
      assert.equal(tally.errors.length, probes);
      // Open for 5, 10, 20 s, and half as long again by chance; a few probes each time.
      assert.ok(probes >= 2 && probes <= 15, `${probes} probes in a minute`);
    });
  });

  it("gets little of the load even before it is left out, when the balancer looks", async () => {
    await withFleet(NAMES, async (fleet) => {
      const client = fleet.client();
      await fleet.load(client, 500, 600);
      fleet.freeze("b");
      const tally = await fleet.load(client, 2_000, 600, 100);
      assert.ok(tally.errors.length < 25, `${tally.errors.length} of ${tally.calls} failed`);
    });
  });
});

describe("an instance", () => {
  it("that is stopped gets little even when nobody ever waits for its time-out", async () => {
    await withFleet(NAMES, async (fleet) => {
      const client = fleet.client();
      await fleet.load(client, 500, 300);
      fleet.freeze("b");
      fleet.takeCounts();
      // As a hedge does: after 10 ms another instance has answered.
      const tally = await fleet.load(client, 4_000, 300, { giveUpAfterMs: 10 });
      assert.ok(tally.errors.length < 20, `${tally.errors.length} of ${tally.calls} were given up`);
      assert.ok(tally.errors.every(({ instanceId }) => instanceId === undefined));
    });
  });

  it("that is slow gets less", async () => {
    await withFleet(NAMES, async (fleet) => {
      const client = fleet.client();
      fleet.member("b").delayMs = 150;
      await fleet.load(client, 1_000, 300, 1_000);
      fleet.takeCounts();
      const tally = await fleet.load(client, 2_000, 300, 1_000);
      assert.deepEqual(tally.errors, []);
      assert.ok(fleet.takeCounts()["b"]! < 12);
    });
  });

  it("that answers errors at once does not get more for being fast", async () => {
    await withFleet(NAMES, async (fleet) => {
      const client = fleet.client();
      for (const name of ["a", "c"]) fleet.member(name).delayMs = 10;
      await fleet.load(client, 500, 300);
      fleet.member("b").handler.onHeld = (call) => call.fail(new Error("no luck"));
      const tally = await fleet.load(client, 4_000, 300);
      assert.ok(tally.errors.length < 40, `${tally.errors.length} of ${tally.calls} failed`);
    });
  });

  it("that answers errors at once gets little even when the others are slow and busy", async () => {
    await withFleet(NAMES, async (fleet) => {
      const client = fleet.client();
      for (const name of ["a", "c"]) fleet.member(name).delayMs = 150;
      await fleet.load(client, 1_000, 500);
      fleet.member("b").handler.onHeld = (call) => call.fail(new Error("no luck"));
      // Some fifty are at work at each of the others, which costs more than any one slow answer.
      const tally = await fleet.load(client, 4_000, 500);
      assert.ok(tally.errors.length < 40, `${tally.errors.length} of ${tally.calls} failed`);
    });
  });

  it("that is cut off is left out, and gets calls again when it is not", async () => {
    await withFleet(NAMES, async (fleet) => {
      const client = fleet.client();
      await fleet.load(client, 500, 300);
      fleet.world.network.partition("client", "b");
      await fleet.load(client, 3_000, 300, 100);
      const during = await fleet.load(client, 3_000, 300, 100);
      assert.ok(during.errors.length <= 2, `${during.errors.length} calls failed`);
      fleet.world.network.heal("client", "b");
      await fleet.load(client, 60_000, 100, 100);
      fleet.takeCounts();
      await fleet.load(client, 1_000, 300, 100);
      const counts = fleet.takeCounts();
      // A third by right; at this load the one that looks fastest gets up to twice its share.
      assert.ok(counts["b"]! > 25, JSON.stringify({ counts, b: stateOf(client, "b") }));
    });
  });

  it("that answers on new connections only is found again on one", async () => {
    await withFleet(["a", "b"], async (fleet) => {
      const client = fleet.client({ unansweredTimeoutMs: 600_000 }, { balancer: inTurn });
      await fleet.load(client, 500, 100);
      fleet.world.network.vanish("client", "b");
      await fleet.load(client, 3_000, 100, 100);
      assert.equal(stateOf(client, "b").ejected, true);
      await fleet.load(client, 10_000, 100, 100);
      assert.equal(stateOf(client, "b").breaker, "closed");
    });
  });

  it("that is down and was not left out gets no calls to move away either", async () => {
    await withFleet(NAMES, async (fleet) => {
      const client = fleet.client();
      await fleet.load(client, 500, 300);
      await fleet.kill("a");
      await fleet.kill("b");
      await fleet.load(client, 2_000, 300);
      const movesOf = (): number => (client.snapshot() as { moves: number }).moves;
      const before = movesOf();
      const tally = await fleet.load(client, 40_000, 50);
      assert.deepEqual(tally.errors, []);
      const ejected = NAMES.filter((name) => stateOf(client, name).ejected);
      assert.equal(ejected.length, 1);
      assert.ok(movesOf() - before < 20, `${movesOf() - before} of ${tally.calls} calls moved`);
    });
  });

  it("whose connections are half-open gets new ones", async () => {
    await withFleet(["a"], async (fleet) => {
      const client = fleet.client({ connectionsMax: 1 });
      await fleet.load(client, 500, 100);
      fleet.world.network.vanish("client", "a");
      await fleet.load(client, 2_000, 100, 100);
      const tally = await fleet.load(client, 1_000, 100, 100);
      assert.deepEqual(tally.errors, []);
    });
  });
});

describe("a list", () => {
  it("of which all fail is used as if none did", async () => {
    await withFleet(NAMES, async (fleet) => {
      const client = fleet.client({}, { balancer: inTurn });
      for (const name of NAMES) fleet.freeze(name);
      await fleet.load(client, 3_000, 300, 100);
      for (const name of NAMES) {
        assert.notEqual(stateOf(client, name).breaker, "closed");
        assert.equal(stateOf(client, name).ejected, false);
      }
      for (const name of NAMES) fleet.member(name).delayMs = 1;
      const tally = await fleet.load(client, 1_000, 300, 100);
      assert.deepEqual(tally.errors, []);
    });
  });

  it("keeps half of its instances, whatever their breakers say", async () => {
    await withFleet(["a", "b", "c", "d"], async (fleet) => {
      const client = fleet.client({}, { balancer: inTurn });
      for (const name of ["a", "b", "c"]) fleet.freeze(name);
      await fleet.load(client, 3_000, 300, 100);
      const ejected = ["a", "b", "c", "d"].filter((name) => stateOf(client, name).ejected);
      assert.equal(ejected.length, 2);
    });
  });
});
