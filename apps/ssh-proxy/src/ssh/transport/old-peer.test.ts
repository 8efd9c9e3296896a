/** Peers from before the strict key exchange (2023), as old PuTTY and Paramiko still are. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { MESSAGE } from "../message-numbers.ts";
import { keysFor } from "./kex/exchange-hash.ts";
import { type AgreedSecret, KeyExchange } from "./kex/key-exchange.ts";
import type { KexInit } from "./kex/kex-init.ts";
import { createOpener, createSealer } from "./packet/choose-cipher.ts";
import { PacketReader } from "./packet/packet-reader.ts";
import { PacketWriter } from "./packet/packet-writer.ts";
import { HOST_KEYS } from "./testing/host-keys.ts";
import { USUAL_INIT } from "./testing/raw-peer.ts";
import { TestedEnd } from "./testing/tested-end.ts";

/** A cipher whose MAC counts the packets, so that sequence numbers matter. */
const NAMES = { cipher: "aes256-ctr", mac: "hmac-sha2-256" };
const OLD_INIT: KexInit = {
  ...USUAL_INIT,
  kex: ["diffie-hellman-group14-sha1", "ecdh-sha2-nistp256"],
  ciphersToServer: [NAMES.cipher],
  ciphersToClient: [NAMES.cipher],
  macsToServer: ["hmac-sha1", NAMES.mac],
  macsToClient: ["hmac-sha1", NAMES.mac],
};

/** A client that marks nothing, and sends IGNORE where it likes. */
class OldClient {
  readonly server = new TestedEnd({
    role: { kind: "server", hostKeys: HOST_KEYS },
    ident: "TestedServer",
  });
  private readonly reader = new PacketReader();
  private readonly writer = new PacketWriter();
  private sessionId: Buffer | undefined = undefined;
  private readonly side = {
    role: "client",
    ourIdent: "SSH-2.0-Old",
    acceptHostKey: () => true,
  } as const;

  connect(): void {
    this.server.transport.receive(Buffer.from("SSH-2.0-Old\n"));
    const exchange = new KeyExchange(this.side, OLD_INIT);
    this.send(Buffer.of(MESSAGE.ignore));
    this.send(exchange.initMessage);
    const written = this.server.take();
    const identEnd = written.indexOf("\r\n");
    this.reader.push(written.subarray(identEnd + 2));
    this.finish(exchange, written.toString("latin1", 0, identEnd));
  }

  rekey(): void {
    const exchange = new KeyExchange(this.side, OLD_INIT);
    this.send(exchange.initMessage);
    this.reader.push(this.server.take());
    this.finish(exchange, "SSH-2.0-TestedServer");
  }

  private finish(exchange: KeyExchange, serverIdent: string): void {
    exchange.receiveInit(this.next(MESSAGE.kexInit), serverIdent);
    assert.equal(this.reader.next(), undefined);
    this.send(exchange.begin());
    this.reader.push(this.server.take());
    const agreed = exchange.finish(this.next(MESSAGE.kexEcdhReply));
    this.next(MESSAGE.newKeys);
    this.send(Buffer.of(MESSAGE.newKeys));
    this.use(agreed);
    assert.equal(this.reader.next(), undefined);
  }

  private use(agreed: AgreedSecret): void {
    this.sessionId ??= agreed.exchangeHash;
    const from = { ...agreed, sessionId: this.sessionId };
    this.writer.use(createSealer(NAMES, keysFor("client", from)));
    this.reader.use(createOpener(NAMES, keysFor("server", from)));
  }

  /** The number of the packet that is sent next. */
  get sequence(): number {
    return this.writer.sequence;
  }

  send(payload: Buffer): void {
    this.server.transport.receive(this.writer.packet(payload));
    assert.deepEqual(this.server.errors, []);
  }

  receive(): Buffer {
    this.reader.push(this.server.take());
    return Buffer.from(this.reader.next()!);
  }

  private next(number: number): Buffer {
    const payload = this.reader.next();
    assert.equal(payload?.[0], number);
    return Buffer.from(payload);
  }
}

describe("a client without the strict key exchange", () => {
  it("is served; its packets are counted on from the first one, through new keys", () => {
    const client = new OldClient();
    client.connect();
    const { server } = client;
    assert.equal(server.keys[0]!.strictKex, false);
    for (let round = 1; round <= 3; round++) {
      client.send(Buffer.alloc(20, 100));
      client.send(Buffer.of(MESSAGE.ignore));
      server.transport.send(Buffer.alloc(30, 101));
      assert.deepEqual(client.receive(), Buffer.alloc(30, 101));
      assert.equal(server.messages.length, round);
      client.rekey();
      assert.equal(server.keys.length, round + 1);
    }
    assert.ok(server.keys.every(({ strictKex, macIn }) => !strictKex && macIn === NAMES.mac));
  });

  it("is told by its number which message nobody knows", () => {
    const client = new OldClient();
    client.connect();
    for (let count = 0; count < 3; count++) {
      const answer = Buffer.of(MESSAGE.unimplemented, 0, 0, 0, client.sequence);
      client.send(Buffer.of(19));
      assert.deepEqual(client.receive(), answer);
    }
  });
});
