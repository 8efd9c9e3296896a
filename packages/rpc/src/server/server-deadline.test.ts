import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { ServiceError } from "@holdfast/core";
import { createWorld, type World } from "@holdfast/sim";
import { CODEC } from "@holdfast/thrift";
import { Probe, type ProbeClient, type ProbeHandler } from "../testing/gen/probe.ts";
import { HeldProbe } from "../testing/held-probe.ts";
import { failureOf, keyArguments, type RawPeer, resultOf } from "../testing/raw-peer.ts";
import { type ServedForTest, serveForTest } from "../testing/serve-for-test.ts";
import { simulatedPlace, type TestPlace } from "../testing/test-place.ts";
import { type MessageToSend, WIRE_FORMS, wireForm } from "../testing/wire-form.ts";
import type { ServerOptionsInput } from "./options.ts";

type Served = ServedForTest<ProbeHandler, ProbeClient, HeldProbe>;

interface Rig {
  readonly world: World;
  readonly served: Served;
  readonly place: TestPlace;
  readonly handler: HeldProbe;
  readonly peer: RawPeer;
}

/** Nothing takes time on this network, so that times can be compared. */
const AT_ONCE = { latencyMs: 0, jitterMs: 0, takenAtOnceRatio: 1, chunking: "whole" } as const;

async function serving(
  body: (rig: Rig) => Promise<void>,
  options: ServerOptionsInput = {},
  form = "ttheader binary",
): Promise<void> {
  const world = createWorld(1, AT_ONCE);
  const place = simulatedPlace(world);
  await serveForTest(
    { place, definition: Probe, handler: new HeldProbe(), options },
    async (served) => {
      // Not at time 0, which may be taken for "never".
      await world.run(10);
      const peer = await served.peer(wireForm(form));
      await body({ world, place, served, handler: served.handler, peer });
    },
  );
}

function hold(sequenceId: number, timeoutMs?: string, logId?: string): MessageToSend {
  const integers = new Map([[3, "caller"]]);
  if (timeoutMs !== undefined) integers.set(12, timeoutMs);
  if (logId !== undefined) integers.set(2, logId);
  return { name: "hold", sequenceId, body: keyArguments("a"), header: { integers } };
}

describe("the deadline of a call", () => {
  it("is what its caller has left", () =>
    serving(async ({ peer, place, handler, world }) => {
      peer.send(hold(1, "250"));
      await place.until(() => handler.calls.length === 1);
      const { context, answer } = handler.held("a");
      assert.ok(Math.abs(context.remainingMs() - 250) <= 1);
      await world.run(100);
      assert.ok(Math.abs(context.remainingMs() - 150) <= 1);
      answer("fine");
      assert.equal(resultOf(await peer.reply(1), CODEC.string), "fine");
    }));

  for (const form of WIRE_FORMS) {
    it(`is the server's own when its caller does not say: ${form.name}`, () =>
      serving(
        async ({ peer, place, handler }) => {
          peer.send(hold(1));
          await place.until(() => handler.calls.length === 1);
          const { context, answer } = handler.held("a");
          assert.ok(Math.abs(context.remainingMs() - 300) <= 1);
          answer("fine");
          await peer.reply(1);
        },
        { callTimeoutMs: 300 },
        form.name,
      ));
  }

  it("is the server's own when its caller allows more", () =>
    serving(
      async ({ peer, place, handler }) => {
        peer.send(hold(1, "100000"));
        await place.until(() => handler.calls.length === 1);
        const { context, answer } = handler.held("a");
        assert.ok(context.remainingMs() <= 300);
        answer("fine");
        await peer.reply(1);
      },
      { callTimeoutMs: 300 },
    ));

  it("ends the call when it comes, and tells whoever works on it", () =>
    serving(async ({ peer, place, handler, world }) => {
      peer.send(hold(1, "250"));
      await place.until(() => handler.calls.length === 1);
      const { context, answer } = handler.held("a");
      const reasons: ServiceError[] = [];
      context.onCancel((reason) => reasons.push(reason));
      const startMs = world.clock.nowMs();
      const failure = failureOf(await peer.reply(1));
      assert.equal(failure.code, "deadline-exceeded");
      assert.equal(failure.workStarted, "maybe");
      assert.ok(Math.abs(world.clock.nowMs() - startMs - 250) <= 3);
      assert.equal(context.signal.aborted, true);
      assert.deepEqual(
        reasons.map(({ code }) => code),
        ["deadline-exceeded"],
      );
      answer("late");
      await world.run(10);
      assert.equal(peer.messages.length, 1, "it was answered once");
    }));

  it("that has passed before the call is read is told without reading it", () =>
    serving(
      async ({ peer, handler, world, place: { logger, until } }) => {
        const unreadable: MessageToSend = { ...hold(2, "200"), body: () => undefined };
        peer.send(hold(1, "1000"), unreadable, { name: "p", sequenceId: 3 });
        await until(() => handler.calls.length === 1);
        await world.run(300);
        handler.calls[0]!.answer("first");
        const failure = failureOf(await peer.reply(2));
        assert.equal(failure.code, "deadline-exceeded");
        assert.equal(failure.workStarted, "no");
        await peer.reply(3);
        assert.equal(handler.calls.length, 1);
        assert.ok(logger.lines.some(({ message }) => message === "call refused"));
      },
      { callsPerConnectionMax: 1 },
    ));

  it("of 0 is none, as Kitex has it", () =>
    serving(async ({ peer, place, handler }) => {
      peer.send(hold(1, "0"));
      await place.until(() => handler.calls.length === 1);
      const { context, answer } = handler.held("a");
      assert.ok(context.remainingMs() > 1_000);
      answer("fine");
      assert.equal(resultOf(await peer.reply(1), CODEC.string), "fine");
    }));

  it("goes on while the call waits for its turn on a full connection", () =>
    serving(
      async ({ peer, place, handler, world }) => {
        peer.send(hold(1, "1000"), hold(2, "200"), hold(3, "1000"));
        await place.until(() => handler.calls.length === 1);
        await world.run(300);
        handler.calls[0]!.answer("first");
        const late = failureOf(await peer.reply(2));
        assert.equal(late.code, "deadline-exceeded");
        assert.equal(late.workStarted, "no");
        await place.until(() => handler.calls.length === 2);
        assert.ok(handler.calls[1]!.context.remainingMs() <= 700);
        handler.calls[1]!.answer("third");
        assert.equal(resultOf(await peer.reply(3), CODEC.string), "third");
      },
      { callsPerConnectionMax: 1 },
    ));

  it("ends a call that waits for a slot, which then has not begun", () =>
    serving(
      async ({ peer, handler }) => {
        peer.send(hold(1, "1000"), hold(2, "200"));
        const failure = failureOf(await peer.reply(2));
        assert.equal(failure.code, "deadline-exceeded");
        assert.equal(failure.workStarted, "no");
        assert.equal(handler.calls.length, 1);
        handler.calls[0]!.answer("fine");
        await peer.reply(1);
        assert.equal(handler.calls.length, 1);
      },
      { concurrency: { callsMax: 1, queueMax: 1 } },
    ));

  it("leaves no timer behind when the call ends before it", () =>
    serving(async ({ peer, place, handler, world }) => {
      const idle = world.clock.scheduledCount;
      peer.send(hold(1, "4000"));
      await place.until(() => handler.calls.length === 1);
      // The shedder's, which runs while calls come.
      const sampler = 1;
      const { context, answer } = handler.held("a");
      // As a handler does that hands the signal on, and takes nothing back.
      const { signal } = context;
      context.onCancel(() => undefined);
      answer("fine");
      await peer.reply(1);
      await world.run(10);
      assert.equal(world.clock.scheduledCount, idle + sampler);
      await world.run(5_000);
      assert.equal(signal.aborted, false, "the work had ended");
    }));
});

describe("what travels with a call", () => {
  it("is in the context of its handler", () =>
    serving(async ({ peer, place, handler }) => {
      peer.send(hold(1, "250", "id-from-outside"));
      await place.until(() => handler.calls.length === 1);
      const { context, answer } = handler.held("a");
      assert.equal(context.requestId, "id-from-outside");
      assert.equal(context.caller, "caller");
      answer("fine");
      await peer.reply(1);
    }));

  it("is on record", () =>
    serving(async ({ peer, served, handler }) => {
      handler.onHeld = (call) => call.answer("fine");
      peer.send(hold(1, "250", "id-from-outside"));
      await peer.reply(1);
      const [record] = served.observers.records.recent(1);
      assert.equal(record?.requestId, "id-from-outside");
      assert.equal(record?.method, "Probe.hold");
      assert.equal(record?.caller, "caller");
      assert.equal(record?.outcome, "ok");
    }));

  it("is not what travelled with the call before", () =>
    serving(async ({ peer, place, handler }) => {
      peer.send(hold(1, "250", "id-1"), { name: "hold", sequenceId: 2, body: keyArguments("b") });
      await place.until(() => handler.calls.length === 2);
      const { context } = handler.held("b");
      assert.notEqual(context.requestId, "id-1");
      assert.equal(context.caller, "");
      assert.ok(context.remainingMs() > 1_000);
      for (const call of handler.calls) call.answer("fine");
      await peer.reply(2);
    }));
});

describe("a cancel", () => {
  const cancel = (sequenceId: number): MessageToSend => ({
    name: "",
    sequenceId,
    header: { strings: new Map([["holdfast-cancel", "1"]]) },
  });

  it("from the peer reaches the handler", () =>
    serving(async ({ peer, place, handler }) => {
      peer.send(hold(1), hold(2));
      await place.until(() => handler.calls.length === 2);
      peer.send(cancel(1));
      const { context } = handler.calls[0]!;
      await place.until(() => context.cancelled !== undefined);
      assert.equal(context.cancelled?.code, "cancelled");
      assert.equal(handler.calls[1]!.context.cancelled, undefined);
      for (const call of handler.calls) call.answer("fine");
      assert.equal(resultOf(await peer.reply(2), CODEC.string), "fine");
    }));

  it("of a call that is unknown or over does nothing", () =>
    serving(async ({ peer, handler }) => {
      handler.onHeld = (call) => call.answer("fine");
      peer.send(hold(1));
      await peer.reply(1);
      peer.send(cancel(1), cancel(99), { name: "p", sequenceId: 2 });
      await peer.reply(2);
    }));

  it("comes to every call of a connection that is lost", () =>
    serving(async ({ peer, place, handler, world }) => {
      peer.send(hold(1), hold(2));
      await place.until(() => handler.calls.length === 2);
      world.network.reset("peer", "server");
      await place.until(() =>
        handler.calls.every(({ context }) => context.cancelled !== undefined),
      );
      assert.deepEqual(
        handler.calls.map(({ context }) => context.cancelled?.code),
        ["cancelled", "cancelled"],
      );
      for (const call of handler.calls) call.answer("late");
    }));

  it("reaches what the handler derived from its context", () =>
    serving(async ({ peer, place, handler, world }) => {
      peer.send(hold(1));
      await place.until(() => handler.calls.length === 1);
      const derived = handler.calls[0]!.context.withTimeout(60_000);
      const { signal } = derived;
      world.network.reset("peer", "server");
      await place.until(() => signal.aborted);
      handler.calls[0]!.answer("late");
    }));
});
