import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { after, createContext, type Random } from "@holdfast/core";
import { createWorld, type World } from "@holdfast/sim";
import { createServer, type Server } from "../server/server.ts";
import { Probe, type ProbeHandler } from "../testing/gen/probe.ts";
import { HeldProbe } from "../testing/held-probe.ts";
import { simulatedPlace, type TestPlace } from "../testing/test-place.ts";
import { createClient } from "./client.ts";
import type { ClientOptions } from "./options.ts";

const ADDRESS = { kind: "tcp", host: "server", port: 9090 } as const;
const RESTARTS = 20;
const CALLERS = 20;
const WORK_MAX_MS = 40;
const DRAIN_MS = 10_000;

interface Tally {
  answered: number;
  readonly failed: string[];
}

/** Two servers on one port are restarted by turns, while callers call one after the other. */
async function roll(world: World, options: Partial<ClientOptions>): Promise<Tally> {
  const place = simulatedPlace(world);
  const random = world.random.stream("rolling");
  const servers = [await serve(place, random), await serve(place, random)];
  const runtime = place.runtime("client");
  const client = createClient({ definition: Probe, address: ADDRESS, runtime, options });
  const tally: Tally = { answered: 0, failed: [] };
  let rolling = true;
  const callers = Array.from({ length: CALLERS }, async (_, caller) => {
    for (let count = 0; rolling; count++) {
      const key = `${caller}.${count}`;
      const call = client.calls.hold(createContext({ clock: world.clock }), key);
      // One call after the other: that is what a caller is.
      // oxlint-disable-next-line no-await-in-loop
      await call.then(
        (reply) => (reply === key ? tally.answered++ : tally.failed.push(`${key} got ${reply}`)),
        (error: unknown) => tally.failed.push(`${key}: ${String(error)}`),
      );
    }
  });
  for (let restart = 0; restart < RESTARTS; restart++) {
    const index = restart % servers.length;
    const old = servers[index]!;
    servers[index] = await serve(place, random);
    await world.run(random.below(100));
    const draining = old.drain(createContext({ clock: world.clock }).withTimeout(DRAIN_MS));
    const { cut } = await place.finish(draining);
    assert.equal(cut, 0);
    await place.finish(old.stop());
  }
  rolling = false;
  await place.finish(Promise.all(callers));
  client.close();
  await place.finish(Promise.all(servers.map((server) => server.stop())));
  assert.deepEqual(await place.left(), []);
  return tally;
}

async function serve(place: TestPlace, random: Random): Promise<Server<ProbeHandler>> {
  const handler = new HeldProbe();
  handler.onHeld = (call) => {
    after(place.clock, random.next() * WORK_MAX_MS, () => call.answer(call.key));
  };
  const runtime = place.runtime("server");
  const server = createServer({ definition: Probe, handler, runtime });
  await server.listen(ADDRESS, { reusePort: true });
  return server;
}

describe("20 rolling restarts of two servers under load", () => {
  for (const protocol of ["binary", "compact"] as const) {
    for (const connectionsMax of [1, 4]) {
      it(`fail no call: ttheader ${protocol}, ${connectionsMax} connections at most`, async () => {
        const tally = await roll(createWorld(connectionsMax), { protocol, connectionsMax });
        assert.deepEqual(tally.failed, []);
        assert.ok(tally.answered > 1_000, `${tally.answered} calls were answered`);
      });
    }
  }

  it("fail no call when each byte takes 50 to 90 ms", async () => {
    const far = createWorld(1, { latencyMs: 50, jitterMs: 40 });
    const tally = await roll(far, {});
    assert.deepEqual(tally.failed, []);
    // Enough that each restart met calls under way: a call takes a tenth of a second there.
    assert.ok(tally.answered > 500);
  });
});
