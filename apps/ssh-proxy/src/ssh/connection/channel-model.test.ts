/** Two connections of ours, and channels between them: nothing is lost, and windows always hold. */
import assert from "node:assert/strict";
import { it } from "node:test";
import fc from "fast-check";
import { parseAddress } from "holdfast";
import { createWorld } from "@holdfast/sim";
import { createSshTransport } from "../transport/own-transport.ts";
import { loginSsh } from "./client-connection.ts";
import { completeSshConnectionOptions } from "./connection-options.ts";
import { OutputMemory } from "./output-memory.ts";
import { SshServerConnection } from "./server-connection.ts";
import type { SshChannel } from "./ssh-channel.ts";
import { HOST_KEY, USER_KEY } from "./testing/keys.ts";
import { RecordedChannel } from "./testing/recorded-channel.ts";
import { IDENTITY } from "./testing/tested-server.ts";

const SERVER = parseAddress("server:22")!;
const CHANNELS = 3;
const GRANT = 20_000;

async function connect(seed: number) {
  const world = createWorld(seed);
  const shared = { clock: world.clock, createTransport: createSshTransport };
  const memory = new OutputMemory();
  const options = completeSshConnectionOptions({ initialGrantBytes: GRANT });
  const served: RecordedChannel[] = [];
  let server: SshServerConnection | undefined;
  await world.network.host("server").listen(SERVER, (socket) => {
    server = new SshServerConnection({
      ...{ ...shared, socket, memory, options, hostKeys: [HOST_KEY], ident: "Server" },
      handle: () => ({
        onIdent: () => undefined,
        onReceived: () => undefined,
        onKeys: () => undefined,
        onAuth: () => undefined,
        onAuthenticated: () => undefined,
        findIdentity: (_user, { fingerprint }) =>
          Promise.resolve({ answer: "known", identity: { ...IDENTITY, fingerprint } }),
        onSession: (channel) => {
          const session = new RecordedChannel(channel);
          served.push(session);
          return session;
        },
        onClose: () => undefined,
      }),
    });
  });
  const dialled = world.network.host("client").connect(SERVER, { timeoutMs: 1_000 });
  const socket = await world.finish(dialled, 2_000);
  const login = loginSsh({
    ...{ ...shared, socket, memory, options, user: "git", keys: [USER_KEY], ident: "Client" },
    acceptHostKey: () => true,
  });
  const client = await world.finish(login.connection, 5_000);
  const opened: RecordedChannel[] = [];
  for (let count = 0; count < CHANNELS; count++) {
    const session = new RecordedChannel();
    session.channel = await world.finish(client.openSession(session, GRANT), 5_000);
    opened.push(session);
  }
  return { world, client, server: server!, served, opened };
}

function linkOf(connection: unknown): { readonly transport: { rekey(): void } } {
  return (connection as { link: { transport: { rekey(): void } } }).link;
}

interface Side {
  readonly session: RecordedChannel;
  sent: Buffer[];
  granted: number;
  ended: boolean;
  closed: boolean;
}

const step = fc.record({
  kind: fc.constantFrom("send", "send", "send", "grant", "eof", "close", "rekey", "run"),
  channel: fc.nat(CHANNELS - 1),
  fromServer: fc.boolean(),
  bytes: fc.integer({ min: 1, max: 30_000 }),
});

it("what is sent arrives, in order and within the window, whatever is done between", async () => {
  await fc.assert(
    fc.asyncProperty(fc.nat(999), fc.array(step, { maxLength: 60 }), async (seed, steps) => {
      const { world, client, server, served, opened } = await connect(seed);
      const sideOf = (session: RecordedChannel): Side => ({
        ...{ session, sent: [], granted: GRANT, ended: false, closed: false },
      });
      const sides = [opened.map(sideOf), served.map(sideOf)] as const;
      let value = 0;
      for (const { kind, channel, fromServer, bytes } of steps) {
        const side = sides[fromServer ? 1 : 0][channel]!;
        const own: SshChannel = side.session.channel!;
        if (kind === "send") {
          const piece = Buffer.alloc(Math.min(bytes, own.sendableBytes), value++);
          own.send(piece);
          side.sent.push(piece);
        } else if (kind === "grant" && !side.closed && !side.session.closed) {
          own.grant(bytes);
          side.granted += bytes;
        } else if (kind === "eof") {
          own.eof();
          side.ended = true;
        } else if (kind === "close") {
          own.close();
          side.closed = true;
        } else if (kind === "rekey") {
          linkOf(fromServer ? server : client).transport.rekey();
        } else {
          await world.run(bytes / 1_000);
        }
      }
      await world.run(1_000);
      for (let channel = 0; channel < CHANNELS; channel++) {
        const pair = [sides[0][channel]!, sides[1][channel]!] as const;
        const wasClosed = pair.some(({ closed }) => closed);
        for (const [at, from] of pair.entries()) {
          const to = pair[1 - at]!;
          const sent = Buffer.concat(from.sent);
          const got = to.session.bytes;
          assert.ok(sent.subarray(0, got.length).equals(got), "in order, and nothing else");
          if (!to.closed) assert.equal(got.length, sent.length, "all of it");
          assert.ok(sent.length <= to.granted, "within the window");
          const { events } = to.session;
          if (from.ended && !wasClosed) assert.ok(events.includes("eof"));
          assert.equal(to.session.closed, wasClosed);
        }
      }
      client.destroy();
      await world.run(3_000);
      assert.deepEqual([client.channelCount, server.channelCount], [0, 0]);
      for (const { session } of sides.flat()) assert.ok(session.closed);
      assert.deepEqual(world.network.openSockets(), []);
      assert.equal(world.clock.scheduledCount, 0);
    }),
    { numRuns: 60 },
  );
});
