import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createWorld } from "@holdfast/sim";
import { Probe } from "../testing/gen/probe.ts";
import { createObservers } from "../observe/observers.ts";
import { HeldProbe } from "../testing/held-probe.ts";
import { serveForTest } from "../testing/serve-for-test.ts";
import { simulatedPlace } from "../testing/test-place.ts";
import { createServer } from "./server.ts";

const served = (body: Parameters<typeof serveForTest<HeldProbe, unknown, HeldProbe>>[1]) =>
  serveForTest(
    { place: simulatedPlace(createWorld(1)), definition: Probe, handler: new HeldProbe() },
    body,
  );

describe("the default filters", () => {
  it("of the server stand in this order", () =>
    served(async ({ server }) => {
      const roles = server.describeStack().map(({ role }) => role);
      assert.deepEqual(roles, [
        "record",
        "stats",
        "drain",
        "load-shed",
        "rate-limit",
        "deadline",
        "concurrency-limit",
        "fault",
        "recover",
      ]);
    }));

  it("of the client stand in this order", () =>
    served(async (rig) => {
      const roles = rig
        .client()
        .describeStack()
        .map(({ role }) => role);
      assert.deepEqual(roles, [
        "record",
        "stats",
        "degrade",
        "deadline",
        "retry",
        "hedge",
        "circuit-breaker",
        "fault",
      ]);
    }));

  it("each say why they stand where they stand", () =>
    served(async (rig) => {
      for (const { role, why } of [
        ...rig.server.describeStack(),
        ...rig.client().describeStack(),
      ]) {
        assert.match(why, /above|below|first|last/, role);
      }
    }));

  it("have a limit that finds its number by itself where that is asked for", async () => {
    const place = simulatedPlace(createWorld(1));
    const runtime = place.runtime("server");
    const observers = createObservers(runtime);
    const parts = { definition: Probe, handler: new HeldProbe(), runtime, observers };
    const server = createServer({ ...parts, policies: { adaptiveLimit: { callsMax: 50 } } });
    const [shown] = observers.state.snapshots("policies");
    const { state } = shown as { state: { concurrency: { limit: number; callsMax: number } } };
    const { concurrency } = state;
    assert.equal(concurrency.callsMax, 50);
    assert.ok(concurrency.limit <= 50);
    await server.stop();
  });

  it("may be added to and taken from, and the description says so", () => {
    const place = simulatedPlace(createWorld(1));
    const handler = new HeldProbe();
    const seen: string[] = [];
    return serveForTest(
      {
        place,
        definition: Probe,
        handler,
        filters: (defaults) => [
          ...defaults.filter(({ role }) => role !== "concurrency-limit"),
          {
            role: "mine",
            why: "last, to see the handler's own answer",
            filter: (context, call, next) => {
              seen.push(call.method.definition.name);
              return next(context, call);
            },
          },
        ],
      },
      async (rig) => {
        await place.finish(rig.client().calls.p(rig.context()));
        assert.deepEqual(seen, ["p"]);
        const roles = rig.server.describeStack().map(({ role }) => role);
        assert.deepEqual(roles, [
          "record",
          "stats",
          "drain",
          "load-shed",
          "rate-limit",
          "deadline",
          "fault",
          "recover",
          "mine",
        ]);
      },
    );
  });
});
