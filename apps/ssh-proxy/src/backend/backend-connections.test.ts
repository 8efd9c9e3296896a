/** Connections to backends: lent to one session each, kept for the next, bounded, given back. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { type Address, formatAddress, MemoryLogger, parseAddress, StaticResolver } from "holdfast";
import { createWorld, type World } from "@holdfast/sim";
import type { BackendPool } from "../routing/backend-pools.ts";
import { ScriptedBackend } from "../session/testing/scripted-backend.ts";
import { completeSshConnectionOptions } from "../ssh/connection/connection-options.ts";
import { OutputMemory } from "../ssh/connection/output-memory.ts";
import { RecordedChannel } from "../ssh/connection/testing/recorded-channel.ts";
import { generatePrivateKey } from "../ssh/keys/generate-private-key.ts";
import { createSshTransport } from "../ssh/transport/own-transport.ts";
import { BackendConnections, type Borrowed } from "./backend-connections.ts";
import { type BackendOptions, completeBackendOptions } from "./backend-options.ts";

const HOST_KEY = generatePrivateKey("ssh-ed25519").privateKey;
const PROXY_KEY = generatePrivateKey("ssh-ed25519").privateKey;
const HOSTS: readonly Address[] = ["one:22", "two:22", "three:22"].map((text) =>
  parseAddress(text)!,
);

class Backends {
  readonly world: World = createWorld(1);
  readonly servers: readonly ScriptedBackend[];
  readonly connections: BackendConnections;
  readonly logger = new MemoryLogger();
  /** Such as `one ok`, `one released`. */
  readonly hostEvents: string[] = [];
  readonly dials: string[] = [];

  private constructor(options: Partial<BackendOptions>) {
    const { clock, network } = this.world;
    this.servers = HOSTS.map(
      (address) =>
        new ScriptedBackend({
          ...{ clock, address, hostKey: HOST_KEY, clientKey: PROXY_KEY.publicKey },
          network: network.host(formatAddress(address).replace(":22", "")),
        }),
    );
    this.connections = new BackendConnections({
      ...{ clock, network: network.host("proxy"), logger: this.logger, ident: "Test" },
      ...{ createTransport: createSshTransport, memory: new OutputMemory() },
      options: completeBackendOptions(options),
      sshOptions: completeSshConnectionOptions(),
      keyFor: () => Promise.resolve(PROXY_KEY),
      hosts: { pick: (_pool, leaveOut) => this.pick(leaveOut) },
      onDial: (result) => void this.dials.push(result),
    });
  }

  static async start(options: Partial<BackendOptions> = {}): Promise<Backends> {
    const started = new Backends(options);
    const all = Promise.all(started.servers.map((server) => server.start()));
    await started.world.finish(all, 1_000);
    return started;
  }

  pool(name = "main"): BackendPool {
    const resolver = new StaticResolver(this.world.clock, {});
    const hostKeys = [HOST_KEY.publicKey.fingerprint];
    return { name, resolver, user: "git", hostKeys, key: "proxy" };
  }

  borrow(pool: BackendPool, account = "aviato", fresh = false): Promise<Borrowed> {
    return this.world.finish(this.connections.borrow(pool, account, fresh), 60_000);
  }

  /** Connections that the hosts still have. */
  get openCount(): number {
    return this.servers.reduce((sum, each) => sum + each.connections.length - each.endedCount, 0);
  }

  private pick(leaveOut: ReadonlySet<string>) {
    const address = HOSTS.find((each) => !leaveOut.has(formatAddress(each)));
    if (address === undefined) return undefined;
    const name = formatAddress(address);
    return {
      address,
      dialled: (outcome: string) => void this.hostEvents.push(`${name} ${outcome}`),
      released: () => void this.hostEvents.push(`${name} released`),
    };
  }
}

describe("a connection to a backend", () => {
  it("is kept for the next session of its account, and of no other", async () => {
    const backends = await Backends.start();
    const pool = backends.pool();
    const first = await backends.borrow(pool);
    assert.deepEqual(backends.connections.counts, { kept: 0, borrowed: 1 });
    first.release(true);
    assert.deepEqual(backends.connections.counts, { kept: 1, borrowed: 0 });
    const other = await backends.borrow(pool, "hooli");
    assert.equal(other.reused, false);
    const second = await backends.borrow(pool);
    assert.equal(second.connection, first.connection);
    assert.ok(second.reused);
    assert.deepEqual(backends.dials, ["ok", "ok", "reused"]);
  });

  it("is given back once, however often that is said", async () => {
    const backends = await Backends.start();
    const borrowed = await backends.borrow(backends.pool());
    borrowed.release(true);
    borrowed.release(true);
    borrowed.release(false);
    assert.deepEqual(backends.connections.counts, { kept: 1, borrowed: 0 });
    await backends.world.run(100);
    assert.deepEqual(backends.hostEvents, ["one:22 ok"]);
  });

  it("is closed when it is not good for another session", async () => {
    const backends = await Backends.start();
    const pool = backends.pool();
    (await backends.borrow(pool)).release(false);
    const busy = await backends.borrow(pool);
    const session = busy.connection.ssh.openSession(new RecordedChannel(), 1_000);
    await backends.world.finish(session, 1_000);
    busy.release(true);
    const dead = await backends.borrow(pool);
    backends.servers[0]!.connections.at(-1)!.destroy();
    await backends.world.run(100);
    dead.release(true);
    await backends.world.run(100);
    assert.deepEqual(backends.connections.counts, { kept: 0, borrowed: 0 });
    assert.equal(backends.openCount, 0);
    assert.equal(backends.hostEvents.filter((event) => event === "one:22 released").length, 3);
  });

  it("is not kept for long, nor for ever by use", async () => {
    const backends = await Backends.start({ keepMs: 1_000 });
    const pool = backends.pool();
    for (let count = 0; count < 5; count++) {
      const borrowed = await backends.borrow(pool);
      assert.equal(borrowed.reused, count > 0);
      await backends.world.run(5_000);
      borrowed.release(true);
      await backends.world.run(900);
    }
    await backends.world.run(200);
    assert.deepEqual(backends.connections.counts, { kept: 0, borrowed: 0 });
    assert.equal(backends.openCount, 0);
    assert.deepEqual(backends.hostEvents, ["one:22 ok", "one:22 released"]);
  });

  it("is not kept at all where that is the option", async () => {
    for (const options of [{ keepMs: 0 }, { keptMax: 0 }]) {
      const backends = await Backends.start(options);
      (await backends.borrow(backends.pool())).release(true);
      await backends.world.run(100);
      assert.deepEqual(backends.connections.counts, { kept: 0, borrowed: 0 });
      assert.equal(backends.openCount, 0);
    }
  });

  it("is forgotten when its host ends it", async () => {
    const backends = await Backends.start();
    (await backends.borrow(backends.pool())).release(true);
    backends.servers[0]!.connections[0]!.destroy();
    await backends.world.run(100);
    assert.deepEqual(backends.connections.counts, { kept: 0, borrowed: 0 });
    assert.deepEqual(backends.hostEvents, ["one:22 ok", "one:22 released"]);
  });

  it("is not used for a pool that was changed, nor where a fresh one is asked for", async () => {
    const backends = await Backends.start();
    const pool = backends.pool();
    (await backends.borrow(pool)).release(true);
    assert.equal((await backends.borrow(pool, "aviato", true)).reused, false);
    assert.equal((await backends.borrow(backends.pool())).reused, false);
    await backends.world.run(100);
    assert.deepEqual(backends.connections.counts, { kept: 0, borrowed: 2 });
    assert.equal(backends.openCount, 2);
  });

  it("is closed when the proxy ends, kept or given back later", async () => {
    const backends = await Backends.start();
    const pool = backends.pool();
    const [kept, lent] = [await backends.borrow(pool), await backends.borrow(pool)];
    kept.release(true);
    backends.connections.close();
    await backends.world.run(100);
    assert.equal(backends.openCount, 1);
    lent.release(true);
    await backends.world.run(3_000);
    assert.equal(backends.openCount, 0);
    assert.deepEqual(backends.connections.counts, { kept: 0, borrowed: 0 });
  });

  it("goes to another host when one cannot be reached, and says what each did", async () => {
    const backends = await Backends.start({ hostsTriedMax: 2 });
    const pool = backends.pool();
    await backends.world.finish(backends.servers[0]!.stop(), 1_000);
    const borrowed = await backends.borrow(pool);
    assert.equal(borrowed.connection.address, "two:22");
    await backends.world.finish(backends.servers[1]!.stop(), 1_000);
    await assert.rejects(backends.borrow(pool), (error: Error) => {
      assert.match(error.message, /backend main: .*one:22.*; .*two:22/s);
      assert.doesNotMatch(error.message, /three/);
      return true;
    });
    assert.deepEqual(backends.dials, ["failed", "ok", "failed", "failed"]);
    assert.deepEqual(backends.connections.counts, { kept: 0, borrowed: 1 });
  });

  it("is not made with a host that says another key, which is an alarm", async () => {
    const backends = await Backends.start();
    const pool = { ...backends.pool(), hostKeys: [`SHA256:${"A".repeat(43)}`] };
    await assert.rejects(backends.borrow(pool), /is not accepted/);
    assert.equal(backends.logger.lines.filter(({ level }) => level === "error").length, 3);
    await backends.world.run(3_000);
    assert.equal(backends.openCount, 0);
  });

  it("is given up when it cannot be logged in on in time", async () => {
    const backends = await Backends.start({ loginMs: 500, hostsTriedMax: 1 });
    await backends.world.finish(backends.servers[0]!.stop(), 1_000);
    await backends.world.network.host("one").listen(HOSTS[0]!, () => undefined);
    await assert.rejects(backends.borrow(backends.pool()), /within 500 ms/);
  });
});

it("counts never drift, and bounds hold, whatever sessions do", async () => {
  const step = fc.record({
    kind: fc.constantFrom("borrow", "borrow", "release", "drop", "kill", "wait"),
    account: fc.constantFrom("a", "b", "c"),
    which: fc.nat(9),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), fc.boolean(), async (steps, close) => {
      const limits = { keepMs: 500, keptPerAccountMax: 2, keptMax: 3 };
      const backends = await Backends.start(limits);
      const { connections, world } = backends;
      const pool = backends.pool();
      const lent: Borrowed[] = [];
      for (const { kind, account, which } of steps) {
        const one = lent[which % Math.max(1, lent.length)];
        if (kind === "borrow") lent.push(await backends.borrow(pool, account));
        else if (kind === "wait") await world.run(which * 100);
        else if (kind === "kill") one?.connection.ssh.destroy();
        else if (one !== undefined) {
          lent.splice(lent.indexOf(one), 1);
          one.release(kind === "release");
        }
        const { kept, borrowed } = connections.counts;
        assert.equal(borrowed, lent.length);
        assert.ok(kept >= 0 && kept <= limits.keptMax);
        assert.equal(new Set(lent.map(({ connection }) => connection)).size, lent.length);
      }
      if (close) connections.close();
      for (const one of lent) one.release(true);
      await world.run(5_000);
      assert.deepEqual(connections.counts, { kept: 0, borrowed: 0 });
      assert.equal(backends.openCount, 0);
      const ok = backends.hostEvents.filter((event) => event.endsWith("ok")).length;
      const released = backends.hostEvents.filter((event) => event.endsWith("released")).length;
      assert.equal(released, ok, "each host got back what it lent");
      assert.equal(world.clock.scheduledCount, 0);
    }),
    { numRuns: 40 },
  );
});
