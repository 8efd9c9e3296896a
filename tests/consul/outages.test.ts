import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { skipConsul } from "../servers/consul/build.ts";
import { type ConsulCluster, startConsulCluster } from "../servers/consul/cluster.ts";
import { ToxicProxy } from "../servers/toxic-proxy.ts";
import { ConsulSides, instance, never } from "./consul-sides.ts";
import { Watched } from "./watched.ts";

/** Longer than a TTL, so that checks run out meanwhile; HOLDFAST_OUTAGE_MS=60000 takes its time. */
const OUTAGE_MS = Number(process.env["HOLDFAST_OUTAGE_MS"] ?? 6_000);

describe("a list of instances", { skip: skipConsul() }, () => {
  let cluster: ConsulCluster;
  before(async () => {
    cluster = await startConsulCluster();
  });
  after(() => cluster[Symbol.asyncDispose]());

  it("outlives the leader's death, and takes changes after the election", async () => {
    await using sides = new ConsulSides();
    const leader = await cluster.leader();
    const others = cluster.servers.filter((server) => server !== leader);
    const registrar = sides.registrar([others[0]!.address]);
    await registrar.register("leader", instance("one", 4001), never());
    using atLeader = new Watched(sides.resolver([leader.address, others[1]!.address]), "leader");
    using beside = new Watched(sides.resolver([others[1]!.address]), "leader");
    await Promise.all([atLeader.untilIds("one"), beside.untilIds("one")]);

    await leader.kill();
    await registrar.register("leader", instance("two", 4002), never());
    await Promise.all([atLeader.untilIds("one", "two"), beside.untilIds("one", "two")]);
    assertNeverLost([...atLeader.changes, ...beside.changes], "one");
    await leader.start();
    await cluster.settled();
  });

  it("outlives a server that is cut off, and says so until it is back", async () => {
    await using sides = new ConsulSides();
    // Without the leader the others could take nothing new until they have elected another one.
    const leader = await cluster.leader();
    const [frozen, second] = cluster.servers.filter((server) => server !== leader);
    const registrar = sides.registrar([second!.address]);
    await registrar.register("frozen", instance("one", 4001), never());
    using watched = new Watched(sides.resolver([frozen!.address]), "frozen");
    await watched.untilIds("one");

    frozen!.freeze();
    await watched.untilStale(/did not answer within \d+ ms/);
    assert.deepEqual(watched.ids, ["one"]);
    await registrar.register("frozen", instance("two", 4002), never());
    frozen!.thaw();
    await watched.untilIds("one", "two");
    assertNeverLost(watched.changes, "one");
    await cluster.settled();
  });

  it("comes late and right through a slow line, and stays when the line is cut", async () => {
    await using sides = new ConsulSides();
    await using proxy = await ToxicProxy.start(cluster.addresses[0]!);
    await sides.registrar([cluster.addresses[1]!]).register("slow", instance("one", 4001), never());
    proxy.slow(300);
    using watched = new Watched(sides.resolver([proxy.address]), "slow");
    assert.ok((await watched.untilIds("one")) >= 600, "there and back");
    proxy.silence();
    await watched.untilStale(/did not answer/);
    proxy.cut();
    assert.deepEqual(watched.ids, ["one"]);
    proxy.heal();
    await watched.untilIds("one");
    assertNeverLost(watched.changes, "one");
  });

  it("stays through an outage of all servers that is longer than the checks last", async () => {
    await using sides = new ConsulSides();
    const resolvers = cluster.servers.map(({ address }) => sides.resolver([address]));
    await using ending = new AsyncDisposableStack();
    const watches = resolvers.map((resolver) => ending.use(new Watched(resolver, "all")));
    // What stands between them and their agents comes back last: the checks have run out by then.
    const lines = await Promise.all(cluster.addresses.map((each) => ToxicProxy.start(each)));
    for (const line of lines) ending.use(line);
    const registrars = lines.map(({ address }) => sides.registrar([address]));
    const ids = ["one", "two", "three"];
    const registrations = await Promise.all(
      registrars.map((registrar, index) =>
        registrar.register("all", instance(ids[index]!, 4001 + index), never()),
      ),
    );
    await Promise.all(watches.map((watched) => watched.untilIds(...ids.toSorted())));

    await cluster.killAll();
    for (const line of lines) line.cut();
    await Promise.all(watches.map((watched) => watched.untilStale(/ECONNREFUSED/)));
    await sleep(OUTAGE_MS);
    for (const { current } of watches) {
      assert.equal(current?.instances.length, 3);
      assert.ok(performance.now() - current.confirmedMs >= OUTAGE_MS, "it says how old it is");
    }
    await cluster.start();
    await Promise.all(watches.map((watched) => watched.untilStale(/stopped vouching for \d of 3/)));
    for (const line of lines) line.heal();
    await Promise.all(watches.map((watched) => watched.untilIds(...ids.toSorted())));
    for (const { changes } of watches) for (const id of ids) assertNeverLost(changes, id);
    // And it is a list that lives: what leaves now leaves it.
    await registrations[0]!.deregister();
    await Promise.all(watches.map((watched) => watched.untilIds("three", "two")));
  });

  it("stays when all servers were frozen for longer than the checks last", async () => {
    await using sides = new ConsulSides();
    const ids = ["one", "three", "two"];
    await using line = await ToxicProxy.start(cluster.addresses[0]!);
    const registrar = sides.registrar([line.address]);
    await Promise.all(
      ids.map((id, index) => registrar.register("ice", instance(id, 4001 + index), never())),
    );
    using watched = new Watched(sides.resolver([cluster.addresses[1]!], { waitMs: 20_000 }), "ice");
    await watched.untilIds(...ids);
    cluster.freezeAll();
    line.cut();
    await sleep(4_000);
    cluster.thawAll();
    // It asked before and its question is answered only now: it cannot know of the outage.
    await watched.untilStale(/stopped vouching for \d of 3/);
    line.heal();
    await watched.untilIds(...ids);
    // One check runs out before the others, and is believed; when most have, they come back.
    const first = watched.changes.findIndex(({ instances }) => instances.length === 3);
    const fewest = watched.changes.slice(first).map(({ instances }) => instances.length);
    assert.ok(Math.min(...fewest) >= 2, `lists of ${fewest.join()}`);
  });

  it("is waited for, with a line in the log, by what starts while Consul is away", async () => {
    await using sides = new ConsulSides();
    await cluster.killAll();
    using watched = new Watched(sides.resolver([cluster.addresses[0]!]), "early");
    const registering = sides
      .registrar([cluster.addresses[1]!])
      .register("early", instance("one", 4001), never());
    await sleep(1_000);
    assert.equal(watched.current, undefined);
    assert.deepEqual(sides.said.toSorted(), [
      "consul does not answer; waiting for the first list",
      "consul does not take the registration; trying again",
    ]);
    await cluster.start();
    await registering;
    await watched.untilIds("one");
    await cluster.settled();
  });
});

/** From its first list on. */
function assertNeverLost(changes: Watched["changes"], id: string): void {
  const first = changes.findIndex(({ instances }) => instances.some((each) => each.id === id));
  const lost = changes.slice(first).find(({ instances }) => instances.every((e) => e.id !== id));
  assert.equal(lost, undefined, `${id} was lost: ${JSON.stringify(lost)}`);
}
