import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { MESSAGE } from "../message-numbers.ts";
import { DISCONNECT } from "../ssh-error.ts";
import { CIPHERS, MACS } from "./algorithms.ts";
import { authenticatesByItself } from "./packet/choose-cipher.ts";
import { TransportPair } from "./testing/transport-pair.ts";

/** Short, so that a changed length finds its packet's end in what follows. */
const SENT = Buffer.alloc(20, MESSAGE.channelData);
const FOLLOWING = Buffer.alloc(32_768, MESSAGE.channelData);

const choices = CIPHERS.flatMap((cipher) =>
  authenticatesByItself(cipher) ? [{ cipher, mac: "" }] : MACS.map((mac) => ({ cipher, mac })),
);

function connected(cipher: string, mac: string): TransportPair {
  return new TransportPair({
    algorithms: {
      kex: ["curve25519-sha256"],
      ciphers: [cipher],
      ...(mac !== "" && { macs: [mac] }),
    },
  }).connect();
}

/** The one packet for `SENT`, and more than the longest packet behind it. */
function packets(pair: TransportPair): [Buffer, Buffer] {
  pair.client.transport.send(SENT);
  const packet = pair.client.take();
  pair.client.transport.send(FOLLOWING);
  pair.client.transport.send(FOLLOWING);
  return [packet, pair.client.take()];
}

/** One bit in each part of a packet; packet-reader.test.ts changes all of them. */
function bitsOf(packet: Buffer): number[] {
  const bits = packet.length * 8;
  return [0, 7, 16, 25, 31, 33, 47, 100, bits - 130, bits - 60, bits - 1];
}

describe("a packet with a bit changed is a MAC error and no message", () => {
  for (const { cipher, mac } of choices) {
    it(`with ${cipher} ${mac}`, () => {
      for (const bit of bitsOf(packets(connected(cipher, mac))[0])) {
        const pair = connected(cipher, mac);
        const [packet, following] = packets(pair);
        packet[bit >> 3]! ^= 1 << (bit & 7);
        pair.server.transport.receive(packet);
        pair.server.transport.receive(following);
        assert.deepEqual(pair.server.messages, [], `bit ${bit}`);
        assert.equal(pair.server.errors[0]?.reason, DISCONNECT.macError, `bit ${bit}`);
        pair.carry();
        assert.equal(pair.client.disconnects[0]?.reason, DISCONNECT.macError);
      }
    });
  }
});

describe("packets that are whole, but not where they belong, are a MAC error", () => {
  for (const { cipher, mac } of choices) {
    it(`with ${cipher} ${mac}`, () => {
      const arrangements: ((first: Buffer, second: Buffer) => Buffer[])[] = [
        (first) => [first, first],
        (first, second) => [second, first],
        (_first, second) => [second],
      ];
      for (const [index, arrange] of arrangements.entries()) {
        const pair = connected(cipher, mac);
        pair.client.transport.send(SENT);
        const first = pair.client.take();
        pair.client.transport.send(SENT);
        const second = pair.client.take();
        pair.client.transport.send(FOLLOWING);
        pair.client.transport.send(FOLLOWING);
        const following = pair.client.take();
        for (const packet of [...arrange(first, second), following]) {
          pair.server.transport.receive(packet);
        }
        assert.equal(pair.server.messages.length, index === 0 ? 1 : 0);
        assert.equal(pair.server.errors[0]?.reason, DISCONNECT.macError);
      }
    });
  }

  it("and so is a packet of the other direction", () => {
    const pair = connected("aes128-gcm@openssh.com", "");
    pair.server.transport.send(SENT);
    pair.server.transport.receive(pair.server.take());
    assert.equal(pair.server.errors[0]?.reason, DISCONNECT.macError);
  });
});

describe("what somebody in between does to the first key exchange shows", () => {
  it("whatever bit of it is changed", () => {
    const whole = new TransportPair({ algorithms: { kex: ["curve25519-sha256"] } });
    const written = whole.server.take();
    // The padding of plain packets is in no hash, and in no hand of ours.
    const bytes = written.length - written[written.indexOf("\n") + 5]!;
    let failures = 0;
    for (let at = 0; at < bytes; at += 7) {
      const pair = new TransportPair({ algorithms: { kex: ["curve25519-sha256"] } });
      const changed = pair.server.take();
      changed[at]! ^= 1 << (at % 8);
      pair.client.transport.receive(changed);
      pair.carry();
      assert.deepEqual(pair.client.keys, [], `byte ${at}`);
      assert.deepEqual(pair.server.keys, [], `byte ${at}`);
      if (pair.client.ended || pair.server.ended) failures++;
    }
    // Some changed lengths only leave the peer waiting for what never comes.
    assert.ok(failures > 0.9 * (bytes / 7), `${failures} of ${bytes / 7}`);
  });
});
