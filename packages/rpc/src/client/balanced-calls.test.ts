import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  avoidedInstancesKey,
  createContext,
  instanceAt,
  type Resolver,
  ServiceError,
} from "@holdfast/core";
import { type TryRecord, tryRecordKey } from "@holdfast/resilience";
import { createWorld } from "@holdfast/sim";
import { Fleet } from "../testing/fleet.ts";
import type { PositionSource } from "../balance/subset-position.ts";
import { watchCall } from "../testing/watch-call.ts";

async function withFleet(
  names: readonly string[],
  body: (fleet: Fleet) => Promise<void>,
  seed = 1,
): Promise<void> {
  const fleet = new Fleet(createWorld(seed));
  await fleet.startAll(...names);
  await body(fleet);
  await fleet.close();
}

/** What the call failed with. */
async function failure(fleet: Fleet, call: Promise<unknown>): Promise<ServiceError> {
  const outcome = await fleet.place.finish(call.catch((error: unknown) => error));
  assert.ok(outcome instanceof ServiceError, `${String(outcome)} is no ServiceError`);
  return outcome;
}

describe("a client of several instances", () => {
  it("spreads its calls over them", async () => {
    await withFleet(["a", "b", "c"], async (fleet) => {
      const tally = await fleet.load(fleet.client(), 1_000, 600);
      assert.equal(tally.succeeded, tally.calls);
      const counts = fleet.takeCounts();
      for (const count of Object.values(counts)) assert.ok(count > 100, JSON.stringify(counts));
    });
  });

  it("moves calls that were not sent away from an instance that cannot be reached", async () => {
    await withFleet(["a", "b", "c"], async (fleet) => {
      const client = fleet.client();
      await fleet.load(client, 500, 200);
      await fleet.kill("b");
      fleet.takeCounts();
      const tally = await fleet.load(client, 2_000, 500);
      assert.deepEqual(tally.errors, []);
      assert.equal(fleet.takeCounts()["b"], 0);
      await fleet.restart("b");
      await fleet.load(client, 40_000, 100);
      assert.ok(fleet.takeCounts()["b"]! > 800);
    });
  });

  it("keeps in step with the resolver: new ones get calls, removed ones end theirs", async () => {
    await withFleet(["a", "b"], async (fleet) => {
      const client = fleet.client();
      await fleet.load(client, 200, 200);
      await fleet.start("c");
      fleet.member("b").delayMs = 150;
      const during = fleet.load(client, 300, 200, 400);
      await fleet.world.run(100);
      fleet.list("a", "c");
      const tally = await during;
      assert.equal(tally.succeeded, tally.calls);
      fleet.takeCounts();
      await fleet.load(client, 35_000, 100);
      const counts = fleet.takeCounts();
      assert.equal(counts["b"], 0);
      assert.ok(counts["c"]! > 1_000, JSON.stringify(counts));
    });
  });

  it("gives one that is new a share that grows", async () => {
    await withFleet(["a", "b"], async (fleet) => {
      const client = fleet.client();
      await fleet.load(client, 200, 200);
      await fleet.start("c");
      fleet.list("a", "b", "c");
      fleet.takeCounts();
      const shares: number[] = [];
      for (let part = 0; part < 8; part++) {
        // oxlint-disable-next-line no-await-in-loop
        const { calls } = await fleet.load(client, 5_000, 100);
        shares.push(fleet.takeCounts()["c"]! / calls);
      }
      // Of two that are drawn the better one is taken: that is twice the share at most.
      for (const [part, share] of shares.slice(0, 6).entries()) {
        const weight = (part + 1) / 6;
        assert.ok(share <= (2 * weight) / (2 + weight) + 0.02, shares.join(" "));
      }
      assert.ok(shares[0]! > 0.01 && shares.at(-1)! > 0.25, shares.join(" "));
    });
  });

  it("uses its own part of a large list, and another one when its place changes", async () => {
    const names = Array.from({ length: 12 }, (_, index) => `s${index}`);
    await withFleet(names, async (fleet) => {
      const place = { current: { index: 0, count: 4 } };
      let tell = (): void => undefined;
      const position: PositionSource = {
        get current() {
          return place.current;
        },
        watch: (listener) => {
          tell = listener;
          return () => undefined;
        },
      };
      const client = fleet.client({}, { subset: { instancesMin: 3, position } });
      const used = async (): Promise<string[]> => {
        fleet.takeCounts();
        const tally = await fleet.load(client, 500, 400);
        assert.deepEqual(tally.errors, []);
        return Object.entries(fleet.takeCounts()).flatMap(([name, count]) => (count ? [name] : []));
      };
      const first = await used();
      assert.equal(first.length, 3);
      place.current = { index: 1, count: 4 };
      tell();
      const second = await used();
      assert.equal(second.length, 3);
      assert.deepEqual(
        first.filter((name) => second.includes(name)),
        [],
      );
    });
  });

  it("goes to the successor of its only instance, which listens at the same address", async () => {
    await withFleet(["a"], async (fleet) => {
      const client = fleet.client();
      const load = fleet.load(client, 3_000, 300);
      for (let restart = 0; restart < 5; restart++) {
        // One after the other: that is what rolling is.
        // oxlint-disable-next-line no-await-in-loop
        await fleet.roll("a");
      }
      assert.deepEqual((await load).errors, []);
    });
  });

  it("waits for the first list as long as the call may take", async () => {
    const fleet = new Fleet(createWorld(3));
    await fleet.start("a");
    const client = fleet.client();
    const { clock } = fleet.world;
    const late = watchCall(client.calls.hold(createContext({ clock }).withTimeout(50), "late"));
    const early = client.calls.hold(createContext({ clock }).withTimeout(500), "early");
    await fleet.world.run(60);
    assert.equal(late.error?.code, "deadline-exceeded");
    assert.match(late.error.message, /static list has no list of Probe yet/);
    assert.equal(late.error.workStarted, "no");
    fleet.list("a");
    assert.equal(await fleet.place.finish(early), "a");
    await fleet.close();
  });

  it("fails at once when the list is empty, and says whose list, and how old it is", async () => {
    await withFleet([], async (fleet) => {
      const client = fleet.client();
      fleet.list();
      await fleet.world.run(1_500);
      fleet.resolver.setStale("the disk is gone");
      const { clock } = fleet.world;
      const error = await failure(fleet, client.calls.hold(createContext({ clock }), "x"));
      assert.equal(error.code, "unavailable");
      assert.equal(
        error.message,
        "static list lists no instance of Probe; its list is 1500 ms old, stale: the disk is gone",
      );
      assert.equal(error.workStarted, "no");
    });
  });

  it("has the resolver ask again when its list proves wrong, and not otherwise", async () => {
    await withFleet(["a", "b"], async (fleet) => {
      let asked = 0;
      const resolver: Resolver = {
        name: "counting",
        watch: (service, listener) => {
          const watch = fleet.resolver.watch(service, listener);
          return Object.assign(watch, { refresh: () => asked++ });
        },
      };
      const client = fleet.client({}, { resolver });
      await fleet.load(client, 500, 200);
      assert.equal(asked, 0);
      await fleet.kill("b");
      await fleet.load(client, 500, 200);
      assert.ok(asked > 0);
      fleet.list();
      asked = 0;
      const { clock } = fleet.world;
      await failure(fleet, client.calls.hold(createContext({ clock }), "x"));
      assert.equal(asked, 1);
    });
  });

  it("tells who asks where a call is before it has an answer, and where it was moved", async () => {
    await withFleet(["a", "b"], async (fleet) => {
      const client = fleet.client();
      await fleet.load(client, 200, 200);
      for (const avoided of ["a", "b"]) {
        const record: TryRecord = { instanceId: undefined };
        const context = createContext({ clock: fleet.world.clock })
          .withValue<TryRecord | undefined>(tryRecordKey, record)
          .withValue(avoidedInstancesKey, [avoided]);
        const call = client.calls.hold(context, "x");
        assert.equal(record.instanceId, avoided === "a" ? "b" : "a");
        // oxlint-disable-next-line no-await-in-loop
        assert.equal(await fleet.place.finish(call), record.instanceId);
      }
      await fleet.refuseAll("b");
      await fleet.world.run(50);
      const record: TryRecord = { instanceId: undefined };
      const context = createContext({ clock: fleet.world.clock })
        .withValue<TryRecord | undefined>(tryRecordKey, record)
        .withValue(avoidedInstancesKey, ["a"]);
      const call = client.calls.hold(context, "y");
      assert.equal(record.instanceId, "b");
      assert.equal(await fleet.place.finish(call), "a");
      assert.equal(record.instanceId, "a");
    });
  });

  it("says which instance failed a call", async () => {
    await withFleet(["a"], async (fleet) => {
      const client = fleet.client();
      fleet.freeze("a");
      const { clock } = fleet.world;
      const context = createContext({ clock }).withTimeout(30);
      const late = await failure(fleet, client.calls.hold(context, "late"));
      assert.deepEqual([late.code, late.instanceId], ["deadline-exceeded", "a"]);
      fleet.resolver.set("Probe", [
        instanceAt({ kind: "tcp", host: "nowhere", port: 1 }, { id: "n" }),
      ]);
      const lost = await failure(fleet, client.calls.hold(createContext({ clock }), "lost"));
      assert.deepEqual([lost.code, lost.instanceId, lost.workStarted], ["unavailable", "n", "no"]);
    });
  });

  it("asks an instance that refuses a call as draining only once", async () => {
    await withFleet(["a", "b"], async (fleet) => {
      const client = fleet.client({ connectionsMax: 4 });
      const refused = await fleet.refuseAll("a");
      const tally = await fleet.load(client, 500, 100);
      assert.deepEqual(tally.errors, []);
      const { moves } = client.snapshot() as { moves: number };
      assert.equal(fleet.takeCounts()["b"], tally.calls);
      assert.ok(refused() > 0);
      assert.equal(moves, refused());
    });
  });

  it("ends a wait for the first list when it is closed", async () => {
    const fleet = new Fleet(createWorld(3));
    for (const end of ["close", "leave"] as const) {
      const client = fleet.client();
      const { clock } = fleet.world;
      const call = watchCall(client.calls.hold(createContext({ clock }), end));
      // oxlint-disable-next-line no-await-in-loop
      await fleet.world.run(10);
      client[end]();
      // oxlint-disable-next-line no-await-in-loop
      await fleet.world.run(0);
      assert.equal(call.error?.code, "cancelled");
    }
    await fleet.close();
  });

  it("moves a call that a draining instance refuses", async () => {
    await withFleet(["a", "b"], async (fleet) => {
      const client = fleet.client();
      await fleet.load(client, 100, 400);
      const { clock } = fleet.world;
      const load = fleet.load(client, 500, 400);
      await fleet.world.run(100);
      const draining = fleet.member("a").server.drain(createContext({ clock }).withTimeout(200));
      const tally = await load;
      assert.deepEqual(tally.errors, []);
      await fleet.place.finish(draining);
    });
  });
});
