import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createWorld } from "@holdfast/sim";
import { Probe, type ProbeClient, type ProbeHandler, Refused } from "../testing/gen/probe.ts";
import { HeldProbe } from "../testing/held-probe.ts";
import { keyArguments } from "../testing/raw-peer.ts";
import { type ServedForTest, serveForTest } from "../testing/serve-for-test.ts";
import { simulatedPlace } from "../testing/test-place.ts";
import { wireForm } from "../testing/wire-form.ts";

type Served = ServedForTest<ProbeHandler, ProbeClient, HeldProbe>;

const FORM = wireForm("ttheader compact");

const serving = (body: (served: Served) => Promise<void>): Promise<void> =>
  serveForTest(
    {
      place: simulatedPlace(createWorld(1)),
      definition: Probe,
      handler: new HeldProbe(),
      options: { name: "probe-server", concurrency: { callsMax: 7 } },
    },
    body,
  );

/** The newest picture of a kind that the server registered. */
function pictureOf({ observers, server }: Served, kind: string): unknown {
  const found = observers.state.snapshots(kind).find(({ name }) => name === server.name);
  assert.ok(found !== undefined && "state" in found, `no ${kind}`);
  return found.state;
}

describe("what a server shows of itself", () => {
  it("is its name, its filters and its effective options", () =>
    serving(async (served) => {
      assert.equal(served.server.name, "rpc server probe-server");
      assert.deepEqual(pictureOf(served, "stack"), served.server.describeStack());
      const options = pictureOf(served, "options") as Record<string, unknown>;
      assert.equal(options["name"], "probe-server");
      assert.equal(options["callTimeoutMs"], 5_000);
      const { callsMax, queueMax } = options["concurrency"] as Record<string, unknown>;
      assert.deepEqual([callsMax, queueMax], [7, 1_024]);
    }));

  it("is each connection: who, what it speaks, what it does", () =>
    serving(async (served) => {
      const { handler, place } = served;
      const peer = await served.peer(FORM);
      const header = { integers: new Map([[3, "the caller"]]) };
      peer.send({ name: "hold", sequenceId: 1, body: keyArguments("a"), header });
      await place.until(() => handler.calls.length === 1);
      const connections = pictureOf(served, "connections") as Record<string, unknown>[];
      assert.equal(connections.length, 1);
      const { openForMs, idleForMs, ...rest } = connections[0]!;
      assert.ok(Number(openForMs) >= 0 && Number(idleForMs) >= 0);
      assert.deepEqual(rest, {
        peer: served.network.accepted[0]!.remote,
        peerSubject: undefined,
        framing: "ttheader",
        caller: "the caller",
        callsInFlight: 1,
        callsTotal: 1,
        unsentBytes: 0,
        unreadBytes: 0,
        paused: false,
      });
      handler.held("a").answer("fine");
      await peer.reply(1);
      peer.end();
      await peer.untilClosed();
      await place.until(() => (pictureOf(served, "connections") as unknown[]).length === 0);
    }));

  it("is how many calls are at work and waiting", () =>
    serving(async (served) => {
      const { handler, place } = served;
      const peer = await served.peer(FORM);
      const ids = Array.from({ length: 9 }, (_, index) => index);
      peer.send(...ids.map((id) => ({ name: "hold", sequenceId: id, body: keyArguments("a") })));
      await place.until(() => handler.calls.length === 7);
      const stats = pictureOf(served, "stats") as Record<string, unknown>;
      assert.equal(stats["connections"], 1);
      assert.equal(stats["callsInFlight"], 9);
      assert.equal(stats["draining"], false);
      const { calls, queued } = stats["concurrency"] as Record<string, unknown>;
      assert.deepEqual({ calls, queued }, { calls: 7, queued: 2 });
      handler.onHeld = (call) => call.answer("fine");
      for (const call of [...handler.calls]) call.answer("fine");
      await Promise.all(ids.map((id) => peer.reply(id)));
    }));

  it("is gone from the registry when it has stopped", () =>
    serving(async (served) => {
      await served.place.finish(served.server.stop());
      assert.deepEqual(served.observers.state.snapshots(), []);
    }));
});

describe("what a server counts", () => {
  it("is each call by its outcome, in flight and after", () =>
    serving(async (served) => {
      const { handler, place, observers } = served;
      const peer = await served.peer(FORM);
      const keys = ["fine", "declared", "broken", "open"];
      peer.send(
        ...keys.map((key, id) => ({ name: "hold", sequenceId: id, body: keyArguments(key) })),
      );
      await place.until(() => handler.calls.length === 4);
      handler.held("fine").answer("fine");
      handler.held("declared").fail(new Refused({ reason: "no" }));
      handler.held("broken").fail(new Error("no luck"));
      await Promise.all([0, 1, 2].map((id) => peer.reply(id)));
      const calls = (outcome: string): number =>
        observers.stats
          .counter({
            name: "holdfast_server_calls",
            help: "as is",
            labels: ["service", "method", "outcome"],
          })
          .of("Probe", "hold", outcome).value;
      const inFlight = observers.stats
        .gauge({
          name: "holdfast_server_calls_in_flight",
          help: "as is",
          labels: ["service", "method"],
        })
        .of("Probe", "hold");
      assert.deepEqual(["ok", "exception", "internal"].map(calls), [1, 1, 1]);
      assert.equal(inFlight.value, 1);
      handler.held("open").answer("fine");
      await peer.reply(3);
      assert.equal(inFlight.value, 0);
      assert.equal(calls("ok"), 2);
    }));

  it("is on record with its start and its end", () =>
    serving(async (served) => {
      const { handler, place, observers } = served;
      const peer = await served.peer(FORM);
      peer.send({ name: "hold", sequenceId: 1, body: keyArguments("a") });
      await place.until(() => handler.calls.length === 1);
      assert.equal(observers.records.recent(1)[0]?.outcome, undefined);
      handler.held("a").answer("fine");
      await peer.reply(1);
      const [record] = observers.records.recent(1);
      assert.equal(record?.outcome, "ok");
      assert.equal(record?.peer, served.network.accepted[0]!.remote);
      assert.ok(record.durationMs! >= 0);
    }));
});
