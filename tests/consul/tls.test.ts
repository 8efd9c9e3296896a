import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { skipConsul } from "../servers/consul/build.ts";
import { type ConsulCluster, startConsulCluster } from "../servers/consul/cluster.ts";
import { ConsulSides, instance, never } from "./consul-sides.ts";
import { Watched } from "./watched.ts";

describe("a Consul behind mutual TLS", { skip: skipConsul() }, () => {
  let cluster: ConsulCluster;
  before(async () => {
    cluster = await startConsulCluster({ servers: 1, tls: true });
  });
  after(() => cluster[Symbol.asyncDispose]());

  it("takes a registration and tells of it, to who shows a certificate", async () => {
    await using sides = new ConsulSides();
    const tls = cluster.clientTls!;
    const addresses = [cluster.servers[0]!.tlsAddress];
    await sides.registrar(addresses, { tls }).register("tls", instance("one", 4001), never());
    using watched = new Watched(sides.resolver(addresses, { tls }), "tls");
    await watched.untilIds("one");
  });

  it("says why it is not trusted, and why it does not trust", async () => {
    await using sides = new ConsulSides();
    const { ca } = cluster.clientTls!;
    const addresses = [cluster.servers[0]!.tlsAddress];
    using stranger = new Watched(sides.resolver(addresses, { tls: {} }), "tls");
    using nobody = new Watched(sides.resolver(addresses, { tls: { ca } }), "tls");
    const reasons = (): string =>
      sides.logger.lines.map(({ fields }) => String(fields["reason"])).join("\n");
    while (sides.logger.lines.length < 2) await new Promise((resolve) => setTimeout(resolve, 20));
    assert.match(reasons(), /^https:\/\/[\d.:]+: unable to verify the first certificate/m);
    assert.match(reasons(), /^https:\/\/[\d.:]+: tlsv13 alert certificate required$/m);
    assert.equal(stranger.current ?? nobody.current, undefined);
  });
});
