import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ServiceError } from "@holdfast/core";
import { createWorld } from "@holdfast/sim";
import { Probe, type ProbeClient, type ProbeHandler } from "../testing/gen/probe.ts";
import { HeldProbe } from "../testing/held-probe.ts";
import { failureOf, keyArguments, type RawPeer } from "../testing/raw-peer.ts";
import { type ServedForTest, serveForTest } from "../testing/serve-for-test.ts";
import { loopbackPlace, simulatedPlace } from "../testing/test-place.ts";
import { wireForm } from "../testing/wire-form.ts";

type Served = ServedForTest<ProbeHandler, ProbeClient, HeldProbe>;

const FORM = wireForm("ttheader binary");
const PLACES = [() => simulatedPlace(createWorld(1)), () => loopbackPlace()];

/** All that JavaScript lets somebody throw. */
const THROWN: Record<string, unknown> = {
  "an Error": new Error("secret: no row 7"),
  "a TypeError": new TypeError("secret is not a function"),
  "a string": "secret",
  "a number": 7,
  null: null,
  undefined,
  "an object": { secret: true },
  "an object that cannot be shown": Object.create(null, {
    message: {
      get(): string {
        throw new Error("secret");
      },
    },
  }),
  "an Error with a cause": new Error("outer secret", { cause: new Error("inner secret") }),
};

for (const place of PLACES) {
  const serving = (body: (peer: RawPeer, served: Served) => Promise<void>): Promise<void> =>
    serveForTest({ place: place(), definition: Probe, handler: new HeldProbe() }, async (served) =>
      body(await served.peer(FORM), served),
    );

  describe(`a handler that fails, ${place().name},`, () => {
    for (const [what, error] of Object.entries(THROWN)) {
      for (const how of ["throws", "rejects with"] as const) {
        it(`${how} ${what}: its caller gets an id that is in the log, and no more`, () =>
          serving(async (peer, { handler, place: { logger } }) => {
            if (how === "throws") handler.throwing = { error };
            else handler.onHeld = (call) => call.fail(error);
            const header = { integers: new Map([[2, "id-from-outside"]]) };
            peer.send({ name: "hold", sequenceId: 1, body: keyArguments("a"), header });
            const failure = failureOf(await peer.reply(1));
            assert.equal(failure.code, "internal");
            assert.equal(failure.workStarted, "yes");
            const said = "hold failed; its request id in the log is id-from-outside";
            assert.equal(failure.message, said);
            const line = logger.lines.find(({ message }) => message === "handler failed");
            assert.equal(line?.level, "error");
            assert.equal(line?.fields["requestId"], "id-from-outside");
            assert.equal(line?.fields["method"], "hold");
            if (error !== undefined && error !== null) assert.equal(line?.fields["error"], error);
            else assert.ok(line?.fields["error"] instanceof Error);
          }));
      }
    }

    it("gets an id of the server's own when the call brought none", () =>
      serving(async (peer, { handler, observers, place: { logger } }) => {
        handler.throwing = { error: new Error("no luck") };
        peer.send({ name: "p", sequenceId: 1 });
        const { message } = failureOf(await peer.reply(1));
        const line = logger.lines.find((each) => each.message === "handler failed");
        const id = String(line?.fields["requestId"]);
        assert.ok(id.startsWith(observers.requestIds.prefix));
        assert.ok(message.endsWith(id));
      }));

    it("takes neither its connection nor its process with it", () =>
      serving(async (peer, { handler }) => {
        handler.throwing = { error: new Error("no luck") };
        peer.send(...[1, 2, 3].map((sequenceId) => ({ name: "p", sequenceId })));
        await Promise.all([1, 2, 3].map((id) => peer.reply(id)));
        handler.throwing = undefined;
        peer.send({ name: "p", sequenceId: 4 });
        await peer.reply(4);
      }));

    it("may say itself what its caller is told", () =>
      serving(async (peer, { handler }) => {
        handler.throwing = {
          error: new ServiceError("overloaded", "come back later", { retryAfterMs: 250 }),
        };
        peer.send({ name: "p", sequenceId: 1 });
        const { code, message, retryAfterMs, retryable } = failureOf(await peer.reply(1));
        assert.deepEqual(
          { code, message, retryAfterMs, retryable },
          { code: "overloaded", message: "come back later", retryAfterMs: 250, retryable: true },
        );
      }));

    it("has begun, whatever an error says that it passes on from a service behind it", () =>
      serving(async (peer, { handler }) => {
        handler.throwing = {
          error: new ServiceError("draining", "not here", { workStarted: "no" }),
        };
        peer.send({ name: "p", sequenceId: 1 });
        assert.equal(failureOf(await peer.reply(1)).workStarted, "maybe");
      }));

    it("fails in a oneway call for the log only", () =>
      serving(async (peer, { handler, place: { logger } }) => {
        handler.throwing = { error: new Error("no luck") };
        peer.send({ name: "tell", type: 4, sequenceId: 1, body: keyArguments("a") });
        handler.onHeld = (call) => call.answer("");
        await peer.place.until(() =>
          logger.lines.some((each) => each.message === "handler failed"),
        );
        handler.throwing = undefined;
        peer.send({ name: "p", sequenceId: 2 });
        await peer.reply(2);
        assert.equal(peer.messages.length, 1);
      }));
  });
}

describe("a filter that fails", () => {
  it("in place of the default ones does not take the process with it", () =>
    serveForTest(
      {
        place: simulatedPlace(createWorld(1)),
        definition: Probe,
        handler: new HeldProbe(),
        filters: () => [
          {
            role: "broken",
            why: "to see what happens",
            filter: () => {
              throw new Error("no luck");
            },
          },
        ],
      },
      async (served) => {
        const peer = await served.peer(FORM);
        peer.send({ name: "p", sequenceId: 1 });
        const failure = failureOf(await peer.reply(1));
        assert.equal(failure.code, "internal");
        assert.equal(failure.workStarted, "no");
        assert.deepEqual(served.handler.counts.get("p"), undefined);
      },
    ));

  it("is not needed: without any filter a handler that throws is answered", () =>
    serveForTest(
      {
        place: simulatedPlace(createWorld(1)),
        definition: Probe,
        handler: new HeldProbe(),
        filters: () => [],
      },
      async (served) => {
        served.handler.throwing = { error: new Error("no luck") };
        const peer = await served.peer(FORM);
        peer.send({ name: "p", sequenceId: 1 }, { name: "nothing", sequenceId: 2 });
        assert.equal(failureOf(await peer.reply(1)).code, "internal");
        await peer.reply(2);
      },
    ));
});
