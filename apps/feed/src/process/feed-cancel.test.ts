/** An edge that asks the feed, the feed that asks the history: in a simulated world. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { createWorld, type World } from "@holdfast/sim";
import {
  BreakerTable,
  createClient,
  createContext,
  createObservers,
  createServer,
  MemoryLogger,
  type Runtime,
  ServiceError,
} from "holdfast";
import { Catalog } from "../catalog/catalog.ts";
import { Feed } from "../gen/feed.ts";
import { FeedHistory } from "../gen/feed_history.ts";
import { FEED_SERVICE_DEFAULTS, FeedService } from "../service/feed-service.ts";
import { HeldHistory } from "../testing/held-history.ts";
import { HistoryPart } from "./history-part.ts";

const PORT = 9090;
/** One way. */
const LATENCY_MS = 5;
const PATIENCE_MS = 1_000;

function runtimeOn(world: World, host: string): Runtime {
  const { clock, random, network } = world;
  const logger = new MemoryLogger();
  return { clock, logger, random: random.stream(host), network: network.host(host) };
}

test("a refresh that the caller gives up stops work at the history within 50 ms", async () => {
  const world = createWorld(1, { latencyMs: LATENCY_MS, jitterMs: 0 });
  const { clock } = world;
  const leaf = new HeldHistory();
  const history = createServer({
    ...{ definition: FeedHistory, handler: leaf, runtime: runtimeOn(world, "history") },
  });
  await history.listen({ kind: "tcp", host: "history", port: PORT });

  const runtime = runtimeOn(world, "feed");
  const { random, logger } = runtime;
  const breakers = new BreakerTable({ clock, random, logger });
  const observers = createObservers(runtime);
  const source = `at:history:${PORT}`;
  const part = new HistoryPart({ source, runtime, observers, breakers, config: undefined });
  const catalog = new Catalog([{ itemId: 1n, publishedMs: 1n, title: "The only one" }]);
  const handler = new FeedService({
    ...{ catalog: () => catalog, history: () => part.calls, logger },
    options: FEED_SERVICE_DEFAULTS,
  });
  const feed = createServer({ definition: Feed, handler, runtime });
  const address = await feed.listen({ kind: "tcp", host: "feed", port: PORT });
  const edge = createClient({ definition: Feed, address, runtime: runtimeOn(world, "edge") });

  const { context, cancel } = createContext({ clock }).withCancel();
  const refusal = assert.rejects(edge.calls.refresh(context, { userId: 7n }), /gave up/);
  // Less than a try may take: nobody else has given it up.
  await world.run(100);
  assert.equal(leaf.reads.length, 1);
  const work = leaf.reads[0]!.context;
  const endedBefore = work.cancelled;
  assert.equal(endedBefore, undefined);
  let stoppedMs = Infinity;
  work.onCancel(() => {
    stoppedMs = clock.nowMs();
  });
  const cancelledMs = clock.nowMs();
  cancel(new ServiceError("cancelled", "gave up"));
  await world.run(50);
  await refusal;
  assert.ok(stoppedMs - cancelledMs < 50, `${stoppedMs - cancelledMs} ms`);
  assert.ok(stoppedMs - cancelledMs >= 2 * LATENCY_MS);
  assert.equal(work.cancelled?.code, "cancelled");
  assert.deepEqual([leaf.reads.length, leaf.writes.length], [1, 0]);

  edge.close();
  await world.finish(feed.stop(), PATIENCE_MS);
  part.stop();
  await world.finish(history.stop(), PATIENCE_MS);
  breakers.close();
});
