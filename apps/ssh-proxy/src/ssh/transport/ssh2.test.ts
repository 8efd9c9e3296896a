/** ssh2 at the other end: a transport that nobody here wrote, in both roles. */
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { describe, it } from "node:test";
import type { EventEmitter } from "node:events";
import { MESSAGE } from "../message-numbers.ts";
import { MessageReader } from "../message-reader.ts";
import { MessageWriter } from "../message-writer.ts";
import { generatePrivateKey } from "../keys/generate-private-key.ts";
import { CIPHERS, KEX_METHODS, MACS, ML_KEM_KEX, SIGNATURE_ALGORITHMS } from "./algorithms.ts";
import { createSshTransport } from "./own-transport.ts";
import type { AgreedAlgorithms, TransportHandler } from "./ssh-transport.ts";
import { HOST_KEYS } from "./testing/host-keys.ts";
import { TransportStream } from "./testing/ssh2-peer.ts";

/** What these tests use of ssh2, which comes without types. */
interface Ssh2Client extends EventEmitter {
  connect(options: object): void;
  rekey(done?: (error?: Error) => void): void;
  exec(command: string, done: (error: Error | undefined, stream: EventEmitter) => void): void;
  end(): void;
}
interface Ssh2Server extends EventEmitter {
  injectSocket(stream: TransportStream): void;
}
interface Ssh2 {
  readonly Client: new () => Ssh2Client;
  readonly Server: new (options: object, listener: (client: Ssh2Client) => void) => Ssh2Server;
}
const ssh2 = createRequire(import.meta.url)("ssh2") as Ssh2;

const REPLY = Buffer.alloc(100_000, "reply");
const LOGIN_SERVICE = "ssh-userauth";

/** Carries what the transport writes, in the next turn, as a socket would. */
function carrierOf(stream: TransportStream): (bytes: Buffer) => void {
  return (bytes) => queueMicrotask(() => stream.deliver(bytes));
}

interface ServerOptions {
  readonly algorithms?: object;
  readonly pieceBytes?: number;
  readonly rekeysWhileSending?: boolean;
}

/** Our transport as a server that lets everybody in, and answers exec with `REPLY`. */
function serveSsh2(
  algorithms: object,
  { pieceBytes = Infinity, rekeysWhileSending = false }: ServerOptions = {},
): Promise<{ keys: AgreedAlgorithms[]; received: Buffer }> {
  const { promise, resolve, reject } = Promise.withResolvers<{
    keys: AgreedAlgorithms[];
    received: Buffer;
  }>();
  const stream = new TransportStream();
  stream.pieceBytes = pieceBytes;
  const keys: AgreedAlgorithms[] = [];
  const handler: TransportHandler = {
    onIdent: () => {},
    onKeys: (agreed) => keys.push(agreed),
    onDisconnect: () => {},
    onError: reject,
    onMessage: (payload) => answer(payload),
  };
  const transport = createSshTransport({
    role: { kind: "server", hostKeys: HOST_KEYS },
    ident: "TestedServer",
    handler,
    write: carrierOf(stream),
  });
  stream.transport = transport;
  const answer = (payload: Buffer): void => {
    for (const message of answersTo(payload)) {
      if (rekeysWhileSending && message.length > 20_000) transport.rekey();
      transport.send(message);
    }
  };
  const client = new ssh2.Client();
  client.on("error", reject);
  client.on("ready", () => {
    client.exec("anything", (error, channel) => {
      if (error !== undefined) return reject(error);
      const pieces: Buffer[] = [];
      channel.on("data", (piece: Buffer) => pieces.push(piece));
      channel.on("close", () => {
        client.end();
        resolve({ keys, received: Buffer.concat(pieces) });
      });
    });
  });
  client.connect({ sock: stream, username: "git", password: "x", algorithms });
  return promise;
}

/** What the simplest of servers says to each message. */
function answersTo(payload: Buffer): Buffer[] {
  const channel = 0;
  switch (payload[0]) {
    case MESSAGE.serviceRequest:
      return [new MessageWriter(MESSAGE.serviceAccept).string(LOGIN_SERVICE).finish()];
    case MESSAGE.userauthRequest:
      return [Buffer.of(MESSAGE.userauthSuccess)];
    case MESSAGE.channelOpen: {
      const confirmation = new MessageWriter(MESSAGE.channelOpenConfirmation);
      return [
        confirmation
          .uint32(channel)
          .uint32(0)
          .uint32(1 << 30)
          .uint32(32_768)
          .finish(),
      ];
    }
    case MESSAGE.channelRequest: {
      const pieces = [0, 30_000, 60_000, 90_000].map((at) => REPLY.subarray(at, at + 30_000));
      const data = (piece: Buffer): Buffer =>
        new MessageWriter(MESSAGE.channelData).uint32(channel).string(piece).finish();
      return [
        new MessageWriter(MESSAGE.channelSuccess).uint32(channel).finish(),
        ...pieces.map(data),
        new MessageWriter(MESSAGE.channelEof).uint32(channel).finish(),
        new MessageWriter(MESSAGE.channelClose).uint32(channel).finish(),
      ];
    }
    default:
      return [];
  }
}

describe("ssh2's client at our server", () => {
  for (const kex of KEX_METHODS.filter((name) => name !== ML_KEM_KEX)) {
    it(`agrees by ${kex}`, async () => {
      const { keys, received } = await serveSsh2({ kex: [kex] });
      assert.equal(keys[0]!.kex, kex);
      assert.ok(received.equals(REPLY));
    });
  }

  for (const cipher of CIPHERS) {
    for (const mac of cipher.includes("gcm") ? [""] : MACS) {
      it(`reads and writes ${cipher} ${mac}`, async () => {
        const hmac = mac === "" ? {} : { hmac: [mac] };
        const { keys, received } = await serveSsh2({ cipher: [cipher], ...hmac });
        const { cipherIn, cipherOut, macIn, macOut } = keys[0]!;
        assert.deepEqual([cipherIn, cipherOut, macIn, macOut], [cipher, cipher, mac, mac]);
        assert.ok(received.equals(REPLY));
      });
    }
  }

  for (const hostKey of SIGNATURE_ALGORITHMS) {
    it(`verifies ${hostKey}`, async () => {
      const { keys } = await serveSsh2({ serverHostKey: [hostKey] });
      assert.equal(keys[0]!.hostKey, hostKey);
    });
  }

  it("goes on when each byte comes alone", async () => {
    const { received } = await serveSsh2({}, { pieceBytes: 1 });
    assert.ok(received.equals(REPLY));
  });

  it("goes on with new keys while data flows", async () => {
    const { keys, received } = await serveSsh2({}, { rekeysWhileSending: true });
    assert.ok(keys.length > 1, `${keys.length}`);
    assert.ok(received.equals(REPLY));
  });
});

/** Our transport as a client of ssh2's server; resolves when the login has been refused or not. */
function visitSsh2(algorithms: object, key = ED25519): Promise<AgreedAlgorithms[]> {
  const { promise, resolve, reject } = Promise.withResolvers<AgreedAlgorithms[]>();
  const stream = new TransportStream();
  const keys: AgreedAlgorithms[] = [];
  const server = new ssh2.Server({ hostKeys: [key.openssh], algorithms }, (client) => {
    client.on("error", reject);
    client.on("authentication", (login: { accept(): void }) => login.accept());
    // New keys at the server's wish, under the eyes of the client.
    client.on("ready", () => client.rekey());
  });
  const transport = createSshTransport({
    role: {
      kind: "client",
      acceptHostKey: ({ blob }) => blob.equals(key.privateKey.publicKey.blob),
    },
    ident: "TestedClient",
    write: carrierOf(stream),
    handler: {
      onIdent: () => {},
      onError: reject,
      onDisconnect: (_reason, text) => reject(new Error(`disconnected: ${text}`)),
      onKeys(agreed) {
        keys.push(agreed);
        if (keys.length === 2) {
          transport.disconnect(11, "done");
          return resolve(keys);
        }
        transport.send(new MessageWriter(MESSAGE.serviceRequest).string(LOGIN_SERVICE).finish());
      },
      onMessage(payload) {
        if (payload[0] !== MESSAGE.serviceAccept) return;
        assert.equal(new MessageReader(payload).text(), LOGIN_SERVICE);
        const request = new MessageWriter(MESSAGE.userauthRequest).string("git");
        transport.send(request.string("ssh-connection").string("none").finish());
      },
    },
  });
  stream.transport = transport;
  server.injectSocket(stream);
  return promise;
}

const ED25519 = generatePrivateKey("ssh-ed25519");

describe("our client at ssh2's server", () => {
  for (const kex of KEX_METHODS.filter((name) => name !== ML_KEM_KEX)) {
    it(`agrees by ${kex}, twice`, async () => {
      const keys = await visitSsh2({ kex: [kex] });
      assert.deepEqual(
        keys.map((agreed) => agreed.kex),
        [kex, kex],
      );
    });
  }

  for (const cipher of CIPHERS) {
    for (const mac of cipher.includes("gcm") ? [""] : MACS) {
      it(`reads and writes ${cipher} ${mac}`, async () => {
        const [agreed] = await visitSsh2({ cipher: [cipher], ...(mac !== "" && { hmac: [mac] }) });
        assert.deepEqual([agreed!.cipherIn, agreed!.macIn], [cipher, mac]);
      });
    }
  }

  it("verifies RSA and ECDSA", async () => {
    for (const type of ["ssh-rsa", "ecdsa-sha2-nistp256"] as const) {
      const [agreed] = await visitSsh2({}, generatePrivateKey(type));
      assert.equal(agreed!.hostKey, type === "ssh-rsa" ? "rsa-sha2-512" : type);
    }
  });
});
