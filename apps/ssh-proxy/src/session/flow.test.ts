import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { Flow, GRANT_MAX_BYTES, HOLD_MAX_BYTES } from "./flow.ts";
import { FakeChannel } from "./testing/fake-channel.ts";

const PACKET = 32_768;
const LARGE = 0xffff_ffff;

function start(fromGranted: number, toWindow: number) {
  const from = new FakeChannel(0, fromGranted);
  const to = new FakeChannel(toWindow);
  let buffered = 0;
  const meter = { bytes: { value: 0 }, addBuffered: (bytes: number) => void (buffered += bytes) };
  const flow = new Flow(from.end, meter);
  /** What a peer does that keeps to its window. */
  const receive = (length: number, fill = 7, stderr = false): void => {
    const bytes = Buffer.alloc(Math.min(length, from.grantedBytes), fill);
    from.grantedBytes -= bytes.length;
    flow.onData(bytes, stderr);
  };
  return { from, to, flow, receive, meter, buffered: () => buffered };
}

describe("a flow", () => {
  it("holds what comes before there is a receiver, and passes it on first", () => {
    const { flow, to, receive } = start(65_536, LARGE);
    receive(3, 1);
    assert.equal(to.sent.length, 0);
    flow.attach(to.end);
    receive(2, 2);
    assert.deepEqual([...to.sent], [1, 1, 1, 2, 2]);
  });

  it("keeps the order of stdout and stderr", () => {
    const { flow, to, receive } = start(65_536, 0);
    flow.attach(to.end);
    receive(2, 1);
    receive(2, 2, true);
    receive(2, 3);
    to.windowBytes = 3;
    flow.onSendable();
    assert.deepEqual([[...to.sent], [...to.stderr]], [[1, 1], [2]]);
    to.windowBytes = 9;
    flow.onSendable();
    assert.deepEqual(
      [[...to.sent], [...to.stderr]],
      [
        [1, 1, 3, 3],
        [2, 2],
      ],
    );
  });

  it("grants nothing more to a sender whose receiver's window is full", () => {
    const { from, flow, to, receive } = start(65_536, 0);
    flow.attach(to.end);
    for (let count = 0; count < 100; count++) receive(PACKET);
    assert.equal(from.grantedBytes, 0);
    assert.ok(flow.bufferedBytes <= HOLD_MAX_BYTES, `${flow.bufferedBytes}`);
    assert.equal(from.paused, 0, "its socket is read: the other direction may need it");
  });

  it("never grants more than its maximum, whatever the receiver's window is", () => {
    const { from, flow, to } = start(0, LARGE);
    flow.attach(to.end);
    assert.equal(from.grantedBytes, GRANT_MAX_BYTES);
  });

  it("stops reading a sender while the receiver's socket takes nothing, and only then", () => {
    const { from, flow, to, receive } = start(65_536, LARGE);
    flow.attach(to.end);
    to.socketOpen = false;
    receive(PACKET);
    assert.equal(from.paused, 1);
    to.socketOpen = true;
    flow.onSendable();
    assert.equal(from.paused, 0);
    assert.equal(to.sent.length, PACKET);
  });

  it("reads a sender again when it is closed", () => {
    const { from, flow, to, receive, buffered } = start(65_536, LARGE);
    flow.attach(to.end);
    to.socketOpen = false;
    receive(PACKET);
    flow.close();
    assert.deepEqual([from.paused, buffered()], [0, 0]);
  });

  it("holds single bytes in few pieces", () => {
    const { flow, receive } = start(131_072, 0);
    for (let count = 0; count < 65_536; count++) receive(1);
    assert.equal(flow.bufferedBytes, 65_536);
    assert.ok(flow.heldPieces <= 64, `${flow.heldPieces}`);
  });

  it("finishes once all has been passed on", () => {
    const { flow, to, receive } = start(65_536, 1);
    flow.attach(to.end);
    receive(2);
    let done = 0;
    flow.finish(() => done++);
    assert.equal(done, 0);
    to.windowBytes = 1;
    flow.onSendable();
    flow.onSendable();
    assert.equal(done, 1);
  });

  it("throws away what a receiver does not want, and lets the sender go on", () => {
    const { from, flow, to, receive, buffered } = start(65_536, 0);
    flow.attach(to.end);
    receive(PACKET);
    flow.discard();
    for (let count = 0; count < 1_000; count++) receive(PACKET);
    assert.deepEqual([to.sent.length, buffered()], [0, 0]);
    assert.ok(from.grantedBytes >= GRANT_MAX_BYTES / 2);
  });

  it("is bounded and exact for every order of events", () => {
    const event = fc.oneof(
      fc.record({ kind: fc.constant("data" as const), bytes: fc.integer({ min: 0, max: PACKET }) }),
      fc.record({
        kind: fc.constant("window" as const),
        bytes: fc.integer({ min: 1, max: 99_999 }),
      }),
      fc.record({ kind: fc.constant("socket" as const), open: fc.boolean() }),
    );
    fc.assert(
      fc.property(fc.array(event, { maxLength: 60 }), (events) => {
        const { from, flow, to, receive, meter, buffered } = start(65_536, 0);
        flow.attach(to.end);
        for (const each of events) {
          if (each.kind === "data" && from.paused === 0) receive(each.bytes);
          if (each.kind === "window") to.windowBytes += each.bytes;
          if (each.kind === "socket") to.socketOpen = each.open;
          if (each.kind !== "data") flow.onSendable();
          assert.ok(flow.bufferedBytes <= HOLD_MAX_BYTES + PACKET);
          assert.equal(flow.bufferedBytes, buffered());
          assert.equal(to.sent.length + flow.bufferedBytes, meter.bytes.value);
          assert.ok(from.paused === 0 || from.paused === 1);
          // What may be sent has been: nobody else would send it.
          assert.ok(flow.bufferedBytes === 0 || to.sendableBytes === 0);
        }
        to.socketOpen = true;
        to.windowBytes += 10_000_000;
        flow.onSendable();
        assert.deepEqual([flow.bufferedBytes, from.paused], [0, 0]);
      }),
    );
  });
});
