import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createContext, ServiceError, type WorkStarted } from "@holdfast/core";
import { ApplicationExceptionCodec, MESSAGE } from "@holdfast/thrift";
import { callRawServer, type RawServerRig } from "../testing/call-raw-server.ts";
import type { MessageSeen } from "../testing/wire-form.ts";

/** Answers every call at once. */
function answering({ server }: RawServerRig): void {
  server.onCall = (connection, call) => connection.answer(call, "fine");
}

describe("a server's word to go away", () => {
  const GO_AWAY = { strings: new Map([["crrst", "1"]]) };

  it("in a frame of its own sends new calls elsewhere; those at work end where they are", () =>
    callRawServer(
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
        second.answer(second.calls[0]!, "fine");
        first!.answer(first!.calls[0]!, "fine");
        assert.deepEqual(
          [await rig.settled(early), await rig.settled(late)],
          [undefined, undefined],
        );
        await rig.place.until(() => first!.ended || first!.closed);
      },
      { connectionsMax: 1 },
    ));

  it("with a reply does the same", () =>
    callRawServer(
      async (rig) => {
        const call = rig.call();
        await rig.place.until(() => rig.server.calls.length === 1);
        const [first] = rig.server.connections;
        first!.answer(first!.calls[0]!, "fine", { header: GO_AWAY });
        assert.equal(await rig.settled(call), undefined);
        await rig.place.until(() => first!.ended || first!.closed);
        answering(rig);
        assert.equal(await rig.settled(rig.call()), undefined);
        assert.equal(rig.server.connections.length, 2);
      },
      { connectionsMax: 1 },
    ));

  const refuse = (rig: RawServerRig, workStarted: WorkStarted, times: number): void => {
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
    callRawServer(
      async (rig) => {
        refuse(rig, "no", 4);
        assert.equal(await rig.settled(rig.call()), undefined);
        assert.equal(rig.server.calls.length, 5);
      },
      { connectionsMax: 4 },
    ));

  it("is not followed for ever", () =>
    callRawServer(
      async (rig) => {
        refuse(rig, "no", Infinity);
        const error = await rig.settled(rig.call());
        assert.deepEqual([error?.code, error?.workStarted], ["draining", "no"]);
        assert.ok(rig.server.calls.length <= 4);
      },
      { connectionsMax: 2 },
    ));

  it("is not followed when the work may have begun", () =>
    callRawServer(async (rig) => {
      refuse(rig, "maybe", 1);
      const error = await rig.settled(rig.call());
      assert.deepEqual([error?.code, error?.workStarted], ["draining", "maybe"]);
      assert.equal(rig.server.calls.length, 1);
    }));
});

describe("a client that is closed", () => {
  it("fails what is at work, what waits, and what comes after", () =>
    callRawServer(
      async (rig) => {
        const atWork = rig.call();
        await rig.place.until(() => rig.server.calls.length === 1);
        rig.world.network.partition("client", "server");
        rig.client.close();
        const after = rig.call();
        const [atWorkError, afterError] = [await rig.settled(atWork), await rig.settled(after)];
        assert.deepEqual([atWorkError?.code, atWorkError?.workStarted], ["unavailable", "maybe"]);
        assert.deepEqual([afterError?.code, afterError?.workStarted], ["cancelled", "no"]);
      },
      { connectionsMax: 1 },
    ));

  it("fails what waits for a connection", () =>
    callRawServer(async (rig) => {
      rig.world.network.partition("client", "server");
      const waiting = rig.call();
      await rig.world.run(10);
      rig.client.close();
      const error = await rig.settled(waiting);
      assert.deepEqual([error?.code, error?.workStarted], ["cancelled", "no"]);
    }));

  it("after it has left lets what is at work end, and takes nothing new", () =>
    callRawServer(async (rig) => {
      const atWork = rig.call();
      await rig.place.until(() => rig.server.calls.length === 1);
      rig.client.leave();
      const error = await rig.settled(rig.call());
      assert.deepEqual([error?.code, error?.workStarted], ["cancelled", "no"]);
      const connection = rig.server.connections.find(({ calls }) => calls.length === 1)!;
      connection.answer(connection.calls[0]!, "fine");
      assert.equal(await rig.settled(atWork), undefined);
      await rig.place.until(() => connection.ended || connection.closed);
    }));

  it("after it has left sends what nobody waits for to the end", () =>
    callRawServer(
      async (rig) => {
        answering(rig);
        await rig.settled(rig.call());
        const [connection] = rig.server.connections;
        rig.world.network.link("client", "server").change({ windowBytes: 1_000 });
        connection!.pause();
        const context = createContext({ clock: rig.world.clock });
        const keys = Array.from({ length: 20 }, (_, index) => `${index} ${"x".repeat(500)}`);
        await rig.place.finish(Promise.all(keys.map((key) => rig.client.calls.tell(context, key))));
        rig.client.leave();
        await rig.world.run(100);
        connection!.resume();
        await rig.place.until(() => connection!.ended || connection!.closed);
        assert.equal(connection!.calls.length, 1 + keys.length);
      },
      { connectionsMax: 1 },
    ));

  it("by leaving does not keep those who wait for a connection", () =>
    callRawServer(
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
    callRawServer(async (rig) => {
      answering(rig);
      await rig.settled(rig.call());
      for (const how of ["leave", "close", "leave", "close"] as const) rig.client[how]();
    }));
});
