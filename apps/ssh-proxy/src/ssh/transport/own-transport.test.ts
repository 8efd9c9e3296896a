import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { MESSAGE } from "../message-numbers.ts";
import { generatePrivateKey } from "../keys/generate-private-key.ts";
import type { PublicKey } from "../keys/public-key.ts";
import { CIPHERS, KEX_METHODS, MACS, SIGNATURE_ALGORITHMS } from "./algorithms.ts";
import { writeExtInfo } from "./ext-info.ts";
import { authenticatesByItself } from "./packet/choose-cipher.ts";
import { PAYLOAD_MAX_BYTES } from "./packet/packet-writer.ts";
import { receiveInPieces, TransportPair } from "./testing/transport-pair.ts";

/** A message of the layers above, its bytes all different from those around. */
function message(bytes: number, first: number = MESSAGE.channelData): Buffer {
  const payload = Buffer.alloc(bytes);
  for (let at = 0; at < bytes; at++) payload[at] = (at * 31 + bytes) & 0xff;
  payload[0] = first;
  return payload;
}

function ciphersWithMacs(): { cipher: string; mac: string }[] {
  return CIPHERS.flatMap((cipher) =>
    authenticatesByItself(cipher) ? [{ cipher, mac: "" }] : MACS.map((mac) => ({ cipher, mac })),
  );
}

function algorithmsOf(cipher: string, mac: string): { ciphers: string[]; macs?: string[] } {
  return { ciphers: [cipher], ...(mac !== "" && { macs: [mac] }) };
}

describe("our transport at both ends", () => {
  it("agrees by every method, with every type of host key, cipher and MAC", () => {
    for (const kex of KEX_METHODS) {
      for (const hostKey of SIGNATURE_ALGORITHMS) {
        for (const { cipher, mac } of ciphersWithMacs()) {
          const pair = new TransportPair({
            algorithms: { kex: [kex], ...algorithmsOf(cipher, mac) },
            hostKeyTypes: [hostKey],
          }).connect();
          assert.deepEqual(pair.client.keys[0], {
            ...{ kex, hostKey, cipherIn: cipher, cipherOut: cipher, macIn: mac, macOut: mac },
            strictKex: true,
          });
          assert.deepEqual(pair.server.keys[0], pair.client.keys[0]);
          assert.deepEqual(pair.server.transport.sessionId, pair.client.transport.sessionId);
          pair.client.transport.send(message(100));
          pair.server.transport.send(message(200));
          pair.carry();
          assert.deepEqual(pair.server.messages, [message(100)]);
          assert.deepEqual(pair.client.messages, [message(200)]);
        }
      }
    }
  });

  it("prefers what protects best, and what is fastest", () => {
    const pair = new TransportPair().connect();
    assert.deepEqual(pair.server.keys[0], {
      kex: "mlkem768x25519-sha256",
      hostKey: "ssh-ed25519",
      cipherIn: "aes128-gcm@openssh.com",
      cipherOut: "aes128-gcm@openssh.com",
      macIn: "",
      macOut: "",
      strictKex: true,
    });
    assert.deepEqual(pair.client.idents, ["SSH-2.0-TestedServer"]);
    assert.deepEqual(pair.server.idents, ["SSH-2.0-TestedClient"]);
  });

  it("asks for the types of host key that are wanted, best first", () => {
    const pair = new TransportPair({ hostKeyTypes: ["ssh-rsa", "ssh-ed25519"] }).connect();
    assert.equal(pair.client.keys[0]!.hostKey, "rsa-sha2-512");
  });

  it("signs with the first of two host keys of one type", () => {
    const [first, second] = [1, 2].map(() => generatePrivateKey("ssh-ed25519").privateKey);
    const seen: string[] = [];
    const acceptHostKey = ({ fingerprint }: PublicKey): boolean => seen.push(fingerprint) > 0;
    new TransportPair({
      server: { role: { kind: "server", hostKeys: [first!, second!] } },
      client: { role: { kind: "client", acceptHostKey } },
    }).connect();
    assert.deepEqual(seen, [first!.publicKey.fingerprint]);
  });

  it("tells the client by which algorithms users may sign", () => {
    const pair = new TransportPair().connect();
    const { serverSignatureAlgorithms } = pair.client.transport;
    assert.deepEqual(serverSignatureAlgorithms, SIGNATURE_ALGORITHMS);
    assert.equal(pair.server.transport.serverSignatureAlgorithms, undefined);
  });

  it("tells it before anything else, though messages wait (RFC 8308, 2.4)", () => {
    const pair = new TransportPair();
    pair.server.transport.send(message(20));
    let known: readonly string[] | undefined;
    pair.client.whenMessage = () => (known = pair.client.transport.serverSignatureAlgorithms);
    pair.connect();
    assert.deepEqual(pair.client.messages, [message(20)]);
    assert.deepEqual(known, SIGNATURE_ALGORITHMS);
  });

  it("is not told by a client how users may sign", () => {
    const pair = new TransportPair().connect();
    pair.client.transport.send(writeExtInfo());
    pair.carry();
    pair.assertWell();
    assert.equal(pair.server.transport.serverSignatureAlgorithms, undefined);
  });

  it("throws for a session id before there is one", () => {
    assert.throws(() => new TransportPair().server.transport.sessionId, /no session id/);
  });
});

describe("messages", () => {
  for (const { cipher, mac } of ciphersWithMacs()) {
    it(`of all sizes come as they were sent, with ${cipher} ${mac}`, () => {
      const pair = new TransportPair({ algorithms: algorithmsOf(cipher, mac) }).connect();
      const sizes = [...Array.from({ length: 70 }, (_, index) => index + 1), 4_096, 32_777];
      const sent = [...sizes, PAYLOAD_MAX_BYTES].map((bytes) => message(bytes));
      for (const payload of sent) pair.client.transport.send(payload);
      for (const payload of sent) {
        const at = payload.length >> 1;
        pair.server.transport.sendParts(payload.subarray(0, at), payload.subarray(at));
      }
      pair.carry();
      pair.assertWell();
      assert.deepEqual(pair.server.messages, sent);
      assert.deepEqual(pair.client.messages, sent);
    });

    it(`come in pieces of any size, with ${cipher} ${mac}`, () => {
      for (const pieceBytes of [1, 2, 3, 5, 15, 16, 17, 31, 64, 100]) {
        const pair = new TransportPair({ algorithms: algorithmsOf(cipher, mac) });
        pair.carry(pieceBytes);
        for (let bytes = 1; bytes < 40; bytes++) pair.client.transport.send(message(bytes));
        pair.carry(pieceBytes);
        pair.assertWell();
        assert.equal(pair.server.messages.length, 39);
        assert.ok(pair.server.messages.every((sent, index) => sent.equals(message(index + 1))));
      }
    });
  }

  it("come when the bytes are cut anywhere, the key exchange with them", () => {
    const cutAt = (bytesBefore: number): TransportPair => {
      const pair = new TransportPair({ algorithms: { kex: ["curve25519-sha256"] } });
      pair.client.whenKeys = () => pair.client.transport.send(message(50));
      let at = bytesBefore;
      while (pair.server.written.length + pair.client.written.length > 0) {
        receiveInPieces(pair.client, pair.server.take(), Infinity);
        const bytes = pair.client.take();
        const cut = Math.min(at, bytes.length);
        receiveInPieces(pair.server, bytes.subarray(0, cut), Infinity);
        receiveInPieces(pair.server, bytes.subarray(cut), Infinity);
        at -= cut;
      }
      return pair;
    };
    for (let bytes = 0; bytes < 1_200; bytes++) {
      const pair = cutAt(bytes);
      pair.assertWell();
      assert.deepEqual(pair.server.messages, [message(50)]);
    }
  });

  it("of no size at all, or too large for a packet, are mistakes of the caller", () => {
    const { transport } = new TransportPair().connect().client;
    assert.throws(() => transport.send(Buffer.alloc(0)), RangeError);
    assert.throws(() => transport.send(message(PAYLOAD_MAX_BYTES + 1)), RangeError);
  });

  it("are not kept: what was given to send may be used again", () => {
    const pair = new TransportPair();
    const held = message(20);
    pair.client.transport.send(held);
    held.fill(0);
    pair.connect();
    const sent = message(30);
    pair.client.transport.send(sent);
    sent.fill(0);
    pair.carry();
    assert.deepEqual(pair.server.messages, [message(20), message(30)]);
  });

  it("of PING and PONG, and what is only for debugging, go no further", () => {
    const pair = new TransportPair().connect();
    for (const number of [192, 193, MESSAGE.ignore, MESSAGE.debug, MESSAGE.unimplemented]) {
      pair.client.transport.send(message(20, number));
    }
    pair.client.transport.send(message(20, 255));
    pair.carry();
    pair.assertWell();
    assert.deepEqual(pair.server.messages, [message(20, 255)]);
  });

  it("of a number that nobody knows are answered", () => {
    const pair = new TransportPair().connect();
    pair.client.transport.send(message(20, 60));
    pair.client.transport.send(message(20, 19));
    receiveInPieces(pair.server, pair.client.take(), Infinity);
    assert.equal(pair.server.written.length, 1);
    pair.carry();
    pair.assertWell();
  });
});

describe("the end", () => {
  it("comes with its text, cut between characters, and nothing after it", () => {
    const pair = new TransportPair().connect();
    pair.server.transport.disconnect(11, `${"a".repeat(253)}é and more`);
    pair.server.transport.disconnect(11, "again");
    pair.server.transport.send(message(10));
    pair.server.transport.rekey();
    pair.client.transport.send(message(10));
    pair.carry();
    assert.deepEqual(pair.client.disconnects, [{ reason: 11, text: `${"a".repeat(253)}é` }]);
    assert.deepEqual(pair.server.messages, []);
    pair.client.transport.send(message(10));
    pair.client.transport.disconnect(11, "too late");
    pair.client.transport.rekey();
    assert.deepEqual(pair.client.written, []);
    assert.equal(pair.client.transport.exchangingKeys, false);
  });

  it("comes before keys, too", () => {
    const pair = new TransportPair();
    pair.server.transport.disconnect(11, "no room");
    pair.carry();
    assert.deepEqual(pair.client.disconnects, [{ reason: 11, text: "no room" }]);
  });

  it("without a word leaves nothing to be received", () => {
    const pair = new TransportPair().connect();
    pair.client.transport.send(message(10));
    pair.server.transport.close();
    pair.carry();
    assert.deepEqual(pair.server.messages, []);
    assert.equal(pair.server.ended, false);
  });

  it("leaves nothing in memory: no exchange, no part of a packet, no message that waits", () => {
    const pair = new TransportPair().connect();
    const { transport } = pair.server;
    pair.client.transport.send(message(1_000));
    transport.receive(pair.client.take().subarray(0, 900));
    transport.rekey();
    transport.send(message(10));
    transport.close();
    const inside = transport as unknown as {
      exchange: unknown;
      pending: { messages: unknown[] };
      reader: { partial: Buffer; chunk: Buffer };
    };
    const { partial, chunk } = inside.reader;
    assert.equal(inside.exchange, undefined);
    assert.deepEqual(inside.pending.messages, []);
    assert.deepEqual([partial.length, chunk.length], [0, 0]);
  });

  it("asked for within a message lets no message follow", () => {
    const pair = new TransportPair().connect();
    pair.server.whenMessage = () => pair.server.transport.close();
    pair.client.transport.send(message(10));
    pair.client.transport.send(message(10));
    pair.carry();
    assert.equal(pair.server.messages.length, 1);
  });

  it("is the answer to a message that the layers above find wrong", async () => {
    const { SshError } = await import("../ssh-error.ts");
    const pair = new TransportPair().connect();
    pair.server.whenMessage = () => {
      throw new SshError(2, "wrong");
    };
    pair.client.transport.send(message(10));
    pair.carry();
    assert.deepEqual(
      pair.server.errors.map(({ message: text }) => text),
      ["wrong"],
    );
    assert.deepEqual(pair.client.disconnects, [{ reason: 2, text: "wrong" }]);
  });

  it("is not ours to give when a handler makes a mistake: that is thrown", () => {
    const pair = new TransportPair().connect();
    pair.server.whenMessage = () => {
      throw new TypeError("a mistake");
    };
    pair.client.transport.send(message(10));
    assert.throws(() => pair.carry(), TypeError);
    assert.equal(pair.server.ended, false);
  });

  it("of a call within a call is refused at once", () => {
    const pair = new TransportPair().connect();
    pair.server.whenMessage = () => pair.server.transport.receive(Buffer.of(1));
    pair.client.transport.send(message(10));
    assert.throws(() => pair.carry(), /receive was called by what it called/);
  });
});
