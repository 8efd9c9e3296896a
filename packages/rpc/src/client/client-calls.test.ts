import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ServiceError } from "@holdfast/core";
import { createWorld } from "@holdfast/sim";
import {
  Color,
  type Everything,
  Probe,
  type ProbeClient,
  type ProbeHandler,
  Refused,
} from "../testing/gen/probe.ts";
import { HeldProbe } from "../testing/held-probe.ts";
import { type ServedForTest, serveForTest } from "../testing/serve-for-test.ts";
import { loopbackPlace, simulatedPlace } from "../testing/test-place.ts";
import { completeClientOptions, type ClientOptions } from "./options.ts";

type Served = ServedForTest<ProbeHandler, ProbeClient, HeldProbe>;

const PLACES = [() => simulatedPlace(createWorld(1)), () => loopbackPlace()];
const FRAMINGS = ["ttheader", "framed", "buffered"] as const;
const PROTOCOLS = ["binary", "compact"] as const;

const EVERYTHING: Everything = {
  flag: true,
  tiny: -128,
  small: -32_768,
  medium: 2_147_483_647,
  large: -(2n ** 63n),
  real: 0.1,
  text: "kelp, 海藻, 🌊",
  raw: Uint8Array.from([0, 255, 128]),
  id: "12345678-9abc-def0-1234-56789abcdef0",
  color: Color.GREEN,
  words: ["", "one"],
  counts: new Map([["a", 1]]),
  inner: undefined,
};

for (const place of PLACES) {
  for (const framing of FRAMINGS) {
    for (const protocol of PROTOCOLS) {
      describe(`a call, ${place().name}, ${framing} ${protocol},`, () => {
        const calling = (
          body: (calls: ProbeClient, served: Served) => Promise<void>,
          options: Partial<ClientOptions> = {},
        ): Promise<void> =>
          serveForTest({ place: place(), definition: Probe, handler: new HeldProbe() }, (served) =>
            body(served.client({ framing, protocol, ...options }).calls, served),
          );

        it("brings back every kind of value", () =>
          calling(async (calls, served) => {
            const value: Everything = { ...EVERYTHING, inner: EVERYTHING };
            const back = await served.place.finish(calls.echo(served.context(), value));
            assert.deepEqual(plain(back), plain(value));
          }));

        it("fails with the exception that the IDL declares", () =>
          calling(async (calls, served) => {
            served.handler.onHeld = (call) => call.fail(new Refused({ reason: "full", limit: 3 }));
            for (const call of [calls.hold, calls.touch]) {
              const failing = served.place.finish<unknown>(call(served.context(), "a"));
              // oxlint-disable-next-line no-await-in-loop
              await assert.rejects(failing, (error) => {
                assert.ok(error instanceof Refused);
                assert.deepEqual([error.reason, error.limit], ["full", 3]);
                return true;
              });
            }
          }));

        it("fails with the code of the server's failure", () =>
          calling(async (calls, served) => {
            served.handler.throwing = {
              error: new ServiceError("overloaded", "come back later", { retryAfterMs: 250 }),
            };
            await assert.rejects(served.place.finish(calls.p(served.context())), {
              name: "ServiceError",
              code: "overloaded",
              message: "come back later",
              retryAfterMs: 250,
              workStarted: "maybe",
            });
          }));

        it("without a result brings back nothing", () =>
          calling(async (calls, served) => {
            served.handler.onHeld = (call) => call.answer("ignored");
            const back = served.place.finish(calls.touch(served.context(), "a"));
            assert.equal(await back, undefined);
          }));

        it("that is oneway does not wait for the work", () =>
          calling(async (calls, served) => {
            await served.place.finish(calls.tell(served.context(), "a"));
            await served.place.until(() => served.handler.calls.length === 1);
            served.handler.held("a").answer("");
            await served.place.finish(calls.p(served.context()));
          }));

        it("finds its own reply among many, whatever their order", () =>
          calling(async (calls, served) => {
            const { place: where, handler } = served;
            const keys = Array.from({ length: 50 }, (_, index) => String(index));
            const replies = Promise.all(keys.map((key) => calls.hold(served.context(), key)));
            await where.until(() => handler.calls.length === keys.length);
            for (const call of handler.calls.toReversed()) call.answer(`${call.key}!`);
            assert.deepEqual(
              await where.finish(replies),
              keys.map((key) => `${key}!`),
            );
          }));

        it("with arguments that do not fit never leaves, and takes nothing with it", () =>
          calling(async (calls, served) => {
            const results = await served.place.finish(
              Promise.allSettled([
                calls.p(served.context()),
                calls.echo(served.context(), { ...EVERYTHING, medium: 0.5 }),
                calls.echo(served.context(), undefined as never),
                calls.p(served.context()),
              ]),
            );
            const errors = results.map((each) =>
              each.status === "rejected" ? (each.reason as ServiceError) : undefined,
            );
            assert.deepEqual(
              errors.map((error) => error && [error.code, error.workStarted]),
              [undefined, ["invalid", "no"], ["invalid", "no"], undefined],
            );
          }));

        it("that is too large never leaves, and takes nothing with it", () =>
          calling(
            async (calls, served) => {
              const large = calls.bytes(served.context(), 1, new Uint8Array(5_000));
              await assert.rejects(served.place.finish(large), {
                code: "too-large",
                workStarted: "no",
              });
              await served.place.finish(calls.p(served.context()));
            },
            { frameMaxBytes: 4_096 },
          ));
      });
    }
  }
}

describe("the client's options", () => {
  it("are complete by default", () => {
    for (const [name, value] of Object.entries(completeClientOptions({}))) {
      if (typeof value === "number") assert.ok(Number.isFinite(value), name);
    }
  });

  it("that make no sense are refused by name", () => {
    for (const input of [
      { connectionsMax: 0 },
      { callsPerConnectionMax: 65_537 },
      { frameMaxBytes: 1 },
      { unsentMaxBytes: 1 },
      { callTimeoutMs: 0 },
      { dialTimeoutMs: NaN },
      { writeTimeoutMs: -1 },
      { silenceTimeoutMs: Infinity },
      { backoffMinMs: 0 },
      { backoffMinMs: 100, backoffMaxMs: 99 },
    ] satisfies Partial<ClientOptions>[]) {
      const [name] = Object.keys(input);
      assert.throws(() => completeClientOptions(input), new RegExp(`^RangeError: ${name} `));
    }
  });
});

/** Without the prototypes that a reader leaves out. */
function plain(value: Everything): unknown {
  const { inner, raw, ...rest } = value;
  return { ...rest, raw: [...raw], inner: inner === undefined ? undefined : plain(inner) };
}
