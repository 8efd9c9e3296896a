import { StaticResolver, SystemClock } from "@holdfast/core";
import { describeResolver } from "./resolver.contract.ts";

describeResolver("core's static list", async () => {
  const resolver = new StaticResolver(new SystemClock());
  return {
    resolver,
    put: async (service, instances) => resolver.set(service, instances),
    lose: async () => resolver.setStale("the test took it away"),
    find: async () => resolver.setStale(undefined),
    close: async () => undefined,
  };
});
