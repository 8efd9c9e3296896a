import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createWorld } from "@holdfast/sim";
import { createObservers, type Observers } from "../observe/observers.ts";
import { Fleet } from "../testing/fleet.ts";

interface Seen {
  readonly fleet: Fleet;
  readonly client: ReturnType<Fleet["client"]>;
  readonly observers: Observers;
}

async function withFleet(body: (seen: Seen) => Promise<void>): Promise<void> {
  const fleet = new Fleet(createWorld(1));
  await fleet.startAll("a", "b", "c");
  const observers = createObservers(fleet.place.runtime("client"));
  await body({ fleet, client: fleet.client({}, {}, observers), observers });
  await fleet.close();
  assert.deepEqual(metrics(observers), {});
}

/** What the metrics say of instances, by name and labels. */
function metrics({ stats }: Observers): Record<string, number> {
  const found: Record<string, number> = {};
  for (const family of stats.families()) {
    if (!/_client_(instances|list_age|moves)/.test(family.name)) continue;
    for (const { labelValues, metric } of family) {
      found[[family.name, ...labelValues].join(" ")] = (metric as { value: number }).value;
    }
  }
  return found;
}

interface State {
  readonly instances: readonly Record<string, unknown>[];
  readonly [name: string]: unknown;
}

describe("what a client of several instances shows", () => {
  it("is each instance, with what decides whether it gets calls", async () => {
    await withFleet(async ({ fleet, client }) => {
      await fleet.load(client, 500, 300);
      const { instances, ...list } = client.snapshot() as State;
      assert.deepEqual(list, {
        service: "Probe",
        resolver: "static list",
        listed: 3,
        ejected: 0,
        unreachable: 0,
        listAgeMs: Math.round(fleet.world.clock.nowMs()),
        moves: 0,
        stale: "",
        waiting: 0,
        balancer: { name: "least loaded of two, peak EWMA" },
        leaving: 0,
      });
      const [first] = instances as [Record<string, unknown>];
      const { latencyMs, connections, ...rest } = first;
      assert.ok((latencyMs as number) > 1 && (latencyMs as number) < 10);
      assert.equal((connections as unknown[]).length, 2);
      assert.deepEqual(rest, {
        id: "a",
        address: "a:9090",
        zone: "",
        weight: 1,
        share: 1,
        inFlight: 0,
        ejected: false,
        breaker: "closed",
        breakerWhy: "",
        unreachable: "",
        waiting: 0,
        dialing: 0,
        dialFailures: 0,
        lastError: "",
      });
    });
  });

  it("says which instance cannot be reached, and for how long the list has been old", async () => {
    await withFleet(async ({ fleet, client, observers }) => {
      await fleet.load(client, 500, 300);
      await fleet.kill("b");
      fleet.resolver.setStale("the registry is gone");
      await fleet.load(client, 1_000, 300);
      const { instances, stale } = client.snapshot() as State;
      assert.equal(stale, "the registry is gone");
      assert.equal(instances[1]!["ejected"], true);
      assert.match(
        String(instances[1]!["unreachable"]),
        /cannot connect to b:9090: nobody listens/,
      );
      const { clock } = fleet.world;
      const moves = metrics(observers)["holdfast_client_moves Probe"]!;
      assert.ok(moves >= 0 && moves < 10);
      assert.deepEqual(metrics(observers), {
        "holdfast_client_instances Probe listed": 3,
        "holdfast_client_instances Probe ejected": 1,
        "holdfast_client_instances Probe unreachable": 1,
        "holdfast_client_list_age_seconds Probe": Math.round(clock.nowMs()) / 1_000,
        "holdfast_client_moves Probe": moves,
      });
      await fleet.restart("b");
      await fleet.load(client, 6_000, 100);
      assert.equal(metrics(observers)["holdfast_client_instances Probe unreachable"], 0);
      const { lines } = fleet.place.logger;
      const said = lines.filter(({ message }) => message.startsWith("instance"));
      assert.deepEqual(
        said.map(({ level, message, fields }) => [level, message, fields["instance"]]),
        [
          ["info", "instances listed", undefined],
          ["warn", "instance cannot be reached", "b"],
          ["info", "instance reached again", "b"],
        ],
      );
      assert.deepEqual(said[0]!.fields, {
        service: "Probe",
        resolver: "static list",
        count: 3,
        instances: ["a", "b", "c"],
        gone: [],
      });
    });
  });

  it("are the breakers of its instances, where the breakers of the process are", async () => {
    await withFleet(async ({ fleet, client, observers }) => {
      await fleet.load(client, 500, 300);
      const rows = observers.state
        .snapshots("breakers")
        .flatMap((part) => ("state" in part ? (part.state as Record<string, unknown>[]) : []))
        .filter(({ instance }) => instance !== "");
      assert.deepEqual(
        rows.map(({ callee, method, instance, state }) => [callee, method, instance, state]),
        ["a", "b", "c"].map((name) => ["Probe", "*", name, "closed"]),
      );
      fleet.list("a", "c");
      const left = observers.state
        .snapshots("breakers")
        .flatMap((part) => ("state" in part ? (part.state as Record<string, unknown>[]) : []))
        .filter(({ instance }) => instance !== "");
      assert.equal(left.length, 2);
    });
  });
});
