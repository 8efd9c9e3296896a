/**
 * Whatever a peer sends after a real login, a connection goes on or ends in order: its handlers are
 * told of one end, no channel is left, and nothing waits for ever. `npm run fuzz` runs it.
 */
import assert from "node:assert/strict";
import { it } from "node:test";
import fc from "fast-check";
import { MESSAGE } from "../message-numbers.ts";
import { MessageWriter } from "../message-writer.ts";
import type { RawPeer } from "./testing/raw-peer.ts";
import { RecordedChannel } from "./testing/recorded-channel.ts";
import { TestedClient } from "./testing/tested-client.ts";
import { TestedServer } from "./testing/tested-server.ts";

const id = fc.oneof(
  { weight: 6, arbitrary: fc.nat(2) },
  { weight: 1, arbitrary: fc.constantFrom(3, 10_000, 0x7fff_ffff, 0xffff_ffff) },
);
const size = fc.oneof(fc.nat(40), fc.constantFrom(1_024, 32_768, 65_536, 0xffff_ffff));
const bytes = fc.uint8Array({ maxLength: 60 });
const name = fc.constantFrom("exec", "env", "signal", "eow@openssh.com", "shell", "", "\u0000");

/** What makes sense, in some order. */
const message: fc.Arbitrary<Buffer> = fc.oneof(
  fc
    .tuple(fc.constantFrom("session", "x11", ""), id, size, size)
    .map(([type, channel, window, packet]) =>
      new MessageWriter(90).string(type).uint32(channel).uint32(window).uint32(packet).finish(),
    ),
  fc
    .tuple(id, size, size)
    .map(([channel, window, packet]) =>
      new MessageWriter(91).uint32(channel).uint32(7).uint32(window).uint32(packet).finish(),
    ),
  fc
    .tuple(id, bytes)
    .map(([channel, text]) =>
      new MessageWriter(92).uint32(channel).uint32(2).string(text).string("").finish(),
    ),
  fc
    .tuple(id, size)
    .map(([channel, more]) => new MessageWriter(93).uint32(channel).uint32(more).finish()),
  fc
    .tuple(
      id,
      fc.oneof(
        bytes,
        size.map((length) => new Uint8Array(Math.min(length, 30_000))),
      ),
    )
    .map(([channel, data]) => new MessageWriter(94).uint32(channel).string(data).finish()),
  fc
    .tuple(id, fc.constantFrom(1, 1, 1, 2), bytes)
    .map(([channel, type, data]) =>
      new MessageWriter(95).uint32(channel).uint32(type).string(data).finish(),
    ),
  fc
    .tuple(fc.constantFrom(96, 97, 99, 100), id)
    .map(([number, channel]) => new MessageWriter(number).uint32(channel).finish()),
  fc
    .tuple(id, name, fc.boolean(), bytes)
    .map(([channel, request, wanted, rest]) =>
      new MessageWriter(98).uint32(channel).string(request).boolean(wanted).raw(rest).finish(),
    ),
  fc
    .tuple(name, fc.boolean())
    .map(([request, wanted]) => new MessageWriter(80).string(request).boolean(wanted).finish()),
);

/** Some of it spoiled. */
const mutated = fc
  .tuple(message, fc.nat(60), fc.nat(255), fc.constantFrom("cut", "change", "grow"))
  .map(([payload, at, value, kind]) => {
    const place = 1 + (at % payload.length);
    if (kind === "cut") return payload.subarray(0, place);
    if (kind === "grow") return Buffer.concat([payload, Buffer.alloc(at, value)]);
    const changed = Buffer.from(payload);
    if (place < changed.length) changed[place] = value;
    return changed;
  });
const random = fc
  .tuple(fc.integer({ min: 50, max: 127 }), bytes)
  .map(([number, rest]) => Buffer.concat([Buffer.of(number), rest]));

type Act =
  | { readonly kind: "peer"; readonly payload: Buffer }
  | { readonly kind: "ours"; readonly what: number; readonly at: number };

const acts: fc.Arbitrary<Act[]> = fc.array(
  fc.oneof(
    {
      weight: 6,
      arbitrary: fc
        .oneof(
          { weight: 8, arbitrary: message },
          { weight: 1, arbitrary: mutated },
          { weight: 1, arbitrary: random },
        )
        .map((payload) => ({ kind: "peer" as const, payload })),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        kind: fc.constant("ours" as const),
        what: fc.nat(9),
        at: fc.nat(3),
      }),
    },
  ),
  { maxLength: 30 },
);

/** What the user of a channel may do at any moment. */
function use({ channel }: RecordedChannel, what: number): void {
  if (channel === undefined) return;
  if (what === 0) channel.close();
  else if (what === 1) channel.eof();
  else if (what === 2) channel.exitStatus(0);
  else if (what === 3) channel.grant(1_000);
  else if (what === 4) void channel.ask("exec");
  else if (what === 5) channel.sendStderr(Buffer.alloc(Math.min(10, channel.sendableBytes)));
  else channel.send(Buffer.alloc(Math.min(50_000, channel.sendableBytes)));
}

/** In any order, some of it at once; a hostile peer's socket may end first. */
async function play(
  each: readonly Act[],
  run: (ms: number) => Promise<void>,
  peer: RawPeer,
  sessions: readonly RecordedChannel[],
): Promise<void> {
  for (const act of each) {
    if (act.kind === "peer") {
      if (!peer.closed && peer.disconnected === undefined) peer.force(act.payload);
      continue;
    }
    if (act.what > 7) await run(3);
    const session = sessions[act.at];
    if (session !== undefined) use(session, act.what);
  }
  await run(50);
}

it("a client that sends anything after its login", async () => {
  await fc.assert(
    fc.asyncProperty(acts, fc.nat(1_000), fc.boolean(), async (each, seed, late) => {
      const tested = await TestedServer.loggedIn({ seed });
      tested.answer = (request) => (late ? Promise.resolve(request === "exec") : true);
      await play(each, (ms) => tested.run(ms), tested.peer, tested.sessions);
      assert.ok(tested.connection.channelCount <= 10);
      if (tested.end !== undefined) assert.doesNotMatch(tested.end.text, /internal|TypeError/);
      tested.peer.destroy();
      await tested.run(3_000);
      assert.equal(tested.ends.length, 1);
      assert.equal(tested.identities.length, 1);
      assert.equal(tested.connection.channelCount, 0);
      assert.equal(tested.connection.pendingBytes, 0);
      for (const session of tested.sessions) assert.ok(session.closed);
      assert.deepEqual(tested.world.network.openSockets(), []);
      assert.equal(tested.world.clock.scheduledCount, 0);
    }),
    { numRuns: 600 },
  );
});

it("a server that sends anything after our login", async () => {
  await fc.assert(
    fc.asyncProperty(acts, fc.nat(1_000), async (each, seed) => {
      const tested = await TestedClient.login({ seed });
      const sessions = [0, 1, 2].map(() => new RecordedChannel());
      let settled = 0;
      for (const session of sessions) {
        tested.connection
          .openSession(session, 65_536)
          .then((channel) => (session.channel = channel))
          .catch(() => undefined)
          .finally(() => settled++);
      }
      await play(each, (ms) => tested.run(ms), tested.peer, sessions);
      tested.peer.destroy();
      await tested.run(3_000);
      assert.equal(settled, 3, "whoever asked for a session was answered");
      const end = await tested.world.finish(tested.connection.ended, 10);
      assert.doesNotMatch(end.text, /internal|TypeError/);
      assert.equal(tested.connection.channelCount, 0);
      assert.equal(tested.connection.pendingBytes, 0);
      for (const { channel, closed } of sessions) assert.ok(channel === undefined || closed);
      assert.deepEqual(tested.world.network.openSockets(), []);
      assert.equal(tested.world.clock.scheduledCount, 0);
    }),
    { numRuns: 600 },
  );
});

it("a client that sends anything before its login", async () => {
  const text = fc.constantFrom("ssh-userauth", "ssh-connection", "git", "publickey", "none", "");
  const early = fc.oneof(
    text.map((service) => new MessageWriter(5).string(service).finish()),
    fc
      .tuple(text, text, text, bytes)
      .map(([user, service, method, rest]) =>
        new MessageWriter(50).string(user).string(service).string(method).raw(rest).finish(),
      ),
    bytes.map((rest) =>
      new MessageWriter(MESSAGE.userauthRequest)
        .string("git")
        .string("ssh-connection")
        .string("publickey")
        .boolean(true)
        .string("ssh-ed25519")
        .string(rest)
        .string(rest)
        .finish(),
    ),
    random,
  );
  await fc.assert(
    fc.asyncProperty(fc.array(early, { maxLength: 12 }), async (payloads) => {
      const tested = await TestedServer.start();
      tested.askService();
      for (const payload of payloads) tested.peer.force(payload);
      await tested.run(50);
      assert.deepEqual(tested.identities, []);
      assert.equal(tested.sessions.length, 0);
      tested.peer.destroy();
      await tested.run(3_000);
      assert.equal(tested.ends.length, 1);
      assert.deepEqual(tested.world.network.openSockets(), []);
    }),
    { numRuns: 600 },
  );
});
