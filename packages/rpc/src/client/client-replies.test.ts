import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createContext, ServiceError } from "@holdfast/core";
import { MESSAGE } from "@holdfast/thrift";
import { callRawServer, type RawServerRig } from "../testing/call-raw-server.ts";
import type { RawServerConnection } from "../testing/raw-server.ts";
import { watchCall, type WatchedCall } from "../testing/watch-call.ts";
import { type MessageSeen, structOf, WIRE_FORMS } from "../testing/wire-form.ts";
import type { ClientOptions } from "./options.ts";

interface Made {
  readonly call: WatchedCall<string>;
  readonly seen: MessageSeen;
  readonly from: RawServerConnection;
}

interface Rig extends Omit<RawServerRig, "call"> {
  /** Makes a call and waits until the server has it. */
  call(key: string): Promise<Made>;
}

function calling(
  body: (rig: Rig) => Promise<void>,
  options: Partial<ClientOptions> = {},
  formName = "ttheader binary",
): Promise<void> {
  const run = (rig: RawServerRig): Promise<void> => {
    const call = async (key: string): Promise<Made> => {
      const before = rig.server.calls.length;
      const made = rig.call(key);
      await rig.place.until(() => rig.server.calls.length > before);
      const from = rig.server.connections.findLast(({ calls }) => calls.length > 0)!;
      return { call: made, seen: from.calls.at(-1)!, from };
    };
    return body({ ...rig, call });
  };
  return callRawServer(run, { connectionsMax: 1, ...options }, formName);
}

async function errorOf(rig: Rig, call: WatchedCall<string>): Promise<ServiceError> {
  const error = await rig.settled(call);
  assert.ok(error !== undefined, "it did not fail");
  return error;
}

describe("a reply", () => {
  for (const form of WIRE_FORMS) {
    it(`settles its call: ${form.name}`, () =>
      calling(
        async ({ call, place }) => {
          const { call: made, seen, from } = await call("a");
          from.answer(seen, "fine");
          assert.equal(await place.finish(made.promise), "fine");
        },
        {},
        form.name,
      ));
  }

  it("that comes twice counts once, and does no harm", () =>
    calling(async (rig) => {
      const first = await rig.call("a");
      first.from.answer(first.seen, "fine");
      first.from.answer(first.seen, "again");
      assert.equal(await rig.place.finish(first.call.promise), "fine");
      const second = await rig.call("b");
      first.from.answer(first.seen, "and again");
      second.from.answer(second.seen, "second");
      assert.equal(await rig.place.finish(second.call.promise), "second");
      assert.equal(lateReplies(rig), 2);
    }));

  it("that comes too late is nobody's", () =>
    calling(async (rig) => {
      const first = await rig.call("a");
      assert.equal((await errorOf(rig, first.call)).code, "deadline-exceeded");
      const second = await rig.call("b");
      first.from.answer(first.seen, "late");
      second.from.answer(second.seen, "second");
      assert.equal(await rig.place.finish(second.call.promise), "second");
    }));

  it("that nobody asked for is nobody's", () =>
    calling(async (rig) => {
      const { call, seen, from } = await rig.call("a");
      for (const sequenceId of [0, -1, 1, seen.sequenceId + 1, -seen.sequenceId, 2 ** 31 - 1]) {
        from.answer(seen, "wrong", { sequenceId });
      }
      from.answer(seen, "right");
      assert.equal(await rig.place.finish(call.promise), "right");
    }));

  const WRONG: Record<string, (from: RawServerConnection, seen: MessageSeen) => void> = {
    "to another method": (from, seen) => from.answer(seen, "fine", { name: "held" }),
    "that is a call": (from, seen) => from.answer(seen, "fine", { type: MESSAGE.call }),
    "without a result": (from, seen) => from.answer(seen, "", { body: structOf(() => undefined) }),
    "with a result that cannot be read": (from, seen) =>
      from.answer(seen, "", {
        body: structOf((output) => {
          output.writeField(0x0b_0000);
          output.writeBinary(Buffer.from([0xff]));
        }),
      }),
    "with a result of another type": (from, seen) =>
      from.answer(seen, "", {
        body: structOf((output) => {
          output.writeField(0x08_0000);
          output.writeI32(7);
        }),
      }),
    "with an exception that cannot be read": (from, seen) =>
      from.answer(seen, "", {
        type: MESSAGE.exception,
        body: structOf((output) => {
          output.writeField(0x0b_0001);
          output.writeBinary(Buffer.from([0xff]));
        }),
      }),
  };
  for (const [what, answer] of Object.entries(WRONG)) {
    it(`${what} fails its call, whose work was done, and no other`, () =>
      calling(async (rig) => {
        const [wrong, right] = [await rig.call("a"), await rig.call("b")];
        answer(wrong.from, wrong.seen);
        right.from.answer(right.seen, "fine");
        const error = await errorOf(rig, wrong.call);
        assert.equal(error.code, "protocol");
        assert.equal(error.workStarted, "yes");
        assert.equal(error.retryable, false);
        assert.equal(await rig.place.finish(right.call.promise), "fine");
      }));
  }

  it("of a foreign server's making has the code that its type says", () =>
    calling(async (rig) => {
      for (const [type, code] of [
        [0, "internal"],
        [1, "not-found"],
        [6, "internal"],
        [7, "protocol"],
        [99, "internal"],
      ] as const) {
        // One after the other.
        // oxlint-disable-next-line no-await-in-loop
        const { call, seen, from } = await rig.call("a");
        from.answer(seen, "", {
          type: MESSAGE.exception,
          body: structOf((output) => {
            output.writeField(0x0b_0001);
            output.writeString("theirs");
            output.writeField(0x08_0002);
            output.writeI32(type);
          }),
        });
        // oxlint-disable-next-line no-await-in-loop
        const error = await errorOf(rig, call);
        assert.deepEqual([error.code, error.message, error.workStarted], [code, "theirs", "maybe"]);
      }
    }));

  for (const [what, bytes] of [
    ["that is no frame", Buffer.from("HTTP/1.1 200 OK\r\n\r\n")],
    ["whose frame is too large", Buffer.from("7fffffff10000000", "hex")],
    ["of zeros", Buffer.alloc(64)],
  ] as const) {
    it(`${what} fails all calls of its connection, which may have begun`, () =>
      calling(async (rig) => {
        const calls = [await rig.call("a"), await rig.call("b")];
        calls[0]!.from.sendBytes(bytes);
        for (const { call } of calls) {
          // oxlint-disable-next-line no-await-in-loop
          const error = await errorOf(rig, call);
          assert.deepEqual([error.code, error.workStarted], ["unavailable", "maybe"]);
        }
        const next = await rig.call("c");
        next.from.answer(next.seen, "fine");
        assert.equal(await rig.place.finish(next.call.promise), "fine");
        assert.equal(rig.server.connections.length, 2);
      }));
  }
});

describe("what travels with a call", () => {
  it("is who calls whom, the request id, and the time that is left", () =>
    calling(
      async ({ place, server, client, world }) => {
        const context = createContext({ clock: world.clock, requestId: "id-1" }).withTimeout(500);
        await world.run(100);
        const call = watchCall(client.calls.hold(context, "a"));
        await place.until(() => server.calls.length === 1);
        const { integers } = server.calls[0]!.header!;
        assert.equal(integers.get(2), "id-1");
        assert.equal(integers.get(3), "caller");
        assert.equal(integers.get(6), "Probe");
        assert.equal(integers.get(9), "hold");
        const leftMs = Number(integers.get(12));
        assert.ok(leftMs <= 400 && leftMs >= 390, `${leftMs} ms`);
        server.connections[0]!.answer(server.calls[0]!, "fine");
        assert.equal(await place.finish(call.promise), "fine");
      },
      { name: "caller" },
    ));

  it("is the client's own time when the context allows more", () =>
    calling(
      async (rig) => {
        const { seen, from } = await rig.call("a");
        const leftMs = Number(seen.header!.integers.get(12));
        assert.ok(leftMs <= 300 && leftMs >= 290, `${leftMs} ms`);
        from.answer(seen, "fine");
      },
      { callTimeoutMs: 300 },
    ));
});

describe("a call that is given up", () => {
  it("is told to a server that hears cancels", () =>
    calling(async (rig) => {
      const greeting = await rig.call("hello");
      const strings = new Map([["holdfast-hears-cancel", "1"]]);
      greeting.from.answer(greeting.seen, "fine", { header: { strings } });
      await rig.place.finish(greeting.call.promise);
      const { call, seen, from } = await rig.call("a");
      assert.equal((await errorOf(rig, call)).code, "deadline-exceeded");
      await rig.place.until(() => from.signals.length === 1);
      assert.equal(from.signals[0]!.header?.sequenceId, seen.sequenceId);
      assert.ok(from.signals[0]!.header?.strings.has("holdfast-cancel"));
    }));

  for (const form of ["ttheader binary", "framed binary", "buffered compact"]) {
    it(`is not told to a server that does not hear them: ${form}`, () =>
      calling(
        async (rig) => {
          const { call, from } = await rig.call("a");
          await errorOf(rig, call);
          await rig.world.run(100);
          assert.deepEqual(from.signals, []);
          assert.equal(from.calls.length, 1);
        },
        {},
        form,
      ));
  }

  it("because its time had passed unnoticed never leaves", () =>
    calling(async (rig) => {
      const { world, server, client, call: greet } = rig;
      const greeting = await greet("hello");
      greeting.from.answer(greeting.seen, "fine");
      await rig.settled(greeting.call);
      const context = createContext({ clock: world.clock }).withTimeout(5);
      world.clock.advance(10);
      const call = watchCall(client.calls.hold(context, "a"));
      const error = await errorOf(rig, call);
      assert.deepEqual([error.code, error.workStarted], ["deadline-exceeded", "no"]);
      await world.run(100);
      assert.equal(server.calls.length, 1);
    }));

  it("before it was sent never leaves", () =>
    calling(async ({ world, place, server, client }) => {
      const { context, cancel } = createContext({ clock: world.clock }).withCancel();
      cancel(new ServiceError("cancelled", "not wanted any more"));
      const call = watchCall(client.calls.hold(context, "a"));
      await place.until(() => call.settled !== "no");
      assert.deepEqual([call.error?.code, call.error?.workStarted], ["cancelled", "no"]);
      await world.run(100);
      assert.deepEqual(server.calls, []);
    }));
});

function lateReplies({ observers }: Rig): number {
  const [stats] = observers.state.snapshots("stats");
  assert.ok(stats !== undefined && "state" in stats);
  const { connections } = stats.state as { connections: { lateReplies: number }[] };
  return connections.reduce((sum, each) => sum + each.lateReplies, 0);
}
