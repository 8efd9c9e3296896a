/**
 * Whatever a peer sends, a transport tells of it in its handler's words and never throws, never
 * hands up what was not sealed, and takes no more memory than a packet. `npm run fuzz` runs it.
 */
import assert from "node:assert/strict";
import { it } from "node:test";
import fc from "fast-check";
import { MESSAGE } from "../message-numbers.ts";
import { SshError } from "../ssh-error.ts";
import { type KexInit, readKexInit } from "./kex/kex-init.ts";
import { PACKET_MAX_BYTES } from "./packet/packet-reader.ts";
import { RawPeer, USUAL_INIT } from "./testing/raw-peer.ts";
import type { TestedEnd } from "./testing/tested-end.ts";
import { receiveInPieces, TransportPair } from "./testing/transport-pair.ts";

const role = fc.constantFrom("server" as const, "client" as const);
const pieceBytes = fc.oneof(fc.constant(Infinity), fc.integer({ min: 1, max: 50 }));

/** Only our own errors, one end at most, and no packet in memory that is longer than allowed. */
function checkEnd(end: TestedEnd): void {
  assert.ok(end.errors.length + end.disconnects.length <= 1);
  for (const error of end.errors) {
    assert.ok(error instanceof SshError);
    assert.doesNotMatch(error.message, /\p{Cc}/u);
    assert.ok(error.message.length < 1_000);
  }
  const { reader } = end.transport as unknown as { reader: { partial: Buffer } };
  assert.ok(reader.partial.length <= PACKET_MAX_BYTES + 68, `${reader.partial.length}`);
}

it("any bytes", () => {
  const start = fc.constantFrom("", "SSH-2.0-x\r\n", "SSH-2.0-x\r\n\0\0\0\x0c", "SSH-");
  const bytes = fc.uint8Array({ maxLength: 600 });
  fc.assert(
    fc.property(role, start, bytes, pieceBytes, (attacked, text, random, piece) => {
      const { end } = new RawPeer(attacked);
      const all = Buffer.concat([Buffer.from(text, "latin1"), random]);
      receiveInPieces(end, all, piece);
      checkEnd(end);
      assert.deepEqual([end.messages, end.keys], [[], []]);
    }),
    { numRuns: 20_000 },
  );
});

/** A message whose number, at least, makes some sense. */
const message = fc
  .tuple(fc.oneof(fc.constantFrom(1, 2, 7, 20, 21, 30, 31), fc.nat(255)), fc.uint8Array())
  .map(([number, rest]) => Buffer.concat([Buffer.of(number), rest]));

it("any messages before keys", () => {
  const names = fc.array(fc.oneof(fc.string(), fc.constantFrom(...USUAL_INIT.kex, "none", ",")));
  const init: fc.Arbitrary<Partial<KexInit>> = fc.record(
    { kex: names, hostKeys: names, ciphersToServer: names, guessFollows: fc.boolean() },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(
      role,
      fc.option(init, { nil: undefined }),
      fc.boolean(),
      fc.array(message, { maxLength: 6 }),
      (attacked, changed, strict, messages) => {
        const peer = new RawPeer(attacked).ident();
        if (changed !== undefined) peer.init(changed, strict);
        for (const payload of messages) peer.message(payload);
        checkEnd(peer.end);
        assert.deepEqual([peer.end.messages, peer.end.keys], [[], []]);
      },
    ),
    { numRuns: 10_000 },
  );
});

it("a first exchange in which bytes are changed, left out or put in", () => {
  const change = fc.record({
    at: fc.nat(4_000),
    kind: fc.constantFrom("change", "remove", "insert"),
    bytes: fc.uint8Array({ minLength: 1, maxLength: 40 }),
  });
  fc.assert(
    fc.property(
      role,
      change,
      fc.constantFrom(0, 1),
      pieceBytes,
      (attacked, changed, turn, piece) => {
        const pair = new TransportPair({ algorithms: { kex: ["curve25519-sha256"] } });
        const victim = pair[attacked];
        const other = pair[attacked === "server" ? "client" : "server"];
        for (let count = 0; count < 4 && other.written.length > 0; count++) {
          const sent = other.take();
          const mangled = count === turn ? mangle(sent, changed) : sent;
          receiveInPieces(victim, mangled, piece);
          receiveInPieces(other, victim.take(), Infinity);
        }
        checkEnd(victim);
        checkEnd(other);
      },
    ),
    { numRuns: 5_000 },
  );
});

it("any messages under keys, in any order", () => {
  fc.assert(
    fc.property(role, fc.array(message, { maxLength: 20 }), pieceBytes, (attacked, sent, piece) => {
      const pair = new TransportPair({ algorithms: { kex: ["curve25519-sha256"] } }).connect();
      const victim = pair[attacked];
      const other = pair[attacked === "server" ? "client" : "server"];
      const forced = other.transport as unknown as { sendNow(payload: Buffer): void };
      for (const payload of sent) forced.sendNow(payload);
      receiveInPieces(victim, other.take(), piece);
      checkEnd(victim);
      const upper = sent.filter(
        (payload) => payload[0]! >= MESSAGE.userauthRequest || payload[0]! < 7,
      );
      for (const received of victim.messages) {
        assert.ok(upper.some((payload) => payload.equals(received)));
      }
    }),
    { numRuns: 3_000 },
  );
});

it("packets under keys in which bytes are changed", () => {
  const cipher = fc.constantFrom("aes128-gcm@openssh.com", "aes128-ctr", "aes256-ctr");
  const mac = fc.constantFrom("hmac-sha2-256", "hmac-sha2-512-etm@openssh.com");
  const bytes = fc.uint8Array({ minLength: 1, maxLength: 40 });
  fc.assert(
    fc.property(cipher, mac, fc.nat(700), bytes, pieceBytes, (name, macName, at, random, piece) => {
      const algorithms = { kex: ["curve25519-sha256"], ciphers: [name], macs: [macName] };
      const pair = new TransportPair({ algorithms }).connect();
      const messages = Array.from({ length: 8 }, (_, index) => Buffer.alloc(60, 94 + index));
      for (const payload of messages) pair.client.transport.send(payload);
      const sent = pair.client.take();
      const mangled = mangle(sent, { at, kind: "change", bytes: random });
      receiveInPieces(pair.server, mangled, piece);
      checkEnd(pair.server);
      // What came before the change, in order, and nothing else.
      const received = pair.server.messages;
      assert.deepEqual(received, messages.slice(0, received.length));
      if (!mangled.equals(sent)) assert.ok(received.length < messages.length);
    }),
    { numRuns: 3_000 },
  );
});

it("any bytes as KEXINIT", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
      try {
        readKexInit(Buffer.from(bytes));
      } catch (error) {
        if (!(error instanceof SshError)) throw error;
      }
    }),
    { numRuns: 20_000 },
  );
});

function mangle(
  sent: Buffer,
  { at, kind, bytes }: { at: number; kind: string; bytes: Uint8Array },
): Buffer {
  const from = at % (sent.length + 1);
  const before = sent.subarray(0, from);
  const to = kind === "insert" ? from : Math.min(sent.length, from + bytes.length);
  const put =
    kind === "remove"
      ? Buffer.alloc(0)
      : bytes.subarray(0, kind === "change" ? to - from : undefined);
  return Buffer.concat([before, put, sent.subarray(to)]);
}
