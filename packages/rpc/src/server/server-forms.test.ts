import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { CODEC, MESSAGE } from "@holdfast/thrift";
import { createWorld } from "@holdfast/sim";
import {
  Probe,
  type ProbeClient,
  type ProbeHandler,
  Refused,
  RefusedCodec,
} from "../testing/gen/probe.ts";
import { HeldProbe } from "../testing/held-probe.ts";
import { failureOf, keyArguments, type RawPeer, resultOf } from "../testing/raw-peer.ts";
import { type ServedForTest, serveForTest } from "../testing/serve-for-test.ts";
import { loopbackPlace, simulatedPlace } from "../testing/test-place.ts";
import { encodeFrame, frameAround, structOf, WIRE_FORMS, wireForm } from "../testing/wire-form.ts";

type Served = ServedForTest<ProbeHandler, ProbeClient, HeldProbe>;

const PLACES = [() => simulatedPlace(createWorld(1)), () => loopbackPlace()];

for (const place of PLACES) {
  for (const form of WIRE_FORMS) {
    describe(`a server, ${place().name}, to a peer that speaks ${form.name}`, () => {
      const serving = (body: (peer: RawPeer, served: Served) => Promise<void>): Promise<void> =>
        serveForTest(
          { place: place(), definition: Probe, handler: new HeldProbe() },
          async (served) => body(await served.peer(form), served),
        );

      it("answers with the result", () =>
        serving(async (peer, { handler }) => {
          handler.onHeld = (call) => call.answer(`${call.key} back`);
          peer.send({ name: "hold", sequenceId: 7, body: keyArguments("there and") });
          const reply = await peer.reply(7);
          assert.equal(reply.name, "hold");
          assert.equal(resultOf(reply, CODEC.string), "there and back");
        }));

      it("answers a method without a result", () =>
        serving(async (peer, { handler }) => {
          handler.onHeld = (call) => call.answer("");
          peer.send({ name: "touch", sequenceId: -7, body: keyArguments("a") });
          assert.equal(resultOf(await peer.reply(-7), CODEC.string), undefined);
        }));

      it("answers the shortest call there is", () =>
        serving(async (peer) => {
          peer.send({ name: "p", sequenceId: 1 });
          assert.equal(resultOf(await peer.reply(1), CODEC.string), undefined);
        }));

      it("answers with the exception that the IDL declares", () =>
        serving(async (peer, { handler }) => {
          handler.onHeld = (call) => call.fail(new Refused({ reason: "full", limit: 3 }));
          peer.send({ name: "hold", sequenceId: 7, body: keyArguments("a") });
          const refused = resultOf(await peer.reply(7), RefusedCodec, 1);
          assert.deepEqual([refused?.reason, refused?.limit], ["full", 3]);
        }));

      it("does not answer a oneway call, and answers the one behind it", () =>
        serving(async (peer, { handler }) => {
          handler.onHeld = (call) => (call.key === "a" ? call.fail(new Error()) : call.answer(""));
          peer.send(
            { name: "tell", sequenceId: 1, type: MESSAGE.oneway, body: keyArguments("a") },
            { name: "tell", sequenceId: 2, type: MESSAGE.oneway, body: keyArguments("b") },
            { name: "p", sequenceId: 3 },
          );
          await peer.reply(3);
          assert.deepEqual(handler.keys, ["a", "b"]);
          assert.deepEqual(
            peer.messages.map(({ sequenceId }) => sequenceId),
            [3],
          );
        }));

      it("answers calls as they end, not as they came", () =>
        serving(async (peer, { place: { until }, handler }) => {
          const keys = ["a", "b", "c"];
          peer.send(
            ...keys.map((key, id) => ({ name: "hold", sequenceId: id, body: keyArguments(key) })),
          );
          await until(() => handler.calls.length === 3);
          for (const key of ["b", "c", "a"]) {
            handler.held(key).answer(key);
            const id = keys.indexOf(key);
            // The next one ends only then.
            // oxlint-disable-next-line no-await-in-loop
            assert.equal(resultOf(await peer.reply(id), CODEC.string), key);
          }
          assert.deepEqual(
            peer.messages.map(({ sequenceId }) => sequenceId),
            [1, 2, 0],
          );
        }));

      it("answers a method it does not have, and goes on", () =>
        serving(async (peer) => {
          peer.send({ name: "holds", sequenceId: 1 }, { name: "p", sequenceId: 2 });
          const failure = failureOf(await peer.reply(1));
          assert.equal(failure.code, "not-found");
          assert.equal(failure.workStarted, "no");
          assert.match(failure.message, /no method holds/);
          await peer.reply(2);
        }));

      it("answers arguments it cannot read, and goes on", () =>
        serving(async (peer, { handler }) => {
          const twice = structOf((output) => {
            output.writeField(0x0b_0001);
            output.writeBinary(Buffer.from([0xff, 0xfe]));
          });
          peer.send(
            { name: "hold", sequenceId: 1 },
            { name: "hold", sequenceId: 2, body: twice },
            { name: "p", sequenceId: 3 },
          );
          const [missing, notText] = [
            failureOf(await peer.reply(1)),
            failureOf(await peer.reply(2)),
          ];
          assert.equal(missing.code, "protocol");
          assert.match(missing.message, /key is required and missing/);
          assert.equal(notText.code, "protocol");
          assert.equal(notText.workStarted, "no");
          await peer.reply(3);
          assert.deepEqual(handler.calls, []);
        }));

      it("answers a message that is no call, and goes on", () =>
        serving(async (peer) => {
          peer.send(
            { name: "p", sequenceId: 1, type: MESSAGE.reply },
            { name: "p", sequenceId: 2 },
          );
          assert.equal(failureOf(await peer.reply(1)).code, "protocol");
          await peer.reply(2);
        }));
    });
  }
}

describe("a server with TTHeader", () => {
  const form = wireForm("ttheader binary");
  const serving = (body: (peer: RawPeer, served: Served) => Promise<void>): Promise<void> =>
    serveForTest(
      { place: simulatedPlace(createWorld(2)), definition: Probe, handler: new HeldProbe() },
      async (served) => body(await served.peer(form), served),
    );

  it("puts the sequence id of the call into the header of the reply", () =>
    serving(async (peer) => {
      peer.send({ name: "p", sequenceId: 77 });
      assert.equal((await peer.reply(77)).header?.sequenceId, 77);
    }));

  it("says in the first reply of a connection that it hears cancels, and not again", () =>
    serving(async (peer) => {
      peer.send({ name: "p", sequenceId: 1 }, { name: "p", sequenceId: 2 });
      const [first, second] = [await peer.reply(1), await peer.reply(2)];
      assert.deepEqual([...first.header!.strings], [["holdfast-hears-cancel", "1"]]);
      assert.deepEqual([...second.header!.strings], []);
    }));

  it("takes a framed message inside, as Kitex may send it", () =>
    serving(async (peer) => {
      const framed = encodeFrame(wireForm("framed binary"), { name: "p", sequenceId: 5 });
      peer.sendBytes(frameAround(form, framed, { sequenceId: 5 }));
      await peer.reply(5);
    }));

  it("may be spoken in Binary and Compact by turns on one connection", () =>
    serving(async (peer) => {
      peer.send({ name: "p", sequenceId: 1 });
      const compact = { name: "p", sequenceId: 2 };
      peer.sendBytes(encodeFrame(wireForm("ttheader compact"), compact));
      peer.send({ name: "p", sequenceId: 3 });
      const replies = await Promise.all([1, 2, 3].map((id) => peer.reply(id)));
      const protocols = replies.map(({ reader }) => reader.protocol);
      assert.deepEqual(protocols, ["binary", "compact", "binary"]);
    }));
});
