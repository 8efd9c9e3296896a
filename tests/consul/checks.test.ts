import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, describe, it } from "node:test";
import { skipConsul } from "../servers/consul/build.ts";
import { type ConsulCluster, startConsulCluster } from "../servers/consul/cluster.ts";
import { ToxicProxy } from "../servers/toxic-proxy.ts";
import { ConsulSides, instance, never } from "./consul-sides.ts";
import { Watched } from "./watched.ts";

describe("an instance that Consul looks after", { skip: skipConsul() }, () => {
  let cluster: ConsulCluster;
  before(async () => {
    cluster = await startConsulCluster();
  });
  after(() => cluster[Symbol.asyncDispose]());

  it("follows its HTTP check, with the least weight while it warns", async () => {
    await using sides = new ConsulSides();
    let status = 200;
    const ops = createServer((_request, reply) => reply.writeHead(status).end()).listen(
      0,
      "127.0.0.1",
    );
    await once(ops, "listening");
    const url = `http://127.0.0.1:${(ops.address() as AddressInfo).port}/readyz`;
    const check = { kind: "http", url, intervalMs: 1_000, timeoutMs: 500 } as const;
    const registrar = sides.registrar([cluster.addresses[0]!], { check });
    const resolver = sides.resolver([cluster.addresses[1]!], { doubtMs: 0 });
    using watched = new Watched(resolver, "checked");
    await registrar.register("checked", instance("one", 4001, { weight: 10 }), never());
    await watched.untilIds("one");
    assert.equal(watched.current?.instances[0]?.weight, 10);
    status = 429;
    await watched.until("a warning", (now) => now?.instances[0]?.weight === 1);
    status = 503;
    await watched.untilIds();
    status = 200;
    await watched.until("well again", (now) => now?.instances[0]?.weight === 10);
    await once(ops.close(), "close");
  });

  it("is out of the list when its process no longer says that it is well", async () => {
    await using sides = new ConsulSides();
    await using line = await ToxicProxy.start(cluster.addresses[0]!);
    const check = { kind: "ttl", ttlMs: 1_000 } as const;
    const lonely = sides.registrar([line.address], { check });
    await lonely.register("silent", instance("one", 4001), never());
    const registrar = sides.registrar([cluster.addresses[0]!]);
    await registrar.register("silent", instance("two", 4002), never());
    using watched = new Watched(sides.resolver([cluster.addresses[1]!]), "silent");
    await watched.untilIds("one", "two");
    line.cut();
    await watched.untilIds("two");
    line.heal();
    await watched.untilIds("one", "two");
  });

  it("moves to another agent when its own dies, and leaves from there", async () => {
    await using sides = new ConsulSides();
    const [dying, other, third] = cluster.servers;
    const registrar = sides.registrar([dying!.address, other!.address]);
    const registration = await registrar.register("moving", instance("one", 4001), never());
    using watched = new Watched(sides.resolver([third!.address]), "moving");
    await watched.untilIds("one");
    await dying!.kill();
    const isAtOther = async (): Promise<boolean> => {
      const services = (await other!.api("GET", "/v1/agent/services")) as object;
      return Object.hasOwn(services, "moving@one");
    };
    while (!(await isAtOther())) await new Promise((resolve) => setTimeout(resolve, 50));
    await watched.untilIds("one");
    await registration.deregister();
    await watched.until("it has left", (now) => now?.instances.length === 0);
    await dying!.start();
    await cluster.settled();
  });
});
