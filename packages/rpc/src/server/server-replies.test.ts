import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ServiceError } from "@holdfast/core";
import { createWorld } from "@holdfast/sim";
import { CODEC } from "@holdfast/thrift";
import { Probe, type ProbeClient, type ProbeHandler, Refused } from "../testing/gen/probe.ts";
import { HeldProbe } from "../testing/held-probe.ts";
import { countArguments, failureOf, keyArguments, resultOf } from "../testing/raw-peer.ts";
import { type ServedForTest, serveForTest } from "../testing/serve-for-test.ts";
import { loopbackPlace, simulatedPlace } from "../testing/test-place.ts";
import { wireForm } from "../testing/wire-form.ts";
import type { ServerOptionsInput } from "./options.ts";

type Served = ServedForTest<ProbeHandler, ProbeClient, HeldProbe>;

const PLACES = [() => simulatedPlace(createWorld(1)), () => loopbackPlace()];
const FORM = wireForm("ttheader binary");

for (const place of PLACES) {
  const serving = (
    body: (served: Served) => Promise<void>,
    options: ServerOptionsInput = {},
  ): Promise<void> =>
    serveForTest({ place: place(), definition: Probe, handler: new HeldProbe(), options }, body);

  describe(`the replies of a server, ${place().name},`, () => {
    it("that are ready in one turn leave in one write", () =>
      serving(async (served) => {
        const peer = await served.peer(FORM);
        const ids = Array.from({ length: 20 }, (_, index) => index);
        peer.send(...ids.map((id) => ({ name: "hold", sequenceId: id, body: keyArguments("a") })));
        await served.place.until(() => served.handler.calls.length === ids.length);
        for (const call of served.handler.calls) call.answer("fine");
        await Promise.all(ids.map((id) => peer.reply(id)));
        assert.equal(served.network.accepted[0]!.writes.length, 1);
      }));

    it("that are ready in one turn leave in one write for each connection", () =>
      serving(async (served) => {
        const peers = [await served.peer(FORM), await served.peer(FORM)];
        for (const peer of peers) {
          for (const id of [1, 2, 3]) {
            peer.send({ name: "hold", sequenceId: id, body: keyArguments("a") });
          }
        }
        await served.place.until(() => served.handler.calls.length === 6);
        for (const call of served.handler.calls) call.answer("fine");
        await Promise.all(peers.flatMap((peer) => [1, 2, 3].map((id) => peer.reply(id))));
        const writes = served.network.accepted.map((socket) => socket.writes.length);
        assert.deepEqual(writes, [1, 1]);
      }));

    it("reach a peer that has closed its side behind its calls", () =>
      serving(async (served) => {
        const peer = await served.peer(FORM);
        peer.send({ name: "hold", sequenceId: 1, body: keyArguments("a") });
        peer.send({ name: "p", sequenceId: 2 });
        peer.end();
        await served.place.until(() => served.handler.calls.length === 1);
        await peer.reply(2);
        served.handler.held("a").answer("fine");
        assert.equal(resultOf(await peer.reply(1), CODEC.string), "fine");
        await peer.untilClosed();
      }));

    it("that are too large become an error, and the connection goes on", () =>
      serving(
        async (served) => {
          const peer = await served.peer(FORM);
          peer.send({ name: "bytes", sequenceId: 1, body: countArguments(5_000) });
          peer.send({ name: "bytes", sequenceId: 2, body: countArguments(3_000) });
          const failure = failureOf(await peer.reply(1));
          assert.equal(failure.code, "too-large");
          assert.equal(failure.workStarted, "yes");
          assert.match(failure.message, /at most 4096/);
          assert.equal(resultOf(await peer.reply(2), CODEC.binary)?.length, 3_000);
        },
        { frameMaxBytes: 4_096 },
      ));

    const UNFIT: Record<
      string,
      (call: { answer(reply: never): void; fail(error: unknown): void }) => void
    > = {
      nothing: (call) => call.answer(undefined as never),
      "a number for a string": (call) => call.answer(5 as never),
      "a symbol for a string": (call) => call.answer(Symbol("no") as never),
      "an exception with a field that does not fit": (call) =>
        call.fail(new Refused({ reason: "r", limit: 1.5 })),
      "an exception without its required field": (call) =>
        call.fail(new Refused({ reason: undefined as never })),
      "an error too long for a frame": (call) =>
        call.fail(new ServiceError("invalid", "x".repeat(5_000))),
      "an error with a pause that is no number": (call) =>
        call.fail(new ServiceError("overloaded", "later", { retryAfterMs: NaN })),
    };
    for (const [what, answer] of Object.entries(UNFIT)) {
      it(`that the handler made of ${what} become an error, and the connection goes on`, () =>
        serving(
          async (served) => {
            const peer = await served.peer(FORM);
            served.handler.onHeld = answer;
            peer.send({ name: "hold", sequenceId: 1, body: keyArguments("a") });
            peer.send({ name: "p", sequenceId: 2 });
            const failure = failureOf(await peer.reply(1));
            assert.ok(failure.message.length <= 2_000);
            assert.notEqual(failure.workStarted, "no");
            await peer.reply(2);
          },
          { frameMaxBytes: 4_096 },
        ));
    }

    it("to calls whose connection is gone go nowhere", () =>
      serving(async (served) => {
        const peer = await served.peer(FORM);
        peer.pause();
        peer.send({ name: "hold", sequenceId: 1, body: keyArguments("a") });
        peer.send({ name: "p", sequenceId: 2 });
        const accepted = served.network.accepted[0]!;
        await served.place.until(() => accepted.writes.length === 1 && accepted.pendingBytes === 0);
        // What it has not read makes its system reset the connection.
        peer.destroy();
        const { context, answer } = served.handler.held("a");
        await served.place.until(() => context.cancelled !== undefined);
        assert.equal(context.cancelled?.code, "cancelled");
        answer("late");
        const other = await served.peer(FORM);
        other.send({ name: "p", sequenceId: 1 });
        await other.reply(1);
        assert.equal(accepted.writes.length, 1);
      }));
  });
}
