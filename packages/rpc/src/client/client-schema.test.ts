import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createContext } from "@holdfast/core";
import { createWorld } from "@holdfast/sim";
import { DynamicException, dynamicService, type DynamicMethods } from "@holdfast/thrift";
import { createServer } from "../server/server.ts";
import { Probe, ProbeSchema, Refused } from "../testing/gen/probe.ts";
import { HeldProbe } from "../testing/held-probe.ts";
import { serveForTest } from "../testing/serve-for-test.ts";
import { simulatedPlace } from "../testing/test-place.ts";
import { createClient } from "./client.ts";

const DYNAMIC = dynamicService(ProbeSchema);

describe("a call without generated code", () => {
  for (const protocol of ["binary", "compact"] as const) {
    it(`reaches a server that has generated code: ${protocol}`, async () => {
      const place = simulatedPlace(createWorld(1));
      const handler = new HeldProbe();
      await serveForTest({ place, definition: Probe, handler }, async (served) => {
        const { address } = served;
        const runtime = place.runtime("client");
        const options = { protocol };
        const client = createClient({ definition: DYNAMIC, address, runtime, options });
        const { calls } = client;
        handler.onHeld = (call) => {
          if (call.key === "refused") call.fail(new Refused({ reason: "full", limit: 3 }));
          else call.answer(`${call.key} back`);
        };
        const there = calls["hold"]!(served.context(), "there and");
        assert.equal(await place.finish(there), "there and back");
        const refused = place.finish(calls["hold"]!(served.context(), "refused"));
        await assert.rejects(refused, { name: "Refused" });
        assert.equal(await place.finish(calls["p"]!(served.context())), undefined);
        client.close();
      });
    });
  }

  it("reaches a handler that has none, from a client that has", async () => {
    const place = simulatedPlace(createWorld(1));
    const handler: DynamicMethods = {
      hold: (_context, key) => {
        if (key !== "refused") return Promise.resolve(`${String(key)} back`);
        const { exceptions } = ProbeSchema.methods.find(({ name }) => name === "hold")!;
        throw new DynamicException(exceptions[0]!.of(), { reason: "full" });
      },
    };
    const runtime = place.runtime("server");
    const server = createServer({ definition: DYNAMIC, handler, runtime });
    const address = await place.finish(server.listen(place.listenAddress("server")));
    const client = createClient({ definition: Probe, address, runtime: place.runtime("client") });
    const context = createContext({ clock: place.clock });
    const there = client.calls.hold(context, "there and");
    assert.equal(await place.finish(there), "there and back");
    await assert.rejects(place.finish(client.calls.hold(context, "refused")), Refused);
    await assert.rejects(place.finish(client.calls.p(context)), { code: "internal" });
    client.close();
    await place.finish(server.stop());
    assert.deepEqual(await place.left(), []);
  });
});
