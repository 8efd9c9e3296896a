import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type Address, ServiceError, type Socket } from "@holdfast/core";
import { checkNothingLeft } from "../checkers.ts";
import { Peer } from "../testing/peer.ts";
import { createWorld, type World } from "../world.ts";
import type { LinkOptions } from "./link-options.ts";

const SERVER: Address = { kind: "tcp", host: "server", port: 9090 };
/** No chance in it: what the tests measure is what they set. */
const PLAIN: Partial<LinkOptions> = {
  latencyMs: 10,
  jitterMs: 0,
  takenAtOnceRatio: 1,
  chunking: "whole",
};
const CONNECT = { timeoutMs: 5000 };

interface Pair {
  readonly world: World;
  readonly client: Peer;
  readonly server: Peer;
  readonly closeAll: () => Promise<void>;
}

async function createPair(links: Partial<LinkOptions>, seed = 1): Promise<Pair> {
  const world = createWorld(seed, links);
  const accepted: Socket[] = [];
  const listener = await world.network.host("server").listen(SERVER, (s) => accepted.push(s));
  const connecting = world.network.host("client").connect(SERVER, CONNECT);
  const client = new Peer(await world.finish(connecting, 10_000)).start();
  const server = new Peer(accepted[0]!).start();
  return {
    world,
    client,
    server,
    closeAll: async () => {
      client.destroy();
      server.destroy();
      await listener.close();
      await world.run(10_000);
      assert.ok(client.closed && server.closed);
      checkNothingLeft(world);
    },
  };
}

async function expectFailure(world: World, promise: Promise<unknown>): Promise<ServiceError> {
  const reason = await world.finish(
    promise.then(
      () => undefined,
      (error: unknown) => error,
    ),
    100_000,
  );
  assert.ok(reason instanceof ServiceError && reason.code === "unavailable");
  assert.equal(reason.workStarted, "no");
  return reason;
}

describe("a link's timing", () => {
  it("delivers after the latency, and connects after two", async () => {
    const { world, client, server, closeAll } = await createPair(PLAIN);
    assert.ok(Math.abs(world.clock.nowMs() - 20) < 0.1, `connected at ${world.clock.nowMs()}`);
    client.write(Uint8Array.of(1));
    await world.run(9.9);
    assert.equal(server.receivedCount, 0);
    await world.run(0.2);
    assert.equal(server.receivedCount, 1);
    await closeAll();
  });

  it("keeps the order of bytes whatever the jitter", async () => {
    const { world, client, server, closeAll } = await createPair({ ...PLAIN, jitterMs: 500 });
    const sent: number[] = [];
    for (let value = 0; value < 200; value++) {
      client.write(Uint8Array.of(value));
      sent.push(value);
      await world.run(1);
    }
    await world.run(1000);
    assert.deepEqual([...server.received()], sent);
    await closeAll();
  });

  it("sends no more in a second than its bandwidth", async () => {
    const pair = await createPair({ ...PLAIN, bytesPerSecond: 100_000 });
    const { world, client, server, closeAll } = pair;
    for (let piece = 0; piece < 20; piece++) client.write(new Uint8Array(10_000));
    await world.run(1010);
    assert.equal(server.receivedCount, 100_000);
    await world.run(1000);
    assert.equal(server.receivedCount, 200_000);
    await closeAll();
  });

  it("lets a slow reader fill the window, and the sender feel it", async () => {
    const options = { ...PLAIN, readBytesPerSecond: 50_000, windowBytes: 100_000 };
    const { world, client, server, closeAll } = await createPair(options);
    for (let piece = 0; piece < 30; piece++) client.write(new Uint8Array(10_000));
    await world.run(500);
    assert.ok(client.socket.pendingBytes > 100_000);
    assert.ok(server.receivedCount <= 100_000);
    await world.run(8000);
    assert.equal(server.receivedCount, 300_000);
    assert.deepEqual(client.calls, ["drain"]);
    await closeAll();
  });

  it("cuts and joins bytes anywhere, and loses none", async () => {
    const options = { ...PLAIN, chunking: "random", jitterMs: 5 } as const;
    const { world, client, server, closeAll } = await createPair(options);
    const sizes = new Set<number>();
    server.react = (bytes) => sizes.add(bytes.length);
    const sent: Buffer[] = [];
    for (let size = 1; size < 400; size++) {
      const bytes = Buffer.alloc(size, size);
      sent.push(Buffer.from(bytes));
      client.write(bytes);
      if (size % 5 === 0) await world.run(1);
    }
    await world.run(1000);
    assert.ok(server.received().equals(Buffer.concat(sent)));
    assert.ok(sizes.size > 50 && sizes.has(1), `${sizes.size} different sizes`);
    await closeAll();
  });
});

describe("a link's faults", () => {
  it("refuses connections while told to", async () => {
    const { world, closeAll } = await createPair(PLAIN);
    world.network.link("client", "server").change({ refuse: true });
    const refused = world.network.host("client").connect(SERVER, CONNECT);
    const error = await expectFailure(world, refused);
    assert.equal(error.message, "cannot connect to server:9090: nobody listens there");
    await closeAll();
  });

  it("resets connections at the rate that was set", async () => {
    const { world, client, server, closeAll } = await createPair({ ...PLAIN, resetRatio: 0.2 });
    for (let round = 0; round < 200 && !server.closed; round++) {
      client.write(Uint8Array.of(round));
      await world.run(20);
    }
    await world.run(100);
    assert.match(server.closeError!.message, /^connection to client:\d+ lost: reset by the peer$/);
    assert.match(client.closeError!.message, /^connection to server:9090 lost: reset by the peer$/);
    await closeAll();
  });

  it("stalls connections in a partition, and goes on when it heals", async () => {
    const { world, client, server, closeAll } = await createPair(PLAIN);
    world.network.partition("client", "server");
    client.write(Uint8Array.of(1, 2, 3));
    server.write(Uint8Array.of(4));
    await world.run(60_000);
    assert.deepEqual([client.calls, server.calls], [[], []]);
    world.network.heal("client", "server");
    await world.run(20);
    assert.deepEqual([...server.received()], [1, 2, 3]);
    assert.deepEqual([...client.received()], [4]);
    await closeAll();
  });

  it("lets connecting time out in a partition, or succeed when it heals in time", async () => {
    const { world, closeAll } = await createPair(PLAIN);
    world.network.partition("client", "server");
    const lost = world.network.host("client").connect(SERVER, CONNECT);
    const startedMs = world.clock.nowMs();
    const error = await expectFailure(world, lost);
    assert.match(error.message, /no answer within 5000 ms/);
    assert.ok(Math.abs(world.clock.nowMs() - startedMs - 5000) < 1);
    const late = world.network.host("client").connect(SERVER, CONNECT);
    await world.run(2000);
    world.network.heal("client", "server");
    const socket = new Peer(await world.finish(late, 5000)).start();
    socket.destroy();
    await world.run(100);
    // Nobody started the server's end of that one.
    world.network.reset("client", "server");
    await closeAll();
  });

  it("closes the server's end of a connection whose client gave up", async () => {
    const { world, server, closeAll } = await createPair(PLAIN);
    const accepted: Peer[] = [];
    const address: Address = { kind: "tcp", host: "server", port: 1 };
    const listener = await world.network.listen(address, (socket) => {
      accepted.push(new Peer(socket).start());
    });
    world.network.link("server", "client").partitioned = true;
    const asking = world.network.host("client").connect(address, { timeoutMs: 1000 });
    await expectFailure(world, asking);
    await world.run(100);
    world.network.heal("client", "server");
    assert.ok(accepted[0]!.closed || accepted[0]!.calls.includes("end"));
    accepted[0]!.destroy();
    assert.ok(!server.closed);
    await listener.close();
    await closeAll();
  });

  it("tells neither end of a half-open connection anything", async () => {
    const { world, client, server, closeAll } = await createPair({ ...PLAIN, windowBytes: 1000 });
    world.network.vanish("client", "server");
    assert.equal(client.write(new Uint8Array(900)), true);
    assert.equal(client.write(new Uint8Array(900)), false);
    server.destroy();
    await world.run(600_000);
    assert.deepEqual(client.calls, []);
    assert.equal(server.receivedCount, 0);
    assert.equal(client.socket.pendingBytes, 900);
    await closeAll();
  });

  it("resets a connection at once when told to", async () => {
    const { world, client, server, closeAll } = await createPair(PLAIN);
    world.network.reset("server", "client");
    await world.run(1);
    assert.ok(client.closed && server.closed);
    assert.ok(client.closeError !== undefined && server.closeError !== undefined);
    await closeAll();
  });

  it("resets who writes to an end that was destroyed", async () => {
    for (let seed = 1; seed <= 20; seed++) {
      const { world, client, server, closeAll } = await createPair(PLAIN, seed);
      server.destroy();
      await world.run(50);
      client.write(Uint8Array.of(1));
      await world.run(50);
      assert.equal(client.closeError?.code, "unavailable");
      await closeAll();
    }
  });

  it("refuses options out of their range", () => {
    const { network } = createWorld(1);
    for (const changes of [
      { latencyMs: -1 },
      { jitterMs: Infinity },
      { bytesPerSecond: 0 },
      { windowBytes: 0.5 },
      { resetRatio: 1.5 },
      { takenAtOnceRatio: NaN },
    ]) {
      assert.throws(() => network.changeAll(changes), RangeError);
    }
  });
});

describe("memory on the simulated network", () => {
  it("catches who touches memory that write() kept", async () => {
    const { world, client } = await createPair({ ...PLAIN, takenAtOnceRatio: 0 });
    const bytes = new Uint8Array(10);
    assert.equal(client.write(bytes), false);
    bytes[3] = 1;
    await assert.rejects(world.run(10), /1\.client: memory was changed after write\(\)/);
  });

  it("writes over memory that write() kept, once it is sent", async () => {
    const { world, client, server, closeAll } = await createPair({ ...PLAIN, takenAtOnceRatio: 0 });
    const bytes = Uint8Array.of(1, 2, 3);
    client.write(bytes);
    await world.run(20);
    assert.deepEqual([...server.received()], [1, 2, 3]);
    assert.notDeepEqual([...bytes], [1, 2, 3]);
    await closeAll();
  });

  it("writes over delivered bytes after the call", async () => {
    const { world, client, server, closeAll } = await createPair(PLAIN);
    let held: Uint8Array = new Uint8Array();
    server.react = (bytes) => {
      held = bytes;
    };
    client.write(Uint8Array.of(1, 2, 3));
    await world.run(20);
    assert.equal(held.length, 3);
    assert.notDeepEqual([...held], [1, 2, 3]);
    await closeAll();
  });
});

describe("hosts on the simulated network", () => {
  it("have ports, loopback and Unix sockets of their own", async () => {
    const world = createWorld(1);
    const address: Address = { kind: "tcp", host: "127.0.0.1", port: 80 };
    const path: Address = { kind: "unix", path: "/run/x.sock" };
    const heard: string[] = [];
    const listen = (host: string, at: Address) =>
      world.network.host(host).listen(at, (socket) => {
        heard.push(`${host} ${at.kind}`);
        socket.destroy();
      });
    const listeners = [await listen("a", address), await listen("b", address)];
    listeners.push(await listen("a", path));
    const connect = (host: string, at: Address) => world.network.host(host).connect(at, CONNECT);
    for (const [host, at] of [
      ["a", address],
      ["b", address],
      ["c", { kind: "tcp", host: "b", port: 80 }],
      ["a", path],
    ] as const) {
      (await world.finish(connect(host, at), 100)).destroy();
    }
    assert.deepEqual(heard, ["a tcp", "b tcp", "b tcp", "a unix"]);
    await expectFailure(world, connect("b", path));
    await expectFailure(world, connect("c", address));
    for (const listener of listeners) await listener.close();
    await world.run(1000);
    checkNothingLeft(world);
  });

  it("share a port among those who all want to", async () => {
    const world = createWorld(1);
    const counts = [0, 0];
    const options = { reusePort: true };
    const listeners = await Promise.all(
      counts.map((_, index) =>
        world.network.listen(
          SERVER,
          (socket) => {
            counts[index]!++;
            socket.destroy();
          },
          options,
        ),
      ),
    );
    await assert.rejects(
      world.network.listen(SERVER, () => {}),
      /is taken by another process/,
    );
    for (let round = 0; round < 40; round++) {
      (await world.finish(world.network.connect(SERVER, CONNECT), 100)).destroy();
    }
    assert.ok(
      counts.every((count) => count > 5),
      counts.join(),
    );
    assert.equal(counts[0]! + counts[1]!, 40);
    for (const listener of listeners) await listener.close();
    await world.run(1000);
    checkNothingLeft(world);
  });
});
