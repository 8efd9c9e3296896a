import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { MESSAGE } from "../message-numbers.ts";
import type { TestedEnd } from "./testing/tested-end.ts";
import { TransportPair } from "./testing/transport-pair.ts";

const CTR_FIRST = ["aes128-ctr", "aes256-ctr", "aes256-gcm@openssh.com"];
const BULK = Buffer.alloc(32_768, MESSAGE.channelData);

function pairOf(clientCiphers: readonly string[], cipherChangeBytes?: number): TransportPair {
  return new TransportPair({
    client: { algorithms: { ciphers: clientCiphers } },
    ...(cipherChangeBytes !== undefined && { limits: { cipherChangeBytes } }),
  }).connect();
}

/** Sends more than 1 MiB. */
function sendBulk(from: TestedEnd, pair: TransportPair): void {
  for (let count = 0; count < 40; count++) {
    from.transport.send(BULK);
    pair.carry();
  }
  pair.assertWell();
}

describe("a client that asks for CTR though it has GCM", () => {
  for (const sends of ["server", "client"] as const) {
    it(`is given GCM when the ${sends} has sent much, once`, () => {
      const pair = pairOf(CTR_FIRST);
      assert.equal(pair.server.keys[0]!.cipherOut, "aes128-ctr");
      sendBulk(pair[sends], pair);
      sendBulk(pair[sends], pair);
      const ciphers = pair.client.keys.map(({ cipherIn, cipherOut }) => [cipherIn, cipherOut]);
      const gcm = "aes256-gcm@openssh.com";
      assert.deepEqual(ciphers, [
        ["aes128-ctr", "aes128-ctr"],
        [gcm, gcm],
      ]);
      const { messages } = pair[sends === "server" ? "client" : "server"];
      assert.equal(messages.length, 80);
      assert.ok(messages.every((message) => message.equals(BULK)));
    });
  }

  it("keeps CTR while it sends little, and when that is asked for", () => {
    const little = pairOf(CTR_FIRST);
    little.client.transport.send(BULK);
    little.carry();
    assert.equal(little.client.keys.length, 1);
    const never = pairOf(CTR_FIRST, Number.MAX_SAFE_INTEGER);
    sendBulk(never.server, never);
    assert.equal(never.client.keys.length, 1);
  });
});

describe("a client that has no GCM, or asks for it", () => {
  it("is left alone", () => {
    for (const ciphers of [["aes128-ctr"], ["aes256-gcm@openssh.com", "aes128-gcm@openssh.com"]]) {
      const pair = pairOf(ciphers);
      sendBulk(pair.server, pair);
      pair.client.transport.rekey();
      pair.carry();
      assert.deepEqual(
        pair.client.keys.map(({ cipherIn }) => cipherIn),
        [ciphers[0], ciphers[0]],
      );
    }
  });
});
