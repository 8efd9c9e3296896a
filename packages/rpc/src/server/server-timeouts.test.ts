import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createWorld, type World } from "@holdfast/sim";
import { Probe, type ProbeClient, type ProbeHandler } from "../testing/gen/probe.ts";
import { HeldProbe } from "../testing/held-probe.ts";
import { countArguments, keyArguments, type RawPeer } from "../testing/raw-peer.ts";
import { type ServedForTest, serveForTest } from "../testing/serve-for-test.ts";
import { simulatedPlace } from "../testing/test-place.ts";
import { encodeFrame, wireForm } from "../testing/wire-form.ts";
import type { ServerOptionsInput } from "./options.ts";

interface Rig {
  readonly world: World;
  readonly served: ServedForTest<ProbeHandler, ProbeClient, HeldProbe>;
  readonly handler: HeldProbe;
  readonly peer: RawPeer;
}

const FORM = wireForm("framed binary");
const KIB = 1024;

async function serving(
  options: ServerOptionsInput,
  body: (rig: Rig) => Promise<void>,
): Promise<void> {
  const world = createWorld(1);
  const place = simulatedPlace(world);
  const input = { place, definition: Probe, handler: new HeldProbe(), options };
  await serveForTest(input, async (served) => {
    await world.run(10);
    const peer = await served.peer(FORM);
    await body({ world, served, handler: served.handler, peer });
  });
}

/** Why the server closed the connection, by its log. */
function reasonOf({ served }: Rig): unknown {
  const { lines } = served.place.logger;
  return lines.find(({ message }) => message === "connection broken off")?.fields["reason"];
}

async function closedAfter(rig: Rig): Promise<number> {
  const startMs = rig.world.clock.nowMs();
  await rig.peer.untilClosed();
  return rig.world.clock.nowMs() - startMs;
}

function about(actualMs: number, expectedMs: number): void {
  // A limit may be exceeded by a quarter of the shortest.
  const within = actualMs >= expectedMs - 20 && actualMs <= expectedMs * 1.25 + 20;
  assert.ok(within, `${actualMs} ms, expected about ${expectedMs}`);
}

describe("a connection", () => {
  it("that says nothing is closed after the first-byte time", () =>
    serving({ firstByteTimeoutMs: 500 }, async (rig) => {
      about(await closedAfter(rig), 500);
      assert.match(String(reasonOf(rig)), /no first byte within 500 ms/);
    }));

  it("that has said something is closed when it is idle, and not before", () =>
    serving({ firstByteTimeoutMs: 100, idleTimeoutMs: 2_000 }, async (rig) => {
      rig.peer.send({ name: "p", sequenceId: 1 });
      await rig.peer.reply(1);
      about(await closedAfter(rig), 2_000);
      assert.match(String(reasonOf(rig)), /idle within 2000 ms/);
    }));

  it("is not idle while a call is at work", () =>
    serving({ idleTimeoutMs: 1_000, callTimeoutMs: 10_000 }, async ({ world, peer, handler }) => {
      peer.send({ name: "hold", sequenceId: 1, body: keyArguments("a") });
      await world.run(5_000);
      assert.equal(peer.ended || peer.closed, false);
      handler.held("a").answer("fine");
      await peer.reply(1);
    }));

  it("is not idle while calls come", () =>
    serving({ idleTimeoutMs: 1_000 }, async ({ world, peer }) => {
      for (let id = 0; id < 10; id++) {
        peer.send({ name: "p", sequenceId: id });
        // oxlint-disable-next-line no-await-in-loop
        await world.run(700);
      }
      assert.equal(peer.messages.length, 10);
      assert.equal(peer.ended || peer.closed, false);
    }));

  it("whose frame does not come whole is closed, though bytes of it come", () =>
    serving({ readTimeoutMs: 1_000 }, async (rig) => {
      const frame = encodeFrame(FORM, { name: "p", sequenceId: 1, body: countArguments(1, 500) });
      let at = 0;
      const startMs = rig.world.clock.nowMs();
      while (!rig.peer.ended && !rig.peer.closed && at < frame.length) {
        rig.peer.sendBytes(frame.subarray(at, ++at));
        // oxlint-disable-next-line no-await-in-loop
        await rig.world.run(50);
      }
      about(rig.world.clock.nowMs() - startMs, 1_000);
      assert.match(String(reasonOf(rig)), /a frame did not come whole within 1000 ms/);
    }));

  it("that is busy is not closed though each delivery ends in the middle of a frame", () =>
    serving({ readTimeoutMs: 1_000 }, async ({ world, peer }) => {
      const frames = Array.from({ length: 41 }, (_, id) =>
        encodeFrame(FORM, { name: "p", sequenceId: id }),
      );
      let kept = Buffer.alloc(0);
      for (const frame of frames) {
        const bytes = Buffer.concat([kept, frame]);
        peer.sendBytes(bytes.subarray(0, -5));
        kept = Buffer.from(bytes.subarray(-5));
        // oxlint-disable-next-line no-await-in-loop
        await world.run(100);
      }
      assert.equal(peer.ended || peer.closed, false);
      peer.sendBytes(kept);
      await peer.reply(40);
    }));

  it("that the server does not read from is not blamed for the rest of a frame", () =>
    serving(
      { readTimeoutMs: 1_000, callsPerConnectionMax: 1, callTimeoutMs: 60_000 },
      async ({ world, peer, handler, served }) => {
        const call = (id: number) =>
          encodeFrame(FORM, { name: "hold", sequenceId: id, body: keyArguments(String(id)) });
        peer.sendBytes(Buffer.concat([call(1), call(2).subarray(0, 9)]));
        await served.place.until(() => handler.calls.length === 1);
        await world.run(5_000);
        handler.held("1").answer("fine");
        await peer.reply(1);
        // Only now does its time begin.
        await world.run(900);
        peer.sendBytes(call(2).subarray(9));
        await served.place.until(() => handler.calls.length === 2);
        handler.held("2").answer("fine");
        await peer.reply(2);
      },
    ));

  it("that does not read is not blamed for the rest of a frame that nobody reads", () =>
    serving({ readTimeoutMs: 1_000, unsentMaxBytes: 64 * KIB }, async (rig) => {
      const { world, peer, served } = rig;
      world.network.link("server", "peer").change({ windowBytes: 16 * KIB });
      peer.pause();
      const next = encodeFrame(FORM, { name: "p", sequenceId: 2 });
      peer.sendBytes(
        Buffer.concat([
          encodeFrame(FORM, { name: "bytes", sequenceId: 1, body: countArguments(200 * KIB) }),
          next.subarray(0, 9),
        ]),
      );
      await served.place.until(() => served.network.accepted[0]!.paused);
      await world.run(3_000);
      peer.resume();
      await peer.reply(1);
      peer.sendBytes(next.subarray(9));
      await peer.reply(2);
      assert.equal(reasonOf(rig), undefined);
    }));

  it("that takes no bytes is closed after the write time", () =>
    serving({ writeTimeoutMs: 1_000, idleTimeoutMs: 60_000 }, async (rig) => {
      const { peer, world, served } = rig;
      world.network.link("server", "peer").change({ windowBytes: 16 * KIB });
      peer.pause();
      peer.send({ name: "bytes", sequenceId: 1, body: countArguments(200 * KIB) });
      const [accepted] = served.network.accepted;
      await served.place.until(() => accepted!.pendingBytes > 0);
      const startMs = world.clock.nowMs();
      await served.place.until(() => accepted!.gone);
      about(world.clock.nowMs() - startMs, 1_000);
      assert.match(String(reasonOf(rig)), /the peer took no bytes within 1000 ms/);
    }));

  it("that takes bytes slowly is not closed, however long it takes for all of them", () =>
    serving(
      {
        writeTimeoutMs: 1_000,
        unsentMaxBytes: 64 * KIB,
        callsPerConnectionMax: 1,
        callTimeoutMs: 60_000,
      },
      async ({ world, peer, served }) => {
        const link = world.network.link("server", "peer");
        link.change({ windowBytes: 16 * KIB, readBytesPerSecond: 128 * KIB });
        const replies = 40;
        for (let id = 0; id < replies; id++) {
          peer.send({ name: "bytes", sequenceId: id, body: countArguments(16 * KIB) });
        }
        const startMs = world.clock.nowMs();
        await peer.reply(replies - 1);
        assert.ok(world.clock.nowMs() - startMs > 4_000);
        assert.equal(served.network.accepted[0]!.gone, false);
      },
    ));

  it("that is busy all the time and behind with reading is not closed either", () =>
    serving({ writeTimeoutMs: 1_000 }, async ({ world, peer, served }) => {
      const link = world.network.link("server", "peer");
      link.change({ windowBytes: 16 * KIB, readBytesPerSecond: 64 * KIB });
      // More than it can take, so that something is pending all the time.
      for (let id = 0; id < 60; id++) {
        peer.send({ name: "bytes", sequenceId: id, body: countArguments(8 * KIB) });
        // oxlint-disable-next-line no-await-in-loop
        await world.run(100);
      }
      assert.equal(served.network.accepted[0]!.gone, false);
      await peer.reply(59);
    }));
});
