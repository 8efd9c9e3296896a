import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { MESSAGE } from "../message-numbers.ts";
import { DISCONNECT } from "../ssh-error.ts";
import { KEX_METHODS } from "./algorithms.ts";
import {
  BYTES_PER_PEER_EXCHANGE,
  EARLY_PEER_EXCHANGES_MAX,
  PENDING_MESSAGE_BYTES,
} from "./limits.ts";
import type { TestedEnd } from "./testing/tested-end.ts";
import { type PairOptions, TransportPair } from "./testing/transport-pair.ts";

const KIB = 1_024;

function numbered(index: number, bytes = 100): Buffer {
  const payload = Buffer.alloc(bytes, index);
  payload[0] = MESSAGE.channelData;
  payload.writeUInt32BE(index, 1);
  return payload;
}

/** A pair on which the user has logged in, as far as a transport can tell. */
function loggedIn(options: PairOptions = {}): TransportPair {
  const pair = new TransportPair(options).connect();
  pair.server.transport.send(Buffer.of(MESSAGE.userauthSuccess));
  pair.carry();
  pair.client.messages.length = 0;
  return pair;
}

function assertNumbered(messages: readonly Buffer[], count: number): void {
  assert.equal(messages.length, count);
  assert.ok(messages.every((payload, index) => payload.readUInt32BE(1) === index));
}

describe("new keys", () => {
  for (const kex of KEX_METHODS) {
    for (const starts of ["client", "server"] as const) {
      it(`come when the ${starts} asks, with ${kex}, and the session stays the same`, () => {
        const pair = new TransportPair({ algorithms: { kex: [kex] } }).connect();
        const sessionId = Buffer.from(pair.client.transport.sessionId);
        pair[starts].transport.rekey();
        assert.equal(pair[starts].transport.exchangingKeys, true);
        pair[starts].transport.rekey();
        pair.carry();
        pair.assertWell();
        assert.equal(pair.client.keys.length, 2);
        assert.deepEqual(pair.server.keys[1], pair.server.keys[0]);
        assert.deepEqual(pair.client.transport.sessionId, sessionId);
        assert.deepEqual(pair.server.transport.sessionId, sessionId);
        assert.equal(pair.server.transport.exchangingKeys, false);
        pair.client.transport.send(numbered(0));
        pair.carry();
        assert.deepEqual(pair.server.messages, [numbered(0)]);
      });
    }
  }

  it("come when both sides ask at once", () => {
    const pair = new TransportPair().connect();
    pair.client.transport.rekey();
    pair.server.transport.rekey();
    pair.carry();
    pair.assertWell();
    assert.deepEqual([pair.client.keys.length, pair.server.keys.length], [2, 2]);
  });

  it("are other keys: the same message looks different", () => {
    const pair = new TransportPair().connect();
    pair.client.transport.send(numbered(0));
    const before = pair.client.take();
    pair.server.transport.receive(before);
    pair.client.transport.rekey();
    pair.carry();
    pair.client.transport.send(numbered(0));
    assert.notDeepEqual(pair.client.take(), before);
  });

  it("need no mark of the strict exchange a second time, and it stays in force", () => {
    const pair = new TransportPair().connect();
    for (let count = 0; count < 3; count++) {
      pair.client.transport.rekey();
      pair.carry();
    }
    pair.assertWell();
    assert.ok(pair.client.keys.every(({ strictKex }) => strictKex));
  });

  it("come by themselves after so many bytes, out or in", () => {
    const pair = new TransportPair({ limits: { rekeyBytes: 64 * KIB } }).connect();
    for (let index = 0; index < 100; index++) {
      pair.client.transport.send(numbered(index, 8 * KIB));
      pair.carry();
    }
    pair.assertWell();
    assertNumbered(pair.server.messages, 100);
    assert.ok(pair.client.keys.length >= 12, `${pair.client.keys.length}`);
  });

  it("are asked for by the side that sees so much come in, when the other does not", () => {
    const pair = loggedIn({ server: { limits: { rekeyBytes: 64 * KIB } } });
    for (let index = 0; index < 20; index++) {
      pair.client.transport.send(numbered(index, 8 * KIB));
      pair.carry();
    }
    pair.assertWell();
    assertNumbered(pair.server.messages, 20);
    assert.equal(pair.client.keys.length, 3);
  });

  it("come by themselves after so many packets", () => {
    const pair = loggedIn({ limits: { rekeyPackets: 100 } });
    for (let index = 0; index < 1_000; index++) {
      pair.server.transport.send(numbered(index));
      pair.carry();
    }
    pair.assertWell();
    assertNumbered(pair.client.messages, 1_000);
    assert.ok(pair.client.keys.length >= 10);
  });
});

describe("while keys are exchanged", () => {
  it("what is sent waits, and comes in order, both ways", () => {
    const pair = loggedIn();
    let [toServer, toClient] = [0, 0];
    const sendSome = (): void => {
      for (let count = 0; count < 3; count++) {
        pair.client.transport.send(numbered(toServer++));
        pair.server.transport.sendParts(numbered(toClient++), Buffer.alloc(50));
      }
    };
    for (let round = 0; round < 30; round++) {
      sendSome();
      if (round % 3 === 0) pair.client.transport.rekey();
      if (round % 4 === 0) pair.server.transport.rekey();
      // One packet at a time, with more to send at each step of the exchange.
      while (pair.client.written.length + pair.server.written.length > 0) {
        carryOne(pair.client, pair.server);
        carryOne(pair.server, pair.client);
        if (toServer < 900) sendSome();
      }
    }
    pair.assertWell();
    assertNumbered(pair.server.messages, toServer);
    assertNumbered(pair.client.messages, toClient);
    assert.ok(pair.client.keys.length > 10);
  });

  it("what comes in from a peer that has not begun yet is taken", () => {
    const pair = loggedIn();
    pair.client.transport.send(numbered(0));
    pair.server.transport.rekey();
    pair.carry();
    pair.assertWell();
    assert.deepEqual(pair.server.messages, [numbered(0)]);
  });

  it("no more waits than the limit: above it the connection ends", () => {
    const pair = loggedIn({ limits: { pendingMaxBytes: 64 * KIB } });
    const { server } = pair;
    server.transport.rekey();
    server.written = [];
    const messages = Math.floor((64 * KIB) / (100 + PENDING_MESSAGE_BYTES));
    for (let index = 0; index < messages; index++) server.transport.send(numbered(index));
    assert.equal(server.ended, false);
    server.transport.send(numbered(0));
    assert.equal(server.errors[0]!.reason, DISCONNECT.keyExchangeFailed);
    assert.match(server.errors[0]!.message, /more than 65536 bytes wait/);
  });

  it("a peer that goes on sending without an answer is cut off", () => {
    const pair = loggedIn({ server: { limits: { rekeyBytes: 64 * KIB } } });
    for (let index = 0; index < 20 && !pair.server.ended; index++) {
      pair.client.transport.send(numbered(index, 8 * KIB));
      pair.server.transport.receive(pair.client.take());
    }
    assert.equal(pair.server.errors[0]?.message, "the peer does not exchange keys");
    assert.ok(pair.server.messages.length >= 15 && pair.server.messages.length <= 16);
  });
});

it("a peer that goes on sending small packets without an answer is cut off, too", () => {
  const pair = loggedIn({ server: { limits: { rekeyPackets: 100 } } });
  for (let index = 0; index < 300 && !pair.server.ended; index++) {
    pair.client.transport.send(numbered(index));
    pair.server.transport.receive(pair.client.take());
  }
  assert.equal(pair.server.errors[0]?.message, "the peer does not exchange keys");
  assert.ok(pair.server.messages.length >= 190 && pair.server.messages.length <= 200);
});

describe("a peer that begins exchanges", () => {
  function exchangesUntilEnd(pair: TransportPair, between: (index: number) => void): number {
    let count = 0;
    while (!pair.server.ended && count < 400) {
      pair.client.transport.rekey();
      pair.carry();
      between(count);
      count++;
    }
    return count;
  }

  it("may do so a few times before the login", () => {
    const pair = new TransportPair().connect();
    const count = exchangesUntilEnd(pair, () => {});
    assert.equal(count, EARLY_PEER_EXCHANGES_MAX + 1);
    assert.match(pair.server.errors[0]!.message, /over and over/);
  });

  it("earns no more of them by traffic before the login", () => {
    const pair = new TransportPair().connect();
    const count = exchangesUntilEnd(pair, () => {
      for (let sent = 0; sent < 4; sent++) pair.client.transport.send(padding());
      pair.carry();
    });
    assert.equal(count, EARLY_PEER_EXCHANGES_MAX + 1);
  });

  it("earns no more of them by much traffic than it had at first", () => {
    const pair = loggedIn({ server: { limits: { peerExchangesMax: 3 } } });
    for (let sent = 0; sent < 320; sent++) pair.client.transport.send(padding());
    pair.carry();
    assert.equal(
      exchangesUntilEnd(pair, () => {}),
      4,
    );
  });

  it("is not taken for logged in because it says so", () => {
    const pair = new TransportPair().connect();
    pair.client.transport.send(Buffer.of(MESSAGE.userauthSuccess));
    pair.carry();
    assert.equal(
      exchangesUntilEnd(pair, () => {}),
      EARLY_PEER_EXCHANGES_MAX + 1,
    );
  });

  it("may do so more often after it, and then no more", () => {
    const pair = loggedIn({ server: { limits: { peerExchangesMax: 20 } } });
    assert.equal(
      exchangesUntilEnd(pair, () => {}),
      21,
    );
  });

  it("may do so for ever when something goes by in between", () => {
    const pair = loggedIn({ server: { limits: { peerExchangesMax: 2 } } });
    const count = exchangesUntilEnd(pair, () => {
      for (let sent = 0; sent < BYTES_PER_PEER_EXCHANGE; sent += 32 * KIB) {
        pair.client.transport.send(numbered(0, 32 * KIB));
      }
      pair.carry();
      pair.server.messages.length = 0;
    });
    pair.assertWell();
    assert.equal(count, 400);
  });
});

/** 32 KiB that nobody looks at. */
function padding(): Buffer {
  return Buffer.alloc(32 * KIB, MESSAGE.ignore);
}

function carryOne(from: TestedEnd, to: TestedEnd): void {
  const packet = from.written.shift();
  if (packet !== undefined) to.transport.receive(packet);
}
