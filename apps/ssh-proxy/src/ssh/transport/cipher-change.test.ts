import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { MESSAGE } from "../message-numbers.ts";
import { preferGcm, wouldChange } from "./cipher-change.ts";
import { USUAL_INIT } from "./testing/raw-peer.ts";
import type { TestedEnd } from "./testing/tested-end.ts";
import { TransportPair } from "./testing/transport-pair.ts";

const CTR_FIRST = ["aes128-ctr", "aes256-ctr", "aes256-gcm@openssh.com"];
const BULK = Buffer.alloc(32_768, MESSAGE.channelData);

interface Circumstances {
  readonly cipherChangeBytes?: number;
  readonly ident?: string;
  readonly loggedIn?: boolean;
}

function pairOf(ciphers: readonly string[], circumstances: Circumstances = {}): TransportPair {
  const { cipherChangeBytes, ident = "OpenSSH_9.2p1", loggedIn = true } = circumstances;
  const pair = new TransportPair({
    client: { ident, algorithms: { ciphers } },
    ...(cipherChangeBytes !== undefined && { limits: { cipherChangeBytes } }),
  }).connect();
  if (loggedIn) logIn(pair);
  return pair;
}

function logIn(pair: TransportPair): void {
  pair.server.transport.send(Buffer.of(MESSAGE.userauthSuccess));
  pair.carry();
  pair.client.messages.length = 0;
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
    const never = pairOf(CTR_FIRST, { cipherChangeBytes: Number.MAX_SAFE_INTEGER });
    sendBulk(never.server, never);
    assert.equal(never.client.keys.length, 1);
  });

  it("keeps CTR until its user has logged in, however much it sends", () => {
    const pair = pairOf(CTR_FIRST, { loggedIn: false });
    sendBulk(pair.client, pair);
    assert.equal(pair.client.keys.length, 1);
    logIn(pair);
    sendBulk(pair.client, pair);
    assert.deepEqual(
      pair.client.keys.map(({ cipherOut }) => cipherOut),
      ["aes128-ctr", "aes256-gcm@openssh.com"],
    );
  });

  it("is given it in an exchange of its own, and then in no other", () => {
    const pair = pairOf(CTR_FIRST, { loggedIn: false });
    pair.client.transport.rekey();
    // The login falls into the exchange.
    pair.server.transport.send(Buffer.of(MESSAGE.userauthSuccess));
    pair.carry();
    sendBulk(pair.client, pair);
    assert.deepEqual(
      pair.client.keys.map(({ cipherOut }) => cipherOut),
      ["aes128-ctr", "aes256-gcm@openssh.com"],
    );
  });

  it("is given it though both sides begin at once, and no message is lost", () => {
    const pair = pairOf(CTR_FIRST, { cipherChangeBytes: 2 * BULK.length });
    for (let count = 0; count < 4; count++) {
      pair.client.transport.send(BULK);
      pair.server.transport.send(BULK);
      if (count === 1) pair.client.transport.rekey();
    }
    pair.carry();
    pair.assertWell();
    assert.deepEqual([pair.client.messages.length, pair.server.messages.length], [4, 4]);
    assert.equal(pair.client.keys.length, 2);
  });

  it("is left alone when it is not OpenSSH: some clients end at keys they did not ask for", () => {
    for (const ident of ["paramiko_3.5.1", "PuTTY_Release_0.83", "JSCH_2.27.0", "xOpenSSH_9"]) {
      const pair = pairOf(CTR_FIRST, { ident });
      sendBulk(pair.server, pair);
      pair.client.transport.rekey();
      pair.carry();
      assert.deepEqual(
        pair.client.keys.map(({ cipherIn }) => cipherIn),
        ["aes128-ctr", "aes128-ctr"],
      );
    }
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

describe("a client that has GCM in one direction", () => {
  const gcm = "aes128-gcm@openssh.com";
  const both = ["aes128-ctr", gcm];
  const ours = { ...USUAL_INIT, ciphersToServer: both, ciphersToClient: both };
  const ctr = {
    ...{ kex: "", hostKey: "", macIn: "", macOut: "", strictKex: true },
    ...{ cipherIn: "aes128-ctr", cipherOut: "aes128-ctr" },
  };

  it("is given it there, and keeps its only cipher in the other", () => {
    const upwards = preferGcm(ours, { ...ours, ciphersToClient: ["aes128-ctr"] });
    assert.deepEqual([upwards.ciphersToServer, upwards.ciphersToClient], [[gcm], both]);
    const downwards = preferGcm(ours, { ...ours, ciphersToServer: ["aes128-ctr"] });
    assert.deepEqual([downwards.ciphersToServer, downwards.ciphersToClient], [both, [gcm]]);
    for (const offer of [upwards, downwards]) assert.equal(wouldChange(ctr, offer), true);
    assert.equal(wouldChange({ ...ctr, cipherIn: gcm }, upwards), false);
    assert.equal(wouldChange({ ...ctr, cipherOut: gcm }, downwards), false);
  });
});
