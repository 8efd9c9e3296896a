import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createContext, Lifecycle, ServiceError } from "@holdfast/core";
import { createWorld } from "@holdfast/sim";
import { CODEC } from "@holdfast/thrift";
import { Probe, type ProbeClient, type ProbeHandler } from "../testing/gen/probe.ts";
import { HeldProbe } from "../testing/held-probe.ts";
import { failureOf, keyArguments, type RawPeer, resultOf } from "../testing/raw-peer.ts";
import { type ServedForTest, serveForTest } from "../testing/serve-for-test.ts";
import { loopbackPlace, simulatedPlace } from "../testing/test-place.ts";
import { wireForm } from "../testing/wire-form.ts";
import { INFO_KEY } from "../wire/ttheader.ts";

type Served = ServedForTest<ProbeHandler, ProbeClient, HeldProbe>;

const PLACES = [() => simulatedPlace(createWorld(1)), () => loopbackPlace()];
const TTHEADER = wireForm("ttheader binary");
const FRAMED = wireForm("framed binary");
/** What our own clients say: a frame that tells them to leave is welcome at any time. */
const HEARS = { header: { integers: new Map([[INFO_KEY.hearsGoAway, ""]]) } };
const HOLD = { name: "hold", sequenceId: 1, body: keyArguments("a") };

for (const place of PLACES) {
  const serving = (body: (served: Served) => Promise<void>): Promise<void> =>
    serveForTest({ place: place(), definition: Probe, handler: new HeldProbe() }, body);

  describe(`a server that drains, ${place().name},`, () => {
    it("takes no new connections", () =>
      serving(async (served) => {
        const draining = drain(served, 1_000);
        await served.place.finish(draining);
        const connecting = served.peer(FRAMED);
        await assert.rejects(connecting, { code: "unavailable" });
      }));

    it("is done at once when nothing is open", () =>
      serving(async (served) => {
        const startMs = served.place.clock.nowMs();
        assert.deepEqual(await served.place.finish(drain(served, 10_000)), { cut: 0 });
        assert.ok(served.place.clock.nowMs() - startMs < 200);
      }));

    it("tells peers that understand it to leave, and is done when they have", () =>
      serving(async (served) => {
        const peer = await served.peer(TTHEADER);
        peer.send({ name: "p", sequenceId: 1, ...HEARS });
        await peer.reply(1);
        const draining = drain(served, 10_000);
        await served.place.until(() => toldToLeave(peer) === 1);
        peer.end();
        const startMs = served.place.clock.nowMs();
        assert.deepEqual(await served.place.finish(draining), { cut: 0 });
        assert.ok(served.place.clock.nowMs() - startMs < 200);
      }));

    it("tells a peer whose first call comes only then", () =>
      serving(async (served) => {
        const peer = await served.peer(TTHEADER);
        await served.place.until(() => served.network.accepted.length === 1);
        const draining = drain(served, 10_000);
        await closedToNew(served);
        peer.send({ name: "p", sequenceId: 1, ...HEARS });
        await peer.reply(1);
        await served.place.until(() => toldToLeave(peer) === 1);
        peer.end();
        assert.deepEqual(await served.place.finish(draining), { cut: 0 });
      }));

    it("tells a peer that may wait for one reply at a time with its replies", () =>
      serving(async (served) => {
        const peer = await served.peer(TTHEADER);
        peer.send({ name: "p", sequenceId: 1 });
        await peer.reply(1);
        const draining = drain(served, 10_000);
        await closedToNew(served);
        assert.equal(toldToLeave(peer), 0);
        for (const sequenceId of [2, 3]) {
          peer.send({ name: "p", sequenceId });
          const { header } = await peer.reply(sequenceId);
          assert.equal(header?.strings.get("crrst"), "1");
        }
        peer.end();
        assert.deepEqual(await served.place.finish(draining), { cut: 0 });
        assert.equal(toldToLeave(peer), 2);
      }));

    it("still serves what crosses its word", () =>
      serving(async (served) => {
        const peer = await served.peer(TTHEADER);
        peer.send({ name: "p", sequenceId: 1, ...HEARS });
        await peer.reply(1);
        const draining = drain(served, 10_000);
        await served.place.until(() => toldToLeave(peer) === 1);
        peer.send({ name: "p", sequenceId: 2 });
        assert.equal(resultOf(await peer.reply(2), CODEC.string), undefined);
        peer.end();
        await served.place.finish(draining);
      }));

    it("finishes what is at work, and refuses what comes too late", () =>
      serving(async (served) => {
        const { handler, place: where } = served;
        const peer = await served.peer(FRAMED);
        peer.send(HOLD);
        await where.until(() => handler.calls.length === 1);
        const draining = drain(served, 10_000);
        await refusing(served);
        peer.send({ name: "p", sequenceId: 2 });
        const failure = failureOf(await peer.reply(2));
        assert.equal(failure.code, "draining");
        assert.equal(failure.workStarted, "no");
        assert.equal(failure.retryable, true);
        handler.held("a").answer("fine");
        assert.equal(resultOf(await peer.reply(1), CODEC.string), "fine");
        await peer.untilClosed();
        peer.end();
        assert.deepEqual(await where.finish(draining), { cut: 0 });
      }));

    it("has sent the last replies when it says that it is done", () =>
      serving(async (served) => {
        const { handler, place: where, server } = served;
        const peers = [await served.peer(TTHEADER), await served.peer(FRAMED)];
        for (const peer of peers) peer.send(HOLD);
        await where.until(() => handler.calls.length === 2);
        const draining = drain(served, 10_000).then(() => server.stop());
        await refusing(served);
        for (const call of handler.calls) call.answer("fine");
        await where.finish(draining);
        const replies = await Promise.all(peers.map((peer) => peer.reply(1)));
        for (const reply of replies) assert.equal(resultOf(reply, CODEC.string), "fine");
      }));

    it("loses nothing as the part of a lifecycle that shuts down", () =>
      serving(async (served) => {
        const { handler, place: where, server } = served;
        const lifecycle = new Lifecycle([server], { clock: where.clock });
        await where.finish(lifecycle.start());
        const peer = await served.peer(FRAMED);
        peer.send(HOLD);
        await where.until(() => handler.calls.length === 1);
        const stopping = lifecycle.shutdown("test");
        await refusing(served);
        handler.held("a").answer("fine");
        const report = await where.finish(stopping);
        assert.deepEqual([report.cut, report.orderly], [0, true]);
        assert.equal(resultOf(await peer.reply(1), CODEC.string), "fine");
      }));

    it("says how many calls it cut off when its time is over", () =>
      serving(async (served) => {
        const { handler, place: where, server } = served;
        const peer = await served.peer(FRAMED);
        peer.send(HOLD, { ...HOLD, sequenceId: 2 });
        await where.until(() => handler.calls.length === 2);
        const { context, cancel } = createContext({ clock: where.clock }).withCancel();
        const draining = server.drain(context);
        await refusing(served);
        cancel(new ServiceError("deadline-exceeded", "no more time"));
        assert.deepEqual(await where.finish(draining), { cut: 2 });
        await where.finish(server.stop());
        await peer.untilClosed();
        await where.until(() => handler.calls.every(({ context: { cancelled } }) => cancelled));
        for (const call of handler.calls) call.answer("late");
      }));

    it("does not wait for ever for peers that keep their side open", () =>
      serving(async (served) => {
        const peer = await served.peer(FRAMED);
        peer.keepsOpen = true;
        peer.send({ name: "p", sequenceId: 1 });
        await peer.reply(1);
        const startMs = served.place.clock.nowMs();
        await served.place.finish(drain(served, 10_000));
        assert.ok(peer.ended || peer.closed);
        assert.ok(served.place.clock.nowMs() - startMs < 2_000);
      }));

    it("may be asked again, and stopped twice", () =>
      serving(async (served) => {
        await served.place.finish(Promise.all([drain(served, 1_000), drain(served, 1_000)]));
        await served.place.finish(Promise.all([served.server.stop(), served.server.stop()]));
      }));
  });
}

function drain({ server, place }: Served, withinMs: number): Promise<{ readonly cut: number }> {
  return server.drain(createContext({ clock: place.clock }).withTimeout(withinMs));
}

/** Waits until new calls are refused: those that understand have had their time to leave. */
async function refusing(served: Served): Promise<void> {
  await served.place.until(() => isDraining(served));
}

/** Waits until a drain has begun: nobody listens any more. */
async function closedToNew({ place, address }: Served): Promise<void> {
  const { network } = place.runtime("peer");
  const isClosed = async (): Promise<boolean> => {
    const connecting = network.connect(address, { timeoutMs: 1_000 });
    const socket = await place.finish(connecting.catch(() => undefined));
    socket?.destroy();
    return socket === undefined;
  };
  // oxlint-disable-next-line no-await-in-loop
  while (!(await isClosed()));
}

function isDraining({ observers, server }: Served): boolean {
  const found = observers.state.snapshots("stats").find(({ name }) => name === server.name);
  return found !== undefined && "state" in found
    ? (found.state as { readonly draining: boolean }).draining
    : false;
}

function toldToLeave(peer: RawPeer): number {
  return peer.messages.filter(({ header }) => header?.strings.has("crrst")).length;
}
