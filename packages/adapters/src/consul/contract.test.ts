import { type Instance, MemoryLogger, SeededRandom, SystemClock } from "@holdfast/core";
import { describeRegistrar } from "../contract/registrar.contract.ts";
import { describeResolver } from "../contract/resolver.contract.ts";
import { readHealth, serviceIdOf } from "./health.ts";
import { registrationBody } from "./registration-body.ts";
import { CONSUL_REGISTRAR_DEFAULTS } from "./registrar-options.ts";
import { ConsulRegistrar } from "./registrar.ts";
import { ConsulResolver } from "./resolver.ts";
import { FakeConsul } from "./testing/fake-consul.ts";

const OUTAGE = [500, "No cluster leader"] as const;

function world(consul: FakeConsul) {
  const runtime = {
    clock: new SystemClock(),
    random: new SeededRandom(1),
    logger: new MemoryLogger(),
  };
  const options = { addresses: [consul.address], backoffMinMs: 10, backoffMaxMs: 20 };
  return { runtime, options };
}

describeResolver("consul", async () => {
  const consul = await FakeConsul.start();
  const { runtime, options } = world(consul);
  const resolver = new ConsulResolver({
    runtime,
    options: { ...options, queryIntervalMinMs: 10 },
  });
  return {
    resolver,
    put: async (service, instances) => put(consul, service, instances),
    lose: async () => consul.setOutage(OUTAGE),
    find: async () => consul.setOutage(undefined),
    close: async () => {
      resolver.close();
      await consul[Symbol.asyncDispose]();
    },
  };
});

describeRegistrar("consul", async () => {
  const consul = await FakeConsul.start();
  const { runtime, options } = world(consul);
  const registrar = new ConsulRegistrar({
    runtime,
    options: { ...options, deregisterSettleMs: 0, check: { kind: "ttl", ttlMs: 1_000 } },
  });
  return {
    registrar,
    list: async (service) => {
      const reply = await fetch(`http://${consul.address}/v1/health/service/${service}`);
      if (!reply.ok) return [];
      const { entries } = readHealth(await reply.text(), { service, zoneMetaKey: "zone" });
      return [...entries.values()].map(({ instance }) => instance);
    },
    lose: async () => consul.setOutage(OUTAGE),
    find: async () => consul.setOutage(undefined),
    forget: async () => {
      consul.services.clear();
      consul.changed();
    },
    close: async () => {
      consul.setOutage(undefined);
      await registrar.close();
      await consul[Symbol.asyncDispose]();
    },
  };
});

/** The service's registrations are exactly these. */
function put(consul: FakeConsul, service: string, instances: readonly Instance[]): void {
  for (const [id, { Name }] of consul.services) if (Name === service) consul.services.delete(id);
  for (const instance of instances) {
    const id = serviceIdOf(service, instance.id);
    const body = registrationBody(service, instance, CONSUL_REGISTRAR_DEFAULTS);
    consul.services.set(id, body as { ID: string; Name: string });
  }
  consul.changed();
}
