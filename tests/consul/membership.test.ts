import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { skipConsul } from "../servers/consul/build.ts";
import { type ConsulCluster, startConsulCluster } from "../servers/consul/cluster.ts";
import { ConsulSides, instance, never } from "./consul-sides.ts";
import { Watched } from "./watched.ts";

/** A busy machine's "at once"; asking again only after a blocking query's end takes longer. */
const AT_ONCE_MS = 10_000;

describe("instances in a real Consul", { skip: skipConsul() }, () => {
  let cluster: ConsulCluster;
  before(async () => {
    cluster = await startConsulCluster();
  });
  after(() => cluster[Symbol.asyncDispose]());

  it("come to a resolver at once, whole, and leave as fast", async () => {
    await using sides = new ConsulSides();
    using watched = new Watched(sides.resolver([cluster.addresses[0]!]), "history");
    await watched.untilFresh();
    assert.deepEqual(watched.ids, [], "nobody yet is an answer");
    const one = instance("one", 4001, { weight: 7, zone: "east", tags: ["blue", "canary"] });
    const registrar = sides.registrar([cluster.addresses[1]!]);
    const startMs = performance.now();
    const registration = await registrar.register("history", one, never());
    await watched.untilIds("one");
    assert.ok(performance.now() - startMs < AT_ONCE_MS);
    assert.deepEqual(watched.current?.instances, [one]);
    const endMs = performance.now();
    const deregistered = registration.deregister();
    assert.equal(
      (await Promise.race([watched.untilIds(), deregistered.then(() => -1)])) >= 0,
      true,
    );
    assert.ok(performance.now() - endMs < AT_ONCE_MS);
    await deregistered;
  });

  it("stay without a word while nothing changes", async () => {
    await using sides = new ConsulSides();
    await sides
      .registrar([cluster.addresses[0]!])
      .register("quiet", instance("one", 4001), never());
    const resolver = sides.resolver([cluster.addresses[1]!], { waitMs: 1_000 });
    using watched = new Watched(resolver, "quiet");
    await watched.untilIds("one");
    const changes = watched.changes.length;
    const firstMs = watched.current!.confirmedMs;
    // Three questions that Consul held back until their time was up.
    while (watched.current!.confirmedMs < firstMs + 2_500) await sleep(100);
    assert.deepEqual(watched.changes.slice(changes), []);
    assert.ok(!sides.said.some((message) => /does not answer/.test(message)));
  });

  it("come back when the agent has forgotten them", async () => {
    await using sides = new ConsulSides();
    const [server] = cluster.servers;
    const registrar = sides.registrar([server!.address]);
    await registrar.register("forgotten", instance("one", 4001), never());
    using watched = new Watched(sides.resolver([cluster.addresses[2]!]), "forgotten");
    await watched.untilIds("one");
    await server!.api("PUT", `/v1/agent/service/deregister/${encodeURIComponent("forgotten@one")}`);
    await watched.untilIds();
    await watched.untilIds("one");
    assert.ok(sides.said.includes("consul has forgotten this instance; registering again"));
  });
});
