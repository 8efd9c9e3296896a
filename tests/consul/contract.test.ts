import { after, before } from "node:test";
import { describeRegistrar, describeResolver } from "@holdfast/adapters/contract";
import type { Instance } from "@holdfast/core";
import { skipConsul } from "../servers/consul/build.ts";
import { type ConsulCluster, startConsulCluster } from "../servers/consul/cluster.ts";
import type { ConsulHealth } from "../servers/consul/server.ts";
import { ToxicProxy } from "../servers/toxic-proxy.ts";
import { ConsulSides, never } from "./consul-sides.ts";

const skip = skipConsul();
let cluster: ConsulCluster;
if (skip === false) {
  before(async () => {
    // One server decides as three do.
    cluster = await startConsulCluster({ servers: 1 });
  });
  after(() => cluster[Symbol.asyncDispose]());
}

describeResolver(
  "a real Consul",
  async () => {
    const sides = new ConsulSides();
    const line = await ToxicProxy.start(cluster.addresses[0]!);
    const registrar = sides.registrar(cluster.addresses, { deregisterSettleMs: 0 });
    const registered = new Map<string, { deregister: () => Promise<void> }>();
    return {
      resolver: sides.resolver([line.address]),
      put: async (service: string, instances: readonly Instance[]) => {
        const wanted = new Set(instances.map(({ id }) => `${service}@${id}`));
        for (const [key, registration] of registered) {
          if (!key.startsWith(`${service}@`) || wanted.has(key)) continue;
          registered.delete(key);
          await registration.deregister();
        }
        for (const instance of instances) {
          const key = `${service}@${instance.id}`;
          await registered.get(key)?.deregister();
          registered.set(key, await registrar.register(service, instance, never()));
        }
      },
      lose: async () => line.cut(),
      find: async () => line.heal(),
      close: async () => {
        await sides[Symbol.asyncDispose]();
        await line[Symbol.asyncDispose]();
      },
    };
  },
  { skip },
);

describeRegistrar(
  "a real Consul",
  async () => {
    const sides = new ConsulSides();
    const [server] = cluster.servers;
    const line = await ToxicProxy.start(server!.address);
    return {
      registrar: sides.registrar([line.address]),
      list: async (service: string) => (await server!.healthOf(service)).map(instanceOf),
      lose: async () => line.cut(),
      find: async () => line.heal(),
      forget: async (service: string) => {
        for (const { Service } of await server!.healthOf(service)) {
          const id = encodeURIComponent(Service.ID);
          await server!.api("PUT", `/v1/agent/service/deregister/${id}`);
        }
      },
      close: async () => {
        line.heal();
        await sides[Symbol.asyncDispose]();
        await line[Symbol.asyncDispose]();
      },
    };
  },
  { skip },
);

/** Written here once more, so that our own reading is looked at from outside. */
function instanceOf({ Service }: ConsulHealth): Instance {
  const { ID, Address: host, Port: port, Tags: tags, Meta, Weights } = Service;
  return {
    id: ID.slice(ID.indexOf("@") + 1),
    address: { kind: "tcp", host, port },
    weight: Weights.Passing,
    zone: Meta["zone"] ?? "",
    tags,
  };
}
