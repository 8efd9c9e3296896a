import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createWorld } from "@holdfast/sim";
import { CODEC } from "@holdfast/thrift";
import { Probe, type ProbeClient, type ProbeHandler } from "../testing/gen/probe.ts";
import { HeldProbe } from "../testing/held-probe.ts";
import { countArguments, failureOf, keyArguments, resultOf } from "../testing/raw-peer.ts";
import { type ServedForTest, serveForTest } from "../testing/serve-for-test.ts";
import { loopbackPlace, simulatedPlace } from "../testing/test-place.ts";
import { encodeFrame, wireForm } from "../testing/wire-form.ts";
import { completeServerOptions, type ServerOptionsInput } from "./options.ts";

type Served = ServedForTest<ProbeHandler, ProbeClient, HeldProbe>;

const PLACES = [() => simulatedPlace(createWorld(1)), () => loopbackPlace()];
const FORM = wireForm("framed binary");
const KIB = 1024;

for (const place of PLACES) {
  const serving = (
    options: ServerOptionsInput,
    body: (served: Served) => Promise<void>,
  ): Promise<void> =>
    serveForTest({ place: place(), definition: Probe, handler: new HeldProbe(), options }, body);

  describe(`a server, ${place().name},`, () => {
    it("closes a connection too many at once, and takes one when another has gone", () =>
      serving({ connectionsMax: 2 }, async (served) => {
        const peers = [await served.peer(FORM), await served.peer(FORM)];
        for (const peer of peers) peer.send({ name: "p", sequenceId: 1 });
        await Promise.all(peers.map((peer) => peer.reply(1)));
        const third = await served.peer(FORM);
        await third.untilClosed();
        assert.equal(counted(served, "connection over the limit"), 1);
        peers[0]!.end();
        await peers[0]!.untilClosed();
        await served.place.until(() => connectionsOf(served) === 1);
        const fourth = await served.peer(FORM);
        fourth.send({ name: "p", sequenceId: 1 });
        await fourth.reply(1);
      }));

    it("reads no further than the calls a connection may have at once, and goes on later", () =>
      serving({ callsPerConnectionMax: 4 }, async (served) => {
        const { handler, place: where, network } = served;
        const peer = await served.peer(FORM);
        const other = await served.peer(FORM);
        const ids = Array.from({ length: 200 }, (_, index) => index);
        peer.send(...ids.map((id) => ({ name: "hold", sequenceId: id, body: keyArguments("a") })));
        await where.until(() => handler.calls.length === 4 && network.accepted[0]!.paused);
        other.send({ name: "p", sequenceId: 1 });
        await other.reply(1);
        assert.equal(handler.calls.length, 4);
        let most = 0;
        for (let answered = 0; answered < ids.length; answered++) {
          handler.calls[answered]!.answer("fine");
          const next = Math.min(ids.length, answered + 5);
          // One by one: as many as were answered come in.
          // oxlint-disable-next-line no-await-in-loop
          await where.until(() => handler.calls.length >= next);
          most = Math.max(most, handler.calls.length - answered - 1);
        }
        await Promise.all(ids.map((id) => peer.reply(id)));
        assert.equal(most, 4);
        assert.equal(network.accepted[0]!.paused, false);
      }));

    it("reads no more from a peer that does not read, and answers all when it does", () =>
      serving({ unsentMaxBytes: 64 * KIB, callsPerConnectionMax: 4 }, async (served) => {
        const { network, place: where } = served;
        const peer = await served.peer(FORM);
        const size = 32 * KIB;
        peer.pause();
        const accepted = network.accepted[0]!;
        let sent = 0;
        let most = 0;
        // Until the kernels on the way are full, however much they hold.
        for (; !(accepted.paused && accepted.pendingBytes > 0) && sent < 2_000; sent++) {
          peer.send({ name: "bytes", sequenceId: sent, body: countArguments(size) });
          const before = accepted.writes.length;
          // oxlint-disable-next-line no-await-in-loop
          await where.until(() => accepted.writes.length > before || accepted.paused);
          most = Math.max(most, accepted.pendingBytes);
        }
        assert.ok(accepted.paused);
        for (let more = 0; more < 100; more++, sent++) {
          peer.send({ name: "bytes", sequenceId: sent, body: countArguments(size) });
        }
        await where.until(() => true);
        most = Math.max(most, accepted.pendingBytes);
        // What was allowed, and the replies of the calls that were at work by then.
        assert.ok(most <= 64 * KIB + 4 * (size + 100), `${most} bytes were kept`);
        peer.resume();
        await Promise.all(Array.from({ length: sent }, (_, id) => peer.reply(id)));
        assert.equal(accepted.paused, false);
      }));

    it("does not answer all that came in one turn when that is more than may be unsent", () =>
      serving({ unsentMaxBytes: 64 * KIB, callsPerConnectionMax: 2 }, async (served) => {
        const peer = await served.peer(FORM);
        const ids = Array.from({ length: 200 }, (_, index) => index);
        const size = 16 * KIB;
        peer.send(
          ...ids.map((id) => ({ name: "bytes", sequenceId: id, body: countArguments(size) })),
        );
        await Promise.all(ids.map((id) => peer.reply(id)));
        const largest = Math.max(...served.network.accepted[0]!.writes);
        assert.ok(largest <= 64 * KIB + 3 * (size + 100), `${largest} bytes in one write`);
      }));

    it("refuses calls above the limit of all, and says that none of them began", () =>
      serving({ concurrency: { callsMax: 2, queueMax: 1 } }, async (served) => {
        const { handler } = served;
        const peer = await served.peer(FORM);
        const ids = [1, 2, 3, 4];
        peer.send(...ids.map((id) => ({ name: "hold", sequenceId: id, body: keyArguments("a") })));
        const failure = failureOf(await peer.reply(4));
        assert.equal(failure.code, "overloaded");
        assert.equal(failure.workStarted, "no");
        assert.equal(failure.retryable, true);
        handler.onHeld = (call) => call.answer("fine");
        for (const call of [...handler.calls]) call.answer("fine");
        await Promise.all([1, 2, 3].map((id) => peer.reply(id)));
      }));

    for (const name of ["ttheader binary", "framed compact", "buffered binary"]) {
      it(`closes a connection with a frame that is too large, and no other: ${name}`, () =>
        serving({ frameMaxBytes: 4 * KIB }, async (served) => {
          const form = wireForm(name);
          const [peer, other] = [await served.peer(form), await served.peer(form)];
          peer.send({ name: "bytes", sequenceId: 1, body: countArguments(1, 5 * KIB) });
          await peer.untilClosed();
          const { message, fields } = lineOf(served, "connection broken off");
          assert.equal(fields["code"], "too-large", message);
          other.send({ name: "bytes", sequenceId: 1, body: countArguments(10, 3 * KIB) });
          assert.equal(resultOf(await other.reply(1), CODEC.binary)?.length, 10);
          assert.equal(counted(served, "connection broken off"), 1);
        }));
    }

    it("closes a connection that speaks something else, and says in the log what it saw", () =>
      serving({}, async (served) => {
        const peer = await served.peer(FORM);
        peer.sendBytes(Buffer.from("GET / HTTP/1.1\r\nHost: example\r\n\r\n"));
        await peer.untilClosed();
        const { fields } = lineOf(served, "connection broken off");
        assert.match(String(fields["reason"]), /no Thrift transport/);
        assert.equal(peer.receivedBytes, 0);
      }));

    it("closes a connection that ends in the middle of a frame", () =>
      serving({}, async (served) => {
        const peer = await served.peer(FORM);
        peer.sendBytes(encodeFrame(FORM, { name: "p", sequenceId: 1 }).subarray(0, 10));
        await served.place.until(() => connectionsOf(served) === 1);
        peer.end();
        await peer.untilClosed();
        await served.place.until(() => connectionsOf(served) === 0);
      }));
  });
}

describe("the server's options", () => {
  it("are complete by default", () => {
    for (const [name, value] of Object.entries(completeServerOptions({}))) {
      assert.notEqual(value, undefined, name);
      if (typeof value === "number") assert.ok(Number.isFinite(value), name);
    }
  });

  it("that make no sense are refused by name", () => {
    for (const input of [
      { frameMaxBytes: 1023 },
      { frameMaxBytes: 2 ** 31 },
      { connectionsMax: 0 },
      { callsPerConnectionMax: 0 },
      { unsentMaxBytes: 1 },
      { firstByteTimeoutMs: 0 },
      { idleTimeoutMs: -1 },
      { readTimeoutMs: NaN },
      { writeTimeoutMs: Infinity },
      { callTimeoutMs: 0 },
    ] satisfies ServerOptionsInput[]) {
      const [name] = Object.keys(input);
      assert.throws(() => completeServerOptions(input), new RegExp(`^RangeError: ${name} is `));
    }
    assert.throws(() => completeServerOptions({ concurrency: { callsMax: 0 } }), RangeError);
  });
});

function connectionsOf({ server, observers }: Served): number {
  const found = observers.state.snapshots("connections").find(({ name }) => name === server.name);
  return found !== undefined && "state" in found ? (found.state as unknown[]).length : -1;
}

function counted({ observers }: Served, what: string): number {
  const labels = ["service", "what"];
  const family = observers.stats.counter({
    name: "holdfast_server_refused",
    help: "as is",
    labels,
  });
  return family.of("Probe", what).value;
}

function lineOf({ place: { logger } }: Served, message: string) {
  const found = logger.lines.find((line) => line.message === message);
  if (found === undefined) throw new Error(`no line ${message}`);
  return found;
}
