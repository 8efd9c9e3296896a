/** Attacks of those who have a key: on windows, channels and requests. Memory stays bounded. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { isAlive } from "../../servers/openssh/process-tree.ts";
import { skipSshd } from "../../servers/openssh/sshd.ts";
import type { RawConnection } from "../attacker/raw-connection.ts";
import {
  channelOpen,
  channelRequest,
  data,
  exec,
  kexInit,
  NUMBER,
  openChannel,
  type RawChannel,
} from "../attacker/raw-session.ts";
import { Fields, message, no, string, uint32, yes } from "../attacker/wire.ts";
import { BUFFERED_MAX_BYTES, metricsOf, residentBytes } from "../proxy-state.ts";
import { onlyProxy } from "../proxy-under-test.ts";
import { until } from "../until.ts";
import { RANDOM_BYTES } from "../world.ts";
import { AT_ONCE_MS, AttackWorld } from "./attack-world.ts";

const MEGABYTE = 1_048_576;
const CHANNELS_MAX = 10;
/** What one attack may make of the process while it goes on. */
const GROWTH_MAX_BYTES = 32 * MEGABYTE;

describe("with a key", { skip: skipSshd(), timeout: 120_000 }, () => {
  let world!: AttackWorld;
  before(async () => {
    world = await AttackWorld.start();
  });
  after(async () => {
    try {
      await (world as AttackWorld | undefined)?.assertServed();
      await (world as AttackWorld | undefined)?.assertForgotten();
    } finally {
      await (world as AttackWorld | undefined)?.[Symbol.asyncDispose]();
    }
  });

  const run = async (
    connection: RawConnection,
    name: string,
    windowBytes = 0xffff_ffff,
  ): Promise<RawChannel> => {
    const channel = await openChannel(connection, { windowBytes });
    connection.send(exec(channel, `git-upload-pack 'cases/${name}'`));
    await connection.next([NUMBER.channelSuccess]);
    return channel;
  };

  /** What is kept in memory stays within the limits for as long as the attack goes on. */
  const assertBounded = async (forMs: number): Promise<void> => {
    if (onlyProxy !== false) return sleep(100);
    const { underTest } = world.world;
    const startBytes = await residentBytes(underTest);
    const endMs = performance.now() + forMs;
    while (performance.now() < endMs) {
      const metrics = await metricsOf(underTest);
      const buffered = metrics.sum("ssh_proxy_buffered_bytes");
      assert.ok(buffered <= 2 * BUFFERED_MAX_BYTES, `${buffered} bytes are buffered`);
      const growth = metrics.sum("process_resident_memory_bytes") - startBytes;
      assert.ok(growth <= GROWTH_MAX_BYTES, `${Math.round(growth / MEGABYTE)} MiB more`);
      await sleep(50);
    }
  };

  describe("windows", () => {
    it("that never open hold the command back, and opened let everything through", async () => {
      await using connection = await world.loggedIn();
      const channel = await run(connection, `send-${RANDOM_BYTES}`, 0);
      await assertBounded(1_000);
      assert.ok(!connection.received.some(([number]) => number === NUMBER.data));
      const bytes = uint32(RANDOM_BYTES + 1);
      connection.send(message(NUMBER.windowAdjust, uint32(channel.remote), bytes));
      await until("the end", () => connection.received.some(([number]) => number === NUMBER.eof));
      assert.ok(bytesIn(connection).equals(world.world.random));
    });

    it("of 4 GiB whose bytes nobody takes from the socket cost no memory", async () => {
      await using connection = await world.loggedIn();
      await run(connection, "endless-unread");
      connection.socket.pause();
      const pid = await world.world.pidOf("endless-unread");
      await assertBounded(1_500);
      await connection[Symbol.asyncDispose]();
      await until("end of the command", () => !isAlive(pid), { withinMs: 5_000 });
    });

    it("of one byte give the bytes one by one", async () => {
      await using connection = await world.loggedIn();
      const channel = await run(connection, "send-100", 1);
      const adjust = message(NUMBER.windowAdjust, uint32(channel.remote), uint32(1));
      for (let count = 1; count <= 100; count++) {
        await until(`byte ${count}`, () => bytesIn(connection).length === count);
        connection.send(adjust);
      }
      await connection.next([NUMBER.close]);
    });

    it("that are opened beyond 4 GiB end the connection", async () => {
      await using connection = await world.loggedIn();
      const channel = await run(connection, "waiting-overflow");
      const adjust = message(NUMBER.windowAdjust, uint32(channel.remote), uint32(0xffff_ffff));
      for (let count = 0; count < 3; count++) connection.send(adjust);
      await world.assertEnded(connection, AT_ONCE_MS, "protocol-error");
    });

    const overrun = "of ours that are not kept end the connection, before 64 MiB are sent";
    it(overrun, { skip: onlyProxy }, async () => {
      await using connection = await world.loggedIn();
      const channel = await run(connection, "deaf-flooded");
      await world.world.pidOf("deaf-flooded");
      const piece = data(channel, Buffer.alloc(30_000));
      const flood = async (): Promise<void> => {
        for (let sent = 0; sent < 64 * MEGABYTE && !connection.isClosed; sent += 30_000) {
          connection.send(piece);
          if (connection.unsentBytes > MEGABYTE) await sleep(1);
        }
      };
      await Promise.all([
        world.assertEnded(connection, 10_000, "protocol-error"),
        flood(),
        assertBounded(1_000),
      ]);
    });

    it("of ours are not overrun by stderr of a client either", async () => {
      await using connection = await world.loggedIn();
      const channel = await run(connection, "deaf-stderr");
      const head = [uint32(channel.remote), uint32(1)];
      const piece = message(NUMBER.extendedData, ...head, string(Buffer.alloc(30_000)));
      for (let count = 0; count < 1_000 && !connection.isClosed; count++) connection.send(piece);
      await assertBounded(1_000);
    });
  });

  describe("channels", { concurrency: 2 }, () => {
    it(`are ${CHANNELS_MAX}, and a thousand more are refused one by one`, async () => {
      await using connection = await world.loggedIn();
      for (let local = 0; local < CHANNELS_MAX; local++) await openChannel(connection, { local });
      for (let local = 100; local < 1_100; local++) connection.send(channelOpen({ local }));
      const refusals = (): number =>
        connection.received.filter(([number]) => number === NUMBER.openFailure).length;
      await until("1,000 refusals", () => refusals() === 1_000 || connection.isClosed, {
        instead: () => String(refusals()),
      });
      assert.equal(refusals(), 1_000, connection.disconnect?.text ?? "");
    });

    it("of types that there are not are refused", async () => {
      await using connection = await world.loggedIn();
      for (const type of ["direct-tcpip", "x11", "tun@openssh.com", "rot13"]) {
        const sizes = [uint32(9), uint32(MEGABYTE), uint32(32_768)];
        const target = [string("127.0.0.1"), uint32(22), string("127.0.0.1"), uint32(1)];
        connection.send(message(NUMBER.channelOpen, string(type), ...sizes, ...target));
        const answer = await connection.next([NUMBER.openFailure, NUMBER.openConfirmation]);
        // sshd does forward ports.
        if (onlyProxy === false) assert.equal(answer[0], NUMBER.openFailure, type);
      }
    });

    for (const [name, number] of Object.entries({
      data: NUMBER.data,
      "an end": NUMBER.eof,
      "a close": NUMBER.close,
      "a request": NUMBER.channelRequest,
      "a window": NUMBER.windowAdjust,
    })) {
      it(`that there are not end the connection: ${name} for one`, async () => {
        await using connection = await world.loggedIn();
        const fields: Readonly<Record<number, readonly Buffer[]>> = {
          [NUMBER.data]: [string("x")],
          [NUMBER.channelRequest]: [string("exec"), yes, string("id")],
          [NUMBER.windowAdjust]: [uint32(1)],
        };
        const payload = message(number, uint32(4_711), ...(fields[number] ?? []));
        for (let count = 0; count < 1_000; count++) connection.send(payload);
        // sshd overlooks a window for one that may have been closed meanwhile.
        if (onlyProxy !== false && number === NUMBER.windowAdjust) return;
        await world.assertEnded(connection, AT_ONCE_MS, "protocol-error");
      });
    }

    it("that are closed at once leave no command behind", async () => {
      await using connection = await world.loggedIn();
      const channel = await openChannel(connection);
      connection.send(exec(channel, "git-upload-pack 'cases/waiting-closed'"));
      connection.send(message(NUMBER.close, uint32(channel.remote)));
      await connection.next([NUMBER.close]);
      const running = (): boolean =>
        world.world.sshd.processes().some(({ command }) => command.includes("waiting-closed"));
      await until("end of the command", () => !running(), { withinMs: 5_000 });
    });

    it("that are closed twice, or used after it, harm nobody else's", async () => {
      for (const number of [NUMBER.close, NUMBER.eof, NUMBER.data]) {
        await using connection = await world.loggedIn();
        const channel = await run(connection, "exit-0");
        await connection.next([NUMBER.close]);
        connection.send(message(NUMBER.close, uint32(channel.remote)));
        // Behind the answer the server has understood that it is closed.
        connection.send(message(NUMBER.globalRequest, string("keepalive@openssh.com"), yes));
        await connection.next([NUMBER.requestFailure, NUMBER.requestSuccess]);
        connection.send(message(number, uint32(channel.remote), string("x")));
        await world.assertEnded(connection, AT_ONCE_MS, "protocol-error");
      }
      await world.assertServed();
    });
  });

  describe("requests", { concurrency: 2 }, () => {
    it("for a second command on a channel are refused, and the first goes on", async () => {
      await using connection = await world.loggedIn();
      const channel = await run(connection, "echo");
      connection.send(exec(channel, "git-upload-pack 'cases/exit-0'"));
      const answer = await connection.next([NUMBER.channelFailure, NUMBER.channelSuccess]);
      assert.equal(answer[0], NUMBER.channelFailure);
      connection.send(data(channel, Buffer.from("hello")));
      assert.match((await connection.next([NUMBER.data])).toString("latin1"), /hello$/);
    });

    it("for 10,000 variables of the environment cost no memory", async () => {
      await using connection = await world.loggedIn();
      const channel = await openChannel(connection);
      for (let count = 0; count < 10_000 && !connection.isClosed; count++) {
        const pair = [string(`NAME_${count}`), string("x".repeat(1_000))];
        connection.send(channelRequest(channel.remote, "env", no, ...pair));
      }
      await assertBounded(500);
    });

    it("for a GIT_PROTOCOL of 30,000 bytes end the connection", { skip: onlyProxy }, async () => {
      await using connection = await world.loggedIn();
      const channel = await openChannel(connection);
      const pair = [string("GIT_PROTOCOL"), string("x".repeat(30_000))];
      connection.send(channelRequest(channel.remote, "env", yes, ...pair));
      await world.assertEnded(connection, AT_ONCE_MS, "protocol-error");
    });

    for (const value of ["version=2\nLD_PRELOAD=/x.so", "version=2\0X=1"]) {
      const shown = JSON.stringify(value);

      it(`for GIT_PROTOCOL ${shown} set nothing else`, { skip: onlyProxy }, async () => {
        await using connection = await world.loggedIn();
        const channel = await openChannel(connection);
        const pair = [string("GIT_PROTOCOL"), string(value)];
        connection.send(channelRequest(channel.remote, "env", yes, ...pair));
        await connection.next([NUMBER.channelFailure, NUMBER.channelSuccess]);
        connection.send(exec(channel, "git-upload-pack 'cases/environment'"));
        await until("the end", () => connection.received.some(([n]) => n === NUMBER.eof));
        const lines = bytesIn(connection).toString();
        assert.doesNotMatch(lines, /^(?:LD_PRELOAD|X)=/m);
        assert.ok(lines.length < 10_000);
      });
    }

    it("for the whole connection, 10,000 of them, cost no memory", async () => {
      await using connection = await world.loggedIn();
      const request = message(NUMBER.globalRequest, string("keepalive@openssh.com"), yes);
      for (let count = 0; count < 10_000 && !connection.isClosed; count++) connection.send(request);
      await assertBounded(500);
    });

    it("to forward ports are refused", { skip: onlyProxy }, async () => {
      await using connection = await world.loggedIn();
      const where = [string("127.0.0.1"), uint32(0)];
      connection.send(message(NUMBER.globalRequest, string("tcpip-forward"), yes, ...where));
      await connection.next([NUMBER.requestFailure]);
    });

    const again = "for new keys that are begun again and again end the connection";
    it(again, { skip: onlyProxy }, async () => {
      await using connection = await world.loggedIn();
      for (let count = 0; count < 100; count++) connection.send(kexInit());
      await world.assertEnded(connection, AT_ONCE_MS, "protocol-error");
    });
  });

  it("answers that nobody asked for are no reason to stop", async () => {
    await using connection = await world.loggedIn();
    for (let count = 0; count < 100; count++) {
      connection.send(message(NUMBER.requestFailure));
      connection.send(message(NUMBER.unimplemented, uint32(count)));
    }
    await world.assertServed();
  });

  it("a peer that says goodbye with control characters gets them escaped", async () => {
    await using connection = await world.loggedIn();
    const text = 'bye\n{"event":"end"}\u001b[2J';
    connection.send(message(1, uint32(11), string(text), string("")));
    await world.assertEnded(connection, AT_ONCE_MS, "client-disconnected");
  });
});

/** All of the data that has arrived and was not taken. */
function bytesIn(connection: RawConnection): Buffer {
  const pieces = connection.received.filter(([number]) => number === NUMBER.data);
  return Buffer.concat(pieces.map((payload) => new Fields(payload, 5).string()));
}
