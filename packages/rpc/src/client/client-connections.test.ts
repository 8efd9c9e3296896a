import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createContext } from "@holdfast/core";
import { callRawServer, type RawServerRig } from "../testing/call-raw-server.ts";
import { watchCall, type WatchedCall } from "../testing/watch-call.ts";

const KIB = 1024;

/** Answers every call at once. */
function answering({ server }: RawServerRig): void {
  server.onCall = (connection, call) => connection.answer(call, "fine");
}

function dialsOf({ world }: RawServerRig): number[] {
  const lines = world.trace.lines().filter((line) => line.endsWith(" connect"));
  return lines.map((line) => Number(line.split(" ")[0]));
}

describe("the connections of a client", () => {
  it("are made when they are needed, no more than allowed, and used in turn", () =>
    callRawServer(
      async (rig) => {
        answering(rig);
        await rig.world.run(100);
        assert.equal(rig.server.connections.length, 0);
        for (let count = 0; count < 30; count++) {
          // oxlint-disable-next-line no-await-in-loop
          assert.equal(await rig.settled(rig.call()), undefined);
        }
        const used = rig.server.connections.map(({ calls }) => calls.length);
        assert.equal(used.length, 3);
        assert.ok(Math.min(...used) >= 8, used.join());
      },
      { connectionsMax: 3 },
    ));

  it("are made anew when the server has closed them, and no call notices", () =>
    callRawServer(
      async (rig) => {
        answering(rig);
        await rig.settled(rig.call());
        for (const how of ["end", "destroy"] as const) {
          rig.server.connections.at(-1)![how]();
          // oxlint-disable-next-line no-await-in-loop
          await rig.world.run(20);
          // oxlint-disable-next-line no-await-in-loop
          assert.equal(await rig.settled(rig.call()), undefined);
        }
        assert.equal(rig.server.connections.length, 3);
      },
      { connectionsMax: 1 },
    ));

  for (const how of ["end", "destroy", "reset"] as const) {
    it(`fail their calls at once when they are lost, which may have begun: ${how}`, () =>
      callRawServer(
        async (rig) => {
          const call = rig.call();
          await rig.place.until(() => rig.server.calls.length === 1);
          const startMs = rig.world.clock.nowMs();
          if (how === "reset") rig.world.network.reset("client", "server");
          else rig.server.connections[0]![how]();
          const error = await rig.settled(call);
          assert.deepEqual([error?.code, error?.workStarted], ["unavailable", "maybe"]);
          assert.ok(rig.world.clock.nowMs() - startMs < 10);
        },
        { connectionsMax: 1, callTimeoutMs: 10_000 },
      ));
  }

  it("hand over what had not left yet when they are lost", () =>
    callRawServer(
      async (rig) => {
        answering(rig);
        await rig.settled(rig.call());
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
          const error = await rig.settled(call);
          if (error !== undefined) assert.equal(error.workStarted, "maybe");
        }
      },
      { connectionsMax: 1 },
    ));

  it("that cannot be had fail their calls at once, and say when to come back", () =>
    callRawServer(
      async (rig) => {
        rig.world.network.link("client", "server").change({ refuse: true });
        const error = await rig.settled(rig.call());
        assert.deepEqual([error?.code, error?.workStarted], ["unavailable", "no"]);
        assert.ok(error!.retryAfterMs! > 0 && error!.retryAfterMs! <= 100);
        const again = await rig.settled(rig.call());
        assert.deepEqual([again?.code, again?.workStarted], ["unavailable", "no"]);
        assert.match(again!.message, /nobody listens/);
        assert.equal(dialsOf(rig).length, 1, "no dial before its time");
      },
      { connectionsMax: 1, backoffMinMs: 100 },
    ));

  it("are asked for after growing pauses, each a random part of what it could be", () =>
    callRawServer(
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
        assert.equal(await rig.settled(rig.call()), undefined);
        rig.server.connections[0]!.destroy();
        link.change({ refuse: true });
        await rig.world.run(20);
        const error = await rig.settled(rig.call());
        assert.ok(error!.retryAfterMs! <= 100, "the pauses begin anew");
      },
      { connectionsMax: 1, backoffMinMs: 100, backoffMaxMs: 1_000, callTimeoutMs: 100 },
    ));

  it("are waited for as long as the call has time, and then no work has begun", () =>
    callRawServer(
      async (rig) => {
        rig.world.network.partition("client", "server");
        const startMs = rig.world.clock.nowMs();
        const error = await rig.settled(rig.call());
        assert.deepEqual([error?.code, error?.workStarted], ["deadline-exceeded", "no"]);
        assert.ok(Math.abs(rig.world.clock.nowMs() - startMs - 300) < 10);
      },
      { callTimeoutMs: 300, dialTimeoutMs: 900 },
    ));

  it("are given up after the dial time", () =>
    callRawServer(
      async (rig) => {
        rig.world.network.partition("client", "server");
        const error = await rig.settled(rig.call());
        assert.deepEqual([error?.code, error?.workStarted], ["unavailable", "no"]);
        assert.match(error!.message, /no answer within 200 ms/);
      },
      { dialTimeoutMs: 200, connectionsMax: 1 },
    ));

  it("carry no more calls than they may", () =>
    callRawServer(
      async (rig) => {
        const calls = Array.from({ length: 7 }, () => rig.call());
        await rig.place.until(() => rig.server.calls.length === 6);
        const error = await rig.settled(calls[6]!);
        assert.deepEqual([error?.code, error?.workStarted], ["overloaded", "no"]);
        for (const connection of rig.server.connections) {
          assert.equal(connection.calls.length, 3);
          for (const call of connection.calls) connection.answer(call, "fine");
        }
        for (const call of calls.slice(0, 6)) {
          // oxlint-disable-next-line no-await-in-loop
          assert.equal(await rig.settled(call), undefined);
        }
      },
      { connectionsMax: 2, callsPerConnectionMax: 3 },
    ));

  it("take no more calls while the server takes nothing, and are closed when it stays so", () =>
    callRawServer(
      async (rig) => {
        answering(rig);
        await rig.settled(rig.call());
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
        assert.equal(await rig.settled(rig.call()), undefined);
      },
      {
        connectionsMax: 1,
        unsentMaxBytes: 64 * KIB,
        writeTimeoutMs: 1_000,
        callTimeoutMs: 10_000,
      },
    ));

  it("that died without a word are found out, also when calls are few", () =>
    callRawServer(
      async (rig) => {
        answering(rig);
        await rig.settled(rig.call());
        rig.world.network.vanish("client", "server");
        const startMs = rig.world.clock.nowMs();
        let failed = 0;
        // One call in three seconds, each given up after one.
        while ((await rig.settled(rig.call())) !== undefined) {
          failed++;
          // oxlint-disable-next-line no-await-in-loop
          await rig.world.run(2_000);
          assert.ok(rig.world.clock.nowMs() - startMs < 20_000, `${failed} calls failed`);
        }
      },
      { connectionsMax: 1, silenceTimeoutMs: 5_000 },
    ));

  it("that are silent because nothing was asked are kept", () =>
    callRawServer(
      async (rig) => {
        answering(rig);
        await rig.settled(rig.call());
        await rig.world.run(60_000);
        await rig.settled(rig.call());
        assert.equal(rig.server.connections.length, 1);
      },
      { connectionsMax: 1, silenceTimeoutMs: 5_000 },
    ));

  it("that the server closes unheard are not asked for in a storm", () =>
    callRawServer(
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
        assert.equal(await rig.settled(rig.call()), undefined);
      },
      { connectionsMax: 1, backoffMinMs: 100, backoffMaxMs: 1_000 },
    ));
});
