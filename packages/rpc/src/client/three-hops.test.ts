import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it } from "node:test";
import {
  type Address,
  after,
  type Context,
  createContext,
  PRIORITY,
  priorityKey,
  retriesKey,
  ServiceError,
} from "@holdfast/core";
import { createWorld, type World } from "@holdfast/sim";
import { createServer, type Server } from "../server/server.ts";
import { Probe, type ProbeClient, type ProbeHandler } from "../testing/gen/probe.ts";
import { HeldProbe } from "../testing/held-probe.ts";
import { simulatedPlace, type TestPlace } from "../testing/test-place.ts";
import { watchCall } from "../testing/watch-call.ts";
import { type ClientHandle, createClient } from "./client.ts";

/** Each hop takes so long, one way. */
const LATENCY_MS = 5;
/** Each works so long before it calls the next. */
const WORK_MS = 10;

/** edge → middle → leaf: each calls the next with the context of the call that it serves. */
class Chain {
  readonly world: World = createWorld(1, { latencyMs: LATENCY_MS, jitterMs: 0 });
  readonly place: TestPlace = simulatedPlace(this.world);
  readonly leaf = new HeldProbe();
  readonly middle = new HeldProbe();
  readonly edge = new HeldProbe();
  /** Milliseconds that a call had left when it came to the edge, to the middle and to the leaf. */
  leftOnArrival: number[] = [];
  private readonly servers: Server<ProbeHandler>[] = [];
  private readonly clients: ClientHandle<ProbeClient>[] = [];

  async start(): Promise<ProbeClient> {
    const leaf = await this.serve("leaf", this.leaf);
    this.middle.onHeld = this.forwardTo(this.client("middle", leaf));
    const middle = await this.serve("middle", this.middle);
    this.edge.onHeld = this.forwardTo(this.client("edge", middle));
    const client = this.client("caller", await this.serve("edge", this.edge));
    this.leaf.onHeld = ({ context }) => this.leftOnArrival.push(context.remainingMs());
    return client;
  }

  context(): Context {
    return createContext({ clock: this.world.clock });
  }

  async stop(): Promise<void> {
    for (const client of this.clients) client.close();
    for (const server of this.servers) {
      // oxlint-disable-next-line no-await-in-loop
      await this.place.finish(server.stop());
    }
    assert.deepEqual(await this.place.left(), []);
  }

  private forwardTo(client: ProbeClient): HeldProbe["onHeld"] {
    return ({ context, key, answer, fail }) => {
      this.leftOnArrival.push(context.remainingMs());
      after(this.world.clock, WORK_MS, () => {
        client.hold(context, key).then(answer, fail);
      });
    };
  }

  private client(host: string, address: Address): ProbeClient {
    const runtime = this.place.runtime(host);
    const client = createClient({ definition: Probe, address, runtime });
    this.clients.push(client);
    return client.calls;
  }

  private async serve(host: string, handler: HeldProbe): Promise<Address> {
    const server = createServer({ definition: Probe, handler, runtime: this.place.runtime(host) });
    this.servers.push(server);
    return await server.listen({ kind: "tcp", host, port: 9090 });
  }
}

describe("a call over three hops", () => {
  let chain: Chain;
  let client: ProbeClient;

  beforeEach(async () => {
    chain = new Chain();
    client = await chain.start();
  });

  afterEach(() => chain.stop());

  it("stops its work at the leaf when the caller gives up, within 50 ms", async () => {
    const { context, cancel } = chain.context().withTimeout(800).withCancel();
    const call = watchCall(client.hold(context, "x"));
    await chain.place.until(() => chain.leaf.keys.includes("x"));
    const { clock } = chain.world;
    let stoppedMs = Infinity;
    chain.leaf.held("x").context.onCancel(() => {
      stoppedMs = clock.nowMs();
    });
    const cancelledMs = clock.nowMs();
    cancel(new ServiceError("cancelled", "gave up"));
    await chain.world.run(50);
    assert.ok(stoppedMs - cancelledMs < 50, `${stoppedMs - cancelledMs} ms`);
    assert.ok(stoppedMs - cancelledMs >= 3 * LATENCY_MS);
    assert.equal(chain.leaf.held("x").context.cancelled?.code, "cancelled");
    assert.equal(call.error?.code, "cancelled");
  });

  it("has less time left at each hop, and is over everywhere when it is at the edge", async () => {
    const call = watchCall(client.hold(chain.context().withTimeout(400), "x"));
    await chain.place.until(() => chain.leaf.keys.includes("x"));
    const [edgeMs, middleMs, leafMs] = chain.leftOnArrival as [number, number, number];
    const left = chain.leftOnArrival.join(" ");
    // Nobody knows how long the call was on its way, but each knows how long it had it.
    // The time it took to connect, one way and back, has gone as well.
    const dialMs = 2 * LATENCY_MS + 5;
    assert.ok(edgeMs <= 400 && edgeMs > 400 - dialMs, left);
    assert.ok(middleMs <= edgeMs - WORK_MS && middleMs > edgeMs - WORK_MS - dialMs, left);
    assert.ok(leafMs <= middleMs - WORK_MS && leafMs > middleMs - WORK_MS - dialMs, left);
    await chain.world.run(400);
    assert.equal(call.error?.code, "deadline-exceeded");
    for (const each of [chain.edge, chain.middle, chain.leaf]) {
      assert.notEqual(each.held("x").context.cancelled, undefined);
    }
  });

  it("carries how often it was tried and how much it matters to the last hop", async () => {
    const marked = chain
      .context()
      .withValue(retriesKey, 2)
      .withValue(priorityKey, PRIORITY.critical);
    const call = client.hold(marked, "marked");
    await chain.place.until(() => chain.leaf.keys.includes("marked"));
    for (const each of [chain.edge, chain.middle, chain.leaf]) {
      const { context } = each.held("marked");
      assert.equal(context.get(retriesKey), 2);
      assert.equal(context.get(priorityKey), PRIORITY.critical);
    }
    chain.leaf.held("marked").answer("done");
    await chain.place.finish(call);
    // The next call on the same connections has none of it.
    const plain = client.hold(chain.context(), "plain");
    await chain.place.until(() => chain.leaf.keys.includes("plain"));
    const { context } = chain.leaf.held("plain");
    assert.equal(context.get(retriesKey), 0);
    assert.equal(context.get(priorityKey), PRIORITY.normal);
    chain.leaf.held("plain").answer("done");
    assert.equal(await chain.place.finish(plain), "done");
  });
});
