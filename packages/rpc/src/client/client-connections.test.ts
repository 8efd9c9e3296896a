import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createContext, ServiceError, type WorkStarted } from "@holdfast/core";
import { createWorld, type World } from "@holdfast/sim";
import { ApplicationExceptionCodec, MESSAGE } from "@holdfast/thrift";
import { Probe, type ProbeClient } from "../testing/gen/probe.ts";
import { RawServer } from "../testing/raw-server.ts";
import { simulatedPlace, type TestPlace } from "../testing/test-place.ts";
import { watchCall, type WatchedCall } from "../testing/watch-call.ts";
import { type MessageSeen, wireForm } from "../testing/wire-form.ts";
import { type ClientHandle, createClient } from "./client.ts";
import type { ClientOptions } from "./options.ts";

const FORM = wireForm("ttheader binary");
const KIB = 1024;

interface Rig {
  readonly world: World;
  readonly place: TestPlace;
  readonly server: RawServer;
  readonly client: ClientHandle<ProbeClient>;
  call(key?: string): WatchedCall<string>;
}

async function calling(
  body: (rig: Rig) => Promise<void>,
  options: Partial<ClientOptions> = {},
): Promise<void> {
  const world = createWorld(1);
  const place = simulatedPlace(world);
  const server = new RawServer(place, FORM);
  const address = await server.listen();
  const runtime = place.runtime("client");
  const client = createClient({ definition: Probe, address, runtime, options });
  const call = (key = "a"): WatchedCall<string> =>
    watchCall(client.calls.hold(createContext({ clock: world.clock }), key), key);
  try {
    await body({ world, place, server, client, call });
  } finally {
    client.close();
    await server.close();
  }
  // A dial may still be on its way when the client is closed.
  await world.run(1_000);
  assert.deepEqual(await place.left(), []);
}

/** Answers every call at once. */
function answering({ server }: Rig): void {
  server.onCall = (connection, call) => connection.answer(call, "fine");
}

async function settled(
  { place }: Rig,
  call: WatchedCall<string>,
): Promise<ServiceError | undefined> {
  await place.until(() => call.settled !== "no");
  return call.error;
}

function dialsOf({ world }: Rig): number[] {
  const lines = world.trace.lines().filter((line) => line.endsWith(" connect"));
  return lines.map((line) => Number(line.split(" ")[0]));
}

describe("the connections of a client", () => {
  it("are made when they are needed, no more than allowed, and used in turn", () =>
    calling(
      async (rig) => {
        answering(rig);
        await rig.world.run(100);
        assert.equal(rig.server.connections.length, 0);
        for (let count = 0; count < 30; count++) {
          // oxlint-disable-next-line no-await-in-loop
          assert.equal(await settled(rig, rig.call()), undefined);
        }
        const used = rig.server.connections.map(({ calls }) => calls.length);
        assert.equal(used.length, 3);
        assert.ok(Math.min(...used) >= 8, used.join());
      },
      { connectionsMax: 3 },
    ));

  it("are made anew when the server has closed them, and no call notices", () =>
    calling(
      async (rig) => {
        answering(rig);
        await settled(rig, rig.call());
        for (const how of ["end", "destroy"] as const) {
          rig.server.connections.at(-1)![how]();
          // oxlint-disable-next-line no-await-in-loop
          await rig.world.run(20);
          // oxlint-disable-next-line no-await-in-loop
          assert.equal(await settled(rig, rig.call()), undefined);
        }
        assert.equal(rig.server.connections.length, 3);
      },
      { connectionsMax: 1 },
    ));

  it("hand over what had not left yet when they are lost", () =>
    calling(
      async (rig) => {
        answering(rig);
        await settled(rig, rig.call());
        const first = rig.server.connections[0]!;
        first.onEnd = () => undefined;
        first.end();
        // Calls in every moment around the one in which the client hears of the end.
        const calls: WatchedCall<string>[] = [];
        for (let count = 0; count < 300; count++) {
          calls.push(rig.call());
          rig.world.clock.advance(1 / 64);
        }
        for (const call of calls) {
          // oxlint-disable-next-line no-await-in-loop
          const error = await settled(rig, call);
          if (error !== undefined) assert.equal(error.workStarted, "maybe");
        }
      },
      { connectionsMax: 1 },
    ));

  it("that cannot be had fail their calls at once, and say when to come back", () =>
    calling(
      async (rig) => {
        rig.world.network.link("client", "server").change({ refuse: true });
        const error = await settled(rig, rig.call());
        assert.deepEqual([error?.code, error?.workStarted], ["unavailable", "no"]);
        assert.ok(error!.retryAfterMs! > 0 && error!.retryAfterMs! <= 100);
        const again = await settled(rig, rig.call());
        assert.deepEqual([again?.code, again?.workStarted], ["unavailable", "no"]);
        assert.match(again!.message, /nobody listens/);
        assert.equal(dialsOf(rig).length, 1, "no dial before its time");
      },
      { connectionsMax: 1, backoffMinMs: 100 },
    ));

  it("are asked for after growing pauses, each a random part of what it could be", () =>
    calling(
      async (rig) => {
        const link = rig.world.network.link("client", "server");
        link.change({ refuse: true, latencyMs: 0, jitterMs: 0 });
        while (rig.world.clock.nowMs() < 20_000) {
          rig.call();
          // oxlint-disable-next-line no-await-in-loop
          await rig.world.run(1);
        }
        const dials = dialsOf(rig);
        const pauses = dials.slice(1).map((ms, index) => ms - dials[index]!);
        for (const [index, pause] of pauses.entries()) {
          const full = Math.min(1_000, 100 * 2 ** index);
          assert.ok(pause >= full / 2 - 1 && pause <= full + 5, `${pause} ms, at most ${full}`);
        }
        assert.equal(new Set(pauses.slice(5).map(Math.round)).size > 3, true, "they vary");
        link.change({ refuse: false });
        answering(rig);
        await rig.world.run(1_000);
        assert.equal(await settled(rig, rig.call()), undefined);
        rig.server.connections[0]!.destroy();
        link.change({ refuse: true });
        await rig.world.run(20);
        const error = await settled(rig, rig.call());
        assert.ok(error!.retryAfterMs! <= 100, "the pauses begin anew");
      },
      { connectionsMax: 1, backoffMinMs: 100, backoffMaxMs: 1_000, callTimeoutMs: 100 },
    ));

  it("are waited for as long as the call has time, and then no work has begun", () =>
    calling(
      async (rig) => {
        rig.world.network.partition("client", "server");
        const startMs = rig.world.clock.nowMs();
        const error = await settled(rig, rig.call());
        assert.deepEqual([error?.code, error?.workStarted], ["deadline-exceeded", "no"]);
        assert.ok(Math.abs(rig.world.clock.nowMs() - startMs - 300) < 10);
      },
      { callTimeoutMs: 300, dialTimeoutMs: 900 },
    ));

  it("are given up after the dial time", () =>
    calling(
      async (rig) => {
        rig.world.network.partition("client", "server");
        const error = await settled(rig, rig.call());
        assert.deepEqual([error?.code, error?.workStarted], ["unavailable", "no"]);
        assert.match(error!.message, /no answer within 200 ms/);
      },
      { dialTimeoutMs: 200, connectionsMax: 1 },
    ));

  it("carry no more calls than they may", () =>
    calling(
      async (rig) => {
        const calls = Array.from({ length: 7 }, () => rig.call());
        await rig.place.until(() => rig.server.calls.length === 6);
        const error = await settled(rig, calls[6]!);
        assert.deepEqual([error?.code, error?.workStarted], ["overloaded", "no"]);
        for (const connection of rig.server.connections) {
          assert.equal(connection.calls.length, 3);
          for (const call of connection.calls) connection.answer(call, "fine");
        }
        for (const call of calls.slice(0, 6)) {
          // oxlint-disable-next-line no-await-in-loop
          assert.equal(await settled(rig, call), undefined);
        }
      },
      { connectionsMax: 2, callsPerConnectionMax: 3 },
    ));

  it("take no more calls while the server takes nothing, and are closed when it stays so", () =>
    calling(
      async (rig) => {
        answering(rig);
        await settled(rig, rig.call());
        rig.world.network.link("client", "server").change({ windowBytes: 16 * KIB });
        const [first] = rig.server.connections;
        first!.pause();
        const context = createContext({ clock: rig.world.clock });
        const send = (): WatchedCall<Uint8Array> =>
          watchCall(rig.client.calls.bytes(context, 1, new Uint8Array(40 * KIB)));
        const calls: WatchedCall<Uint8Array>[] = [];
        for (let count = 0; count < 10; count++) {
          calls.push(send());
          // oxlint-disable-next-line no-await-in-loop
          await rig.world.run(5);
        }
        const refused = calls.filter(({ error }) => error?.code === "overloaded");
        assert.ok(refused.length >= 5);
        for (const { error } of refused) assert.equal(error?.workStarted, "no");
        const startMs = rig.world.clock.nowMs();
        await rig.place.until(() => calls.every((call) => call.settled === "rejected"));
        assert.ok(rig.world.clock.nowMs() - startMs < 1_500);
        for (const { error } of calls.filter((call) => !refused.includes(call))) {
          assert.deepEqual([error?.code, error?.workStarted], ["unavailable", "maybe"]);
          assert.match(error!.message, /took no bytes for 1000 ms/);
        }
        assert.equal(await settled(rig, rig.call()), undefined);
      },
      {
        connectionsMax: 1,
        unsentMaxBytes: 64 * KIB,
        writeTimeoutMs: 1_000,
        callTimeoutMs: 10_000,
      },
    ));

  it("that died without a word are found out, also when calls are few", () =>
    calling(
      async (rig) => {
        answering(rig);
        await settled(rig, rig.call());
        rig.world.network.vanish("client", "server");
        const startMs = rig.world.clock.nowMs();
        let failed = 0;
        // One call in three seconds, each given up after one.
        while ((await settled(rig, rig.call())) !== undefined) {
          failed++;
          // oxlint-disable-next-line no-await-in-loop
          await rig.world.run(2_000);
          assert.ok(rig.world.clock.nowMs() - startMs < 20_000, `${failed} calls failed`);
        }
      },
      { connectionsMax: 1, silenceTimeoutMs: 5_000 },
    ));

  it("that are silent because nothing was asked are kept", () =>
    calling(
      async (rig) => {
        answering(rig);
        await settled(rig, rig.call());
        await rig.world.run(60_000);
        await settled(rig, rig.call());
        assert.equal(rig.server.connections.length, 1);
      },
      { connectionsMax: 1, silenceTimeoutMs: 5_000 },
    ));

  it("that the server closes unheard are not asked for in a storm", () =>
    calling(
      async (rig) => {
        rig.server.onCall = (connection) => connection.destroy();
        while (rig.world.clock.nowMs() < 10_000) {
          rig.call();
          // oxlint-disable-next-line no-await-in-loop
          await rig.world.run(5);
        }
        const dials = dialsOf(rig).length;
        assert.ok(dials < 40, `${dials} dials in 10 s`);
        answering(rig);
        await rig.world.run(1_000);
        assert.equal(await settled(rig, rig.call()), undefined);
      },
      { connectionsMax: 1, backoffMinMs: 100, backoffMaxMs: 1_000 },
    ));
});

describe("a server's word to go away", () => {
  const GO_AWAY = { strings: new Map([["crrst", "1"]]) };

  it("in a frame of its own sends new calls elsewhere; those at work end where they are", () =>
    calling(
      async (rig) => {
        const early = rig.call("early");
        await rig.place.until(() => rig.server.calls.length === 1);
        const [first] = rig.server.connections;
        first!.send({ name: "none", type: MESSAGE.reply, sequenceId: 0, header: GO_AWAY });
        await rig.world.run(20);
        const late = rig.call("late");
        await rig.place.until(() => rig.server.calls.length === 2);
        const [, second] = rig.server.connections;
        assert.equal(second?.calls.length, 1);
        assert.equal(first!.ended || first!.closed, false);
        second!.answer(second!.calls[0]!, "fine");
        first!.answer(first!.calls[0]!, "fine");
        assert.deepEqual(
          [await settled(rig, early), await settled(rig, late)],
          [undefined, undefined],
        );
        await rig.place.until(() => first!.ended || first!.closed);
      },
      { connectionsMax: 1 },
    ));

  it("with a reply does the same", () =>
    calling(
      async (rig) => {
        const call = rig.call();
        await rig.place.until(() => rig.server.calls.length === 1);
        const [first] = rig.server.connections;
        first!.answer(first!.calls[0]!, "fine", { header: GO_AWAY });
        assert.equal(await settled(rig, call), undefined);
        await rig.place.until(() => first!.ended || first!.closed);
        answering(rig);
        assert.equal(await settled(rig, rig.call()), undefined);
        assert.equal(rig.server.connections.length, 2);
      },
      { connectionsMax: 1 },
    ));

  const refuse = (rig: Rig, workStarted: WorkStarted, times: number): void => {
    const refusal = new ServiceError("draining", "not here", { workStarted });
    let left = times;
    rig.server.onCall = (connection, call: MessageSeen) => {
      if (left-- <= 0) return connection.answer(call, "fine");
      connection.send({
        name: call.name,
        type: MESSAGE.exception,
        sequenceId: call.sequenceId,
        body: (output) => {
          if (output.protocol === "binary") ApplicationExceptionCodec.writeBinary(output, refusal);
        },
      });
    };
  };

  it("in place of an answer moves the call to another connection", () =>
    calling(
      async (rig) => {
        refuse(rig, "no", 4);
        assert.equal(await settled(rig, rig.call()), undefined);
        assert.equal(rig.server.calls.length, 5);
      },
      { connectionsMax: 4 },
    ));

  it("is not followed for ever", () =>
    calling(
      async (rig) => {
        refuse(rig, "no", Infinity);
        const error = await settled(rig, rig.call());
        assert.deepEqual([error?.code, error?.workStarted], ["draining", "no"]);
        assert.ok(rig.server.calls.length <= 4);
      },
      { connectionsMax: 2 },
    ));

  it("is not followed when the work may have begun", () =>
    calling(async (rig) => {
      refuse(rig, "maybe", 1);
      const error = await settled(rig, rig.call());
      assert.deepEqual([error?.code, error?.workStarted], ["draining", "maybe"]);
      assert.equal(rig.server.calls.length, 1);
    }));
});

describe("a client that is closed", () => {
  it("fails what is at work, what waits, and what comes after", () =>
    calling(
      async (rig) => {
        const atWork = rig.call();
        await rig.place.until(() => rig.server.calls.length === 1);
        rig.world.network.partition("client", "server");
        rig.client.close();
        const after = rig.call();
        const [atWorkError, afterError] = [await settled(rig, atWork), await settled(rig, after)];
        assert.deepEqual([atWorkError?.code, atWorkError?.workStarted], ["unavailable", "maybe"]);
        assert.deepEqual([afterError?.code, afterError?.workStarted], ["cancelled", "no"]);
      },
      { connectionsMax: 1 },
    ));

  it("fails what waits for a connection", () =>
    calling(async (rig) => {
      rig.world.network.partition("client", "server");
      const waiting = rig.call();
      await rig.world.run(10);
      rig.client.close();
      const error = await settled(rig, waiting);
      assert.deepEqual([error?.code, error?.workStarted], ["cancelled", "no"]);
    }));

  it("after it has left lets what is at work end, and takes nothing new", () =>
    calling(async (rig) => {
      const atWork = rig.call();
      await rig.place.until(() => rig.server.calls.length === 1);
      rig.client.leave();
      const error = await settled(rig, rig.call());
      assert.deepEqual([error?.code, error?.workStarted], ["cancelled", "no"]);
      const connection = rig.server.connections.find(({ calls }) => calls.length === 1)!;
      connection.answer(connection.calls[0]!, "fine");
      assert.equal(await settled(rig, atWork), undefined);
      await rig.place.until(() => connection.ended || connection.closed);
    }));

  it("by leaving does not keep those who wait for a connection", () =>
    calling(
      async (rig) => {
        rig.world.network.partition("client", "server");
        const waiting = rig.call();
        await rig.world.run(10);
        rig.client.leave();
        await rig.world.run(1);
        assert.equal(waiting.error?.code, "cancelled");
      },
      { callTimeoutMs: 10_000 },
    ));

  it("may be closed and left any number of times", () =>
    calling(async (rig) => {
      answering(rig);
      await settled(rig, rig.call());
      for (const how of ["leave", "close", "leave", "close"] as const) rig.client[how]();
    }));
});
