import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { after } from "@holdfast/core";
import { createWorld } from "@holdfast/sim";
import { Probe } from "../testing/gen/probe.ts";
import { HeldProbe } from "../testing/held-probe.ts";
import { serveForTest } from "../testing/serve-for-test.ts";
import { simulatedPlace } from "../testing/test-place.ts";

const TIMEOUT_MS = 50;

/** Calls every 20 ms for a while; when which of them failed. */
async function load(
  forMs: number,
  act: (served: {
    readonly handler: HeldProbe;
    readonly vanish: () => void;
    readonly connections: () => number;
  }) => void,
): Promise<{ failedMs: number[]; connections: number }> {
  const world = createWorld(1);
  const place = simulatedPlace(world);
  const failedMs: number[] = [];
  let connections = 0;
  const handler = new HeldProbe();
  handler.onHeld = ({ answer }) => answer("fine");
  await serveForTest({ place, definition: Probe, handler }, async (served) => {
    const client = served.client({ connectionsMax: 1, unansweredTimeoutMs: 500 });
    await place.finish(client.calls.hold(served.context(), "first"));
    const { connected } = place.runtime("client").network;
    act({
      handler,
      vanish: () => world.network.vanish("client", "server"),
      connections: () => connected.length,
    });
    const startMs = world.clock.nowMs();
    for (let ms = 0; ms < forMs; ms += 20) {
      after(world.clock, ms, () => {
        const call = client.calls.hold(served.context().withTimeout(TIMEOUT_MS), `${ms}`);
        call.catch(() => failedMs.push(world.clock.nowMs() - startMs));
      });
    }
    await world.run(forMs + TIMEOUT_MS + 10);
    connections = connected.length;
  });
  return { failedMs, connections };
}

describe("a connection on which calls time out", () => {
  it("is left when not one byte has come for a while, and a new one is made", async () => {
    const { failedMs, connections } = await load(3_000, ({ vanish }) => vanish());
    assert.equal(connections, 2);
    assert.ok(failedMs.length > 20);
    // The half second, the time-outs around it, and the new connection.
    assert.ok(Math.max(...failedMs) < 700, `${Math.max(...failedMs)} ms`);
  });

  it("is kept while its server says anything, however slow it is", async () => {
    const { failedMs, connections } = await load(3_000, ({ handler }) => {
      let count = 0;
      handler.onHeld = ({ answer }) => {
        if (count++ % 10 === 0) answer("now and then");
      };
    });
    assert.equal(connections, 1);
    assert.ok(failedMs.length > 100);
  });
});
