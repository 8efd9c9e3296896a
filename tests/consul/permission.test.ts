import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { skipConsul } from "../servers/consul/build.ts";
import { type ConsulCluster, startConsulCluster } from "../servers/consul/cluster.ts";
import { ConsulSides, instance, never } from "./consul-sides.ts";
import { Watched } from "./watched.ts";

const RULES = `
service_prefix "" { policy = "write" }
node_prefix "" { policy = "read" }
agent_prefix "" { policy = "read" }
`;

describe("a Consul that asks for tokens", { skip: skipConsul() }, () => {
  let cluster: ConsulCluster;
  before(async () => {
    // One server decides as three do.
    cluster = await startConsulCluster({ servers: 1, acl: true });
  });
  after(() => cluster[Symbol.asyncDispose]());

  it("leaves the last list when it revokes the token, and takes a new one", async () => {
    await using sides = new ConsulSides();
    const { addresses } = cluster;
    const first = await cluster.createToken(RULES);
    let token = first.token;
    const registrar = sides.registrar(addresses, { token: () => token });
    const registration = await registrar.register("guarded", instance("one", 4001), never());
    using watched = new Watched(sides.resolver(addresses, { token: () => token }), "guarded");
    await watched.untilIds("one");

    await cluster.revokeToken(first.accessorId);
    await watched.untilStale(/permission denied .*check that the token exists/);
    assert.deepEqual(watched.ids, ["one"]);
    token = (await cluster.createToken(RULES)).token;
    await watched.untilIds("one");
    await registration.deregister();
    await watched.untilIds();
  });

  it("hides what a token may not see, which is no empty list", async () => {
    await using sides = new ConsulSides();
    const { addresses, managementToken } = cluster;
    const registrar = sides.registrar(addresses, { token: managementToken });
    await registrar.register("hidden", instance("one", 4001), never());
    const { token } = await cluster.createToken('service "other" { policy = "read" }');
    using blind = new Watched(sides.resolver(addresses, { token }), "hidden");
    using seeing = new Watched(sides.resolver(addresses, { token: managementToken }), "hidden");
    await seeing.untilIds("one");
    const { promise, resolve } = Promise.withResolvers<void>();
    const look = (): void => {
      const line = sides.logger.lines.find(({ fields }) =>
        /the token may not see hidden/.test(String(fields["reason"])),
      );
      if (line === undefined) setTimeout(look, 20);
      else resolve();
    };
    look();
    await promise;
    assert.equal(blind.current, undefined);
  });

  it("refuses a registration without a right to it, and says so until it is given up", async () => {
    await using sides = new ConsulSides();
    const giveUp = new AbortController();
    const registering = sides
      .registrar(cluster.addresses)
      .register("guarded", instance("two", 4002), giveUp.signal);
    const refused = assert.rejects(registering, { code: "cancelled" });
    while (sides.logger.lines.length === 0) await new Promise((resolve) => setTimeout(resolve, 20));
    assert.match(String(sides.logger.lines[0]?.fields["reason"]), /permission denied/);
    giveUp.abort();
    await refused;
  });
});
