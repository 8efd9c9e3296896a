import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { MESSAGE } from "../message-numbers.ts";
import { MessageWriter } from "../message-writer.ts";
import { DISCONNECT } from "../ssh-error.ts";
import type { PrivateKey } from "../keys/private-key.ts";
import { UNKNOWN_MESSAGES_MAX } from "./limits.ts";
import { createSshTransport } from "./own-transport.ts";
import { HOST_KEYS } from "./testing/host-keys.ts";
import { RawPeer, USUAL_INIT } from "./testing/raw-peer.ts";
import { TransportPair } from "./testing/transport-pair.ts";

const GOOD_SHARE = Buffer.alloc(32, 9);

function assertRefused({ end }: RawPeer, reason: number, text: RegExp): void {
  assert.equal(end.errors.length, 1, "no error");
  assert.equal(end.errors[0]!.reason, reason);
  assert.match(end.errors[0]!.message, text);
  assert.doesNotMatch(end.errors[0]!.message, /\p{Cc}/u);
  assert.deepEqual(end.messages, []);
}

describe("a server before keys", () => {
  it("refuses messages that come before their time, whatever their number", () => {
    for (let number = 0; number < 256; number++) {
      if (number <= MESSAGE.debug && number > 0) continue;
      if (number !== MESSAGE.kexInit) {
        const early = new RawPeer("server").ident().number(number);
        assertRefused(early, DISCONNECT.protocolError, /before the key exchange/);
        assert.equal(early.answers().at(-1), MESSAGE.disconnect);
      }
      if (number !== MESSAGE.kexEcdhInit) {
        const during = new RawPeer("server").ident().init().number(number);
        assertRefused(during, DISCONNECT.protocolError, /during the first key exchange/);
      }
      if (number !== MESSAGE.newKeys) {
        const after = new RawPeer("server").ident().init().share(GOOD_SHARE).number(number);
        assertRefused(after, DISCONNECT.protocolError, /where the first new keys should be/);
      }
    }
  });

  it("with the strict exchange refuses even IGNORE, DEBUG and UNIMPLEMENTED", () => {
    for (const number of [MESSAGE.ignore, MESSAGE.unimplemented, MESSAGE.debug]) {
      const before = new RawPeer("server").ident().number(number).init();
      assertRefused(before, DISCONNECT.protocolError, /KEXINIT is the first message/);
      const during = new RawPeer("server").ident().init().number(number);
      assertRefused(during, DISCONNECT.protocolError, /during the first key exchange/);
    }
  });

  it("without it lets them go by", () => {
    const peer = new RawPeer("server").ident().number(MESSAGE.ignore).init({}, false);
    peer.number(MESSAGE.debug).share(GOOD_SHARE).number(MESSAGE.unimplemented);
    assert.equal(peer.end.ended, false);
    assert.deepEqual(peer.answers().slice(1), [MESSAGE.kexEcdhReply, MESSAGE.newKeys]);
  });

  it("refuses a peer without the strict exchange when that is required", () => {
    const peer = new RawPeer("server", { requireStrictKex: true }).ident().init({}, false);
    assertRefused(peer, DISCONNECT.keyExchangeFailed, /only the strict key exchange/);
  });

  it("refuses a second KEXINIT", () => {
    assertRefused(
      new RawPeer("server").ident().init().init(),
      DISCONNECT.protocolError,
      /message 20 during the first key exchange/,
    );
  });

  it("refuses shares that are no points, or that give no secret", () => {
    const zero = Buffer.alloc(32);
    const one = Buffer.concat([Buffer.of(1), Buffer.alloc(31)]);
    const smallOrder = "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800";
    for (const share of [zero, one, Buffer.from(smallOrder, "hex")]) {
      assertRefused(
        new RawPeer("server").ident().init().share(share),
        DISCONNECT.keyExchangeFailed,
        /small order/,
      );
    }
    const wrong: [kex: string, share: Buffer][] = [
      ["curve25519-sha256", Buffer.alloc(31, 9)],
      ["curve25519-sha256", Buffer.alloc(0)],
      ["ecdh-sha2-nistp256", Buffer.of(0)],
      ["ecdh-sha2-nistp256", Buffer.alloc(65, 4)],
      ["ecdh-sha2-nistp256", Buffer.concat([Buffer.of(2), Buffer.alloc(32, 1)])],
      ["ecdh-sha2-nistp384", Buffer.alloc(97)],
      ["ecdh-sha2-nistp521", Buffer.alloc(1_000, 4)],
      ["mlkem768x25519-sha256", Buffer.alloc(32, 9)],
      ["mlkem768x25519-sha256", Buffer.alloc(1_184 + 31)],
      ["mlkem768x25519-sha256", Buffer.alloc(1_184 + 32, 0xff)],
    ];
    for (const [kex, share] of wrong) {
      const peer = new RawPeer("server")
        .ident()
        .init({ kex: [kex] })
        .share(share);
      assertRefused(peer, DISCONNECT.keyExchangeFailed, /^the peer's part of the key exchange/);
    }
  });

  it("refuses a share with more behind it, or with less than it says", () => {
    const message = new MessageWriter(MESSAGE.kexEcdhInit).string(GOOD_SHARE).byte(0).finish();
    for (const payload of [message, message.subarray(0, 20), message.subarray(0, 1)]) {
      const peer = new RawPeer("server").ident().init().message(payload);
      assertRefused(peer, DISCONNECT.protocolError, /malformed message/);
    }
  });

  it("refuses NEWKEYS with something in it", () => {
    const peer = new RawPeer("server").ident().init().share(GOOD_SHARE);
    assertRefused(peer.message(Buffer.of(21, 0)), DISCONNECT.protocolError, /NEWKEYS of 2 bytes/);
  });

  it("names what finds no match, with the peer's names escaped and cut", () => {
    const weak = new RawPeer("server").ident().init({ kex: ["diffie-hellman-group1-sha1"] });
    assertRefused(weak, DISCONNECT.keyExchangeFailed, /key exchange method; the peer has: diffie/);
    const names = ["\x1b[31m\n", "x".repeat(5_000)];
    const rude = new RawPeer("server").ident().init({ ciphersToServer: names });
    assertRefused(rude, DISCONNECT.keyExchangeFailed, /no matching cipher; the peer has: \\u001b/);
    assert.ok(rude.end.errors[0]!.message.length < 400);
    for (const list of ["hostKeys", "ciphersToClient", "compressionsToClient"] as const) {
      const peer = new RawPeer("server").ident().init({ [list]: ["zlib", "3des-cbc"] });
      assertRefused(peer, DISCONNECT.keyExchangeFailed, /^no matching/);
    }
    const noMac = { ciphersToServer: ["aes128-ctr"], macsToServer: ["hmac-sha1"] };
    const peer = new RawPeer("server").ident().init(noMac);
    assertRefused(peer, DISCONNECT.keyExchangeFailed, /no matching MAC; the peer has: hmac-sha1/);
  });

  it("agrees on no mark as if it were a method", () => {
    const marks = ["kex-strict-s-v00@openssh.com", "ext-info-c"];
    const peer = new RawPeer("server").ident().init({ kex: marks }, false);
    assertRefused(peer, DISCONNECT.keyExchangeFailed, /no matching key exchange method/);
  });

  it("refuses a KEXINIT that is cut off", () => {
    for (const bytes of [1, 10, 17, 20, 40]) {
      const payload = Buffer.alloc(bytes, 0);
      payload[0] = MESSAGE.kexInit;
      const peer = new RawPeer("server").ident().message(payload);
      assertRefused(peer, DISCONNECT.protocolError, /malformed message/);
    }
  });

  it("ends with a peer that says goodbye, however badly", () => {
    const peer = new RawPeer("server").ident().number(MESSAGE.disconnect);
    assert.deepEqual(peer.end.disconnects, [{ reason: 0, text: "" }]);
    const long = new MessageWriter(MESSAGE.disconnect).uint32(11).string("x".repeat(3_000));
    const other = new RawPeer("server").ident().message(long.finish());
    assert.deepEqual(other.end.disconnects, [{ reason: 11, text: "x".repeat(255) }]);
  });
});

describe("a guess at the next message (RFC 4253, 7)", () => {
  it("that is wrong is dropped, and the right one follows", () => {
    const kex = ["ecdh-sha2-nistp256", "curve25519-sha256"];
    const peer = new RawPeer("server", { algorithms: { kex: ["curve25519-sha256"] } }).ident();
    peer.init({ kex, guessFollows: true }).share(Buffer.alloc(65)).share(GOOD_SHARE);
    assert.equal(peer.end.ended, false);
    assert.equal(peer.answers().includes(MESSAGE.kexEcdhReply), true);
  });

  it("that is wrong is dropped once", () => {
    const kex = ["ecdh-sha2-nistp256", "curve25519-sha256"];
    const peer = new RawPeer("server", { algorithms: { kex: ["curve25519-sha256"] } }).ident();
    peer.init({ kex, guessFollows: true }).share(Buffer.alloc(65)).share(Buffer.alloc(65));
    assertRefused(peer, DISCONNECT.keyExchangeFailed, /has 65 bytes/);
  });

  it("that is right counts", () => {
    const peer = new RawPeer("server", { algorithms: { kex: ["curve25519-sha256"] } }).ident();
    peer.init({ guessFollows: true }).share(GOOD_SHARE);
    assert.equal(peer.answers().includes(MESSAGE.kexEcdhReply), true);
  });
});

describe("a server under keys", () => {
  function afterKeys(number: number): TransportPair {
    const pair = new TransportPair().connect();
    pair.client.transport.send(Buffer.of(number));
    pair.carry();
    return pair;
  }

  it("refuses what belongs into an exchange that is not going on, or to the other side", () => {
    for (const number of [0, 6, MESSAGE.newKeys, MESSAGE.kexEcdhInit, MESSAGE.kexEcdhReply]) {
      const { server } = afterKeys(number);
      assert.equal(server.errors[0]?.reason, DISCONNECT.protocolError);
      assert.match(server.errors[0].message, new RegExp(`message ${number} outside of`));
    }
  });

  it("hands up the messages of the layers above, and only these", () => {
    for (const number of [5, 50, 52, 79, 80, 127, 255]) {
      assert.deepEqual(afterKeys(number).server.messages, [Buffer.of(number)]);
    }
    for (const number of [2, 3, 4, 8, 19, 22, 29, 32, 49, 192, 193]) {
      const { server } = afterKeys(number);
      assert.deepEqual([server.messages, server.errors], [[], []], `${number}`);
    }
  });

  it("refuses messages of the layers above between a peer's KEXINIT and its NEWKEYS", () => {
    for (const number of [5, 50, 94]) {
      const pair = new TransportPair().connect();
      // What we send while we exchange keys is held back, so the peer's part is taken by hand.
      pair.client.transport.rekey();
      const init = pair.client.take();
      const other = new TransportPair().connect();
      assert.ok(init.length > 0 && other.client.written.length === 0);
      pair.server.transport.receive(init);
      assert.equal(pair.server.transport.exchangingKeys, true);
      assert.equal(pair.server.errors.length, 0);
      forceSend(pair, Buffer.of(number));
      assert.match(pair.server.errors[0]!.message, new RegExp(`^message ${number} during a key`));
      assert.deepEqual(pair.server.messages, []);
    }
  });

  it("lets IGNORE and DEBUG go by within a later exchange, strict as it is", () => {
    for (const number of [MESSAGE.ignore, MESSAGE.unimplemented, MESSAGE.debug]) {
      const pair = new TransportPair().connect();
      pair.client.transport.rekey();
      pair.server.transport.receive(pair.client.take());
      forceSend(pair, Buffer.of(number));
      pair.carry();
      pair.assertWell();
      assert.equal(pair.server.keys.length, 2);
    }
  });

  it("refuses a second KEXINIT within an exchange", () => {
    const pair = new TransportPair().connect();
    pair.client.transport.rekey();
    pair.server.transport.receive(pair.client.take());
    forceSend(pair, Buffer.of(MESSAGE.kexInit));
    assert.match(pair.server.errors[0]!.message, /^message 20 during a key exchange/);
  });

  it("answers messages that nobody knows only so often", () => {
    const pair = new TransportPair().connect();
    for (let count = 0; count <= UNKNOWN_MESSAGES_MAX; count++) {
      assert.equal(pair.server.ended, false);
      pair.client.transport.send(Buffer.of(19));
      pair.carry();
    }
    assert.match(pair.server.errors[0]!.message, /nobody knows/);
  });

  it("takes extensions only so often, and so many", () => {
    const few = new MessageWriter(MESSAGE.extInfo).uint32(1).string("a").string("b").finish();
    const pair = new TransportPair().connect();
    for (let count = 0; count < 10; count++) pair.client.transport.send(few);
    pair.carry();
    assert.match(pair.server.errors[0]!.message, /messages with extensions/);
    for (const count of [65, 0xffff_ffff]) {
      const many = new TransportPair().connect();
      many.client.transport.send(new MessageWriter(MESSAGE.extInfo).uint32(count).finish());
      many.carry();
      assert.match(many.server.errors[0]!.message, /extensions, at most 64/);
    }
  });
});

describe("a client", () => {
  function refused(pair: TransportPair): { reason: number; message: string } {
    pair.carry();
    const [error] = pair.client.errors;
    assert.ok(error !== undefined, "no error");
    assert.deepEqual(pair.client.keys, []);
    assert.deepEqual(pair.server.keys, []);
    return { reason: error.reason, message: error.message };
  }

  function servedBy(key: PrivateKey): TransportPair {
    return new TransportPair({ server: { role: { kind: "server", hostKeys: [key] } } });
  }

  it("refuses a host key that is not accepted, though it signs well", () => {
    const role = { kind: "client", acceptHostKey: () => false } as const;
    const { reason, message } = refused(new TransportPair({ client: { role } }));
    assert.equal(reason, DISCONNECT.hostKeyNotVerifiable);
    assert.match(message, /host key ssh-ed25519 SHA256:\S+ is not accepted/);
  });

  it("asks nobody about a host key whose signature is wrong", () => {
    const [ed25519, other] = [HOST_KEYS[0]!, HOST_KEYS[1]!];
    for (const sign of [
      (_name: string, data: Uint8Array) => ed25519.sign("ssh-ed25519", Buffer.from(data).fill(0)),
      (_name: string, data: Uint8Array) => other.sign("ecdsa-sha2-nistp256", data),
      () => Buffer.alloc(0),
      () => Buffer.alloc(83, 1),
    ]) {
      const server = {
        kind: "server",
        hostKeys: [{ publicKey: ed25519.publicKey, sign }],
      } as const;
      const acceptHostKey = (): boolean => assert.fail("asked");
      const client = { kind: "client", acceptHostKey } as const;
      const pair = new TransportPair({ server: { role: server }, client: { role: client } });
      const { reason, message } = refused(pair);
      assert.equal(reason, DISCONNECT.keyExchangeFailed);
      assert.match(message, /signature is wrong/);
    }
  });

  it("refuses a host key of another type than agreed, and one that is no key", () => {
    const [ed25519, ecdsa] = [HOST_KEYS[0]!, HOST_KEYS[1]!];
    const withBlob = (blob: Buffer): PrivateKey => ({
      publicKey: { ...ed25519.publicKey, signatureAlgorithms: ["ssh-ed25519"], blob },
      sign: (name, data) => ed25519.sign(name, data),
    });
    const other = refused(servedBy(withBlob(ecdsa.publicKey.blob)));
    assert.match(other.message, /type ecdsa-sha2-nistp256 cannot sign as ssh-ed25519/);
    const rude = new MessageWriter().string("\x1b]0;rude\x07").finish();
    for (const blob of [Buffer.alloc(0), Buffer.alloc(40, 1), rude]) {
      const { reason, message } = refused(servedBy(withBlob(blob)));
      assert.equal(reason, DISCONNECT.keyExchangeFailed);
      assert.match(message, /^the host key is bad/);
      assert.doesNotMatch(message, /\p{Cc}/u);
    }
    assert.match(refused(servedBy(withBlob(Buffer.alloc(17_000)))).message, /at most 16384/);
  });

  it("refuses shares of a server that are no good", () => {
    for (const share of [Buffer.alloc(32), Buffer.alloc(31), Buffer.alloc(1_088 + 31)]) {
      const peer = new RawPeer("client").ident().init();
      const reply = new MessageWriter(MESSAGE.kexEcdhReply).string("").string(share).string("");
      peer.message(reply.finish());
      assertRefused(peer, DISCONNECT.keyExchangeFailed, /^the peer's part of the key exchange/);
    }
  });

  it("refuses an answer with more behind it", () => {
    const peer = new RawPeer("client").ident().init();
    const reply = new MessageWriter(MESSAGE.kexEcdhReply).string("").string(GOOD_SHARE).string("");
    peer.message(reply.byte(0).finish());
    assertRefused(peer, DISCONNECT.protocolError, /1 bytes too many/);
  });

  it("refuses messages that are the server's to receive", () => {
    const peer = new RawPeer("client").ident().init().share(GOOD_SHARE);
    assertRefused(peer, DISCONNECT.protocolError, /message 30 during the first key exchange/);
  });
});

describe("an input that cannot work", () => {
  it("is refused when the transport is made", () => {
    const good = { role: { kind: "server", hostKeys: HOST_KEYS }, ident: "x" } as const;
    const handler = new RawPeer("server").end;
    const make = (changed: object): void => {
      createSshTransport({ ...good, handler, write: () => {}, ...changed });
    };
    make({});
    for (const ident of ["", "a b", "a\n", "é", "x".repeat(201)]) {
      assert.throws(() => make({ ident }), /^RangeError: ident/);
    }
    assert.throws(() => make({ role: { kind: "server", hostKeys: [] } }), /no key that can sign/);
    assert.throws(() => make({ algorithms: { ciphers: ["3des-cbc"] } }), /knows no 3des-cbc/);
    assert.throws(() => make({ algorithms: { macs: [] } }), /algorithms.macs is empty/);
    assert.throws(() => make({ limits: { rekeyBytes: 1 } }), /limits.rekeyBytes is 1/);
    const role = { kind: "client", acceptHostKey: () => true, hostKeyTypes: ["ssh-dss"] };
    assert.throws(() => make({ role }), /hostKeyTypes knows no ssh-dss/);
  });
});

it("the usual offer of these tests is one that is taken", () => {
  const peer = new RawPeer("server").ident().init(USUAL_INIT).share(GOOD_SHARE);
  assert.equal(peer.end.ended, false);
});

/** Sends a message under the client's keys though the exchange forbids it. */
function forceSend({ client, server }: TransportPair, payload: Buffer): void {
  const inside = client.transport as unknown as { sendNow(head: Buffer): void };
  inside.sendNow(payload);
  server.transport.receive(client.take());
}
