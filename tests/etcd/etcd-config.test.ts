/** Live configuration on a real etcd cluster of three, in all the ways in which it can fail. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { after, before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import {
  type EtcdCluster,
  skipEtcd,
  startEtcdCluster,
} from "../servers/etcd/start-etcd-cluster.ts";
import { ToxicProxy } from "../servers/toxic-proxy.ts";
import { KEY, WatchedConfig } from "./watched-config.ts";

const WATCHER = fileURLToPath(new URL("watcher.ts", import.meta.url));
const PREFIX = "/holdfast/config/";
const PATH = `${KEY.caller}/${KEY.callee}/${KEY.method}`;
/** How long all members stay away; the minute of the promise takes a minute. */
const AWAY_MS = process.env["HOLDFAST_LONG_TESTS"] === "true" ? 60_000 : 2_500;
/** A busy machine's "at once". */
const AT_ONCE_MS = 10_000;

describe("live configuration on etcd", { skip: skipEtcd(), timeout: 240_000 }, () => {
  // Undefined when it did not start.
  let cluster!: EtcdCluster;
  let written = 0;
  before(async () => {
    cluster = await startEtcdCluster();
  });
  after(() => (cluster as EtcdCluster | undefined)?.[Symbol.asyncDispose]());

  /** Writes a number of tries that nobody has written before. */
  async function write(token?: string): Promise<number> {
    written++;
    await put(`${PREFIX}${PATH}`, JSON.stringify({ retry: { triesMax: written } }), token);
    return written;
  }

  function put(key: string, value: string, token?: string): Promise<Record<string, unknown>> {
    return cluster.request("/v3/kv/put", { key: base64(key), value: base64(value) }, token);
  }

  function startAt(...endpoints: string[]): Promise<WatchedConfig> {
    return WatchedConfig.start({ endpoints });
  }

  it("reaches three processes at once", async () => {
    const first = await write();
    const processes = cluster.endpoints.map((endpoint) => new WatcherProcess(endpoint));
    try {
      await Promise.all(processes.map((each) => each.until(first)));
      const tries = await write();
      const writtenMs = performance.now();
      await Promise.all(processes.map((each) => each.until(tries)));
      const tookMs = performance.now() - writtenMs;
      assert.ok(tookMs < AT_ONCE_MS, `it took ${tookMs} ms`);
    } finally {
      await Promise.all(processes.map((each) => each.end()));
    }
  });

  it("goes on when the leader is killed, and is the same everywhere", async () => {
    await write();
    const leader = await cluster.leader();
    const others = cluster.endpoints.filter((endpoint) => endpoint !== leader.endpoint);
    using one = await startAt(leader.endpoint, ...others);
    using two = await startAt(others[0]!, leader.endpoint);
    using three = await startAt(others[1]!, leader.endpoint);
    await leader.kill();
    await cluster.leader();
    const tries = await write();
    await Promise.all([one, two, three].map((each) => each.untilTries(tries)));
    await leader.start();
    const next = await write();
    await Promise.all([one, two, three].map((each) => each.untilTries(next)));
    await Promise.all([one, two, three].map((each) => each.untilFresh()));
    assert.deepEqual(
      [one, two, three].map(({ source }) => source.rules),
      [1, 1, 1],
    );
  });

  it("leaves a member that hangs with its connections open", async () => {
    const known = await write();
    const [member] = cluster.members;
    using watched = await startAt(member!.endpoint);
    using moving = await startAt(...cluster.endpoints);
    member!.freeze();
    try {
      await watched.untilStale(/did not answer within 1000 ms/);
      assert.equal(watched.tries, known);
      const tries = await write();
      await moving.untilTries(tries);
      assert.equal(watched.tries, known, "it knows no other member");
    } finally {
      member!.thaw();
    }
    await watched.untilTries(written);
    await watched.untilFresh();
  });

  it("has missed nothing when what it missed was compacted", async () => {
    const leader = await cluster.leader();
    await using proxy = await ToxicProxy.start(leader.endpoint);
    await put(`${PREFIX}*/*/gone`, JSON.stringify({ retry: { triesMax: 7 } }));
    await write();
    using watched = await startAt(proxy.address);
    assert.equal(watched.source.rules, 2);
    proxy.cut();
    await watched.untilStale(/./);
    await cluster.request("/v3/kv/deleterange", { key: base64(`${PREFIX}*/*/gone`) });
    await write();
    const tries = await write();
    const { header } = await cluster.request("/v3/kv/range", { key: base64(PREFIX) });
    const { revision } = header as { revision: string };
    await cluster.request("/v3/kv/compaction", { revision, physical: true });
    assert.notEqual(watched.tries, tries);
    proxy.heal();
    await watched.untilTries(tries);
    assert.equal(watched.source.rules, 1);
    await watched.untilLogged("config is read again from etcd");
    const next = await write();
    await watched.untilTries(next);
  });

  it("takes a slow way, and is not lost on it", async () => {
    const leader = await cluster.leader();
    await using proxy = await ToxicProxy.start(leader.endpoint);
    await write();
    using watched = await startAt(proxy.address);
    proxy.slow(150);
    for (let count = 0; count < 3; count++) {
      const tries = await write();
      await watched.untilTries(tries);
    }
    assert.equal(watched.source.stale, undefined);
    assert.ok(watched.source.ageMs! < 5_000);
    // Now slower than it waits for: lost, and found again when the way is fast.
    proxy.slow(1_500);
    await watched.untilStale(/within 1000 ms/);
    proxy.heal();
    await watched.untilTries(await write());
  });

  it("stays as it was while all of etcd is gone, and says how old it is", async () => {
    const tries = await write();
    const watched = await Promise.all(cluster.endpoints.map((endpoint) => startAt(endpoint)));
    try {
      await Promise.all(cluster.members.map((member) => member.kill()));
      await Promise.all(watched.map((each) => each.untilStale(/refused|ended|closed|hang up/i)));
      const waiting = watched[0]!;
      const goneMs = waiting.clock.nowMs();
      while (waiting.clock.nowMs() - goneMs < AWAY_MS) {
        for (const each of watched) assert.equal(each.tries, tries);
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
      for (const { source } of watched) {
        assert.ok(source.ageMs! >= AWAY_MS, `it says that it is ${source.ageMs} ms old`);
        assert.equal(source.rules, 1);
      }
      await Promise.all(cluster.members.map((member) => member.start()));
      await cluster.leader();
      await Promise.all(watched.map((each) => each.untilFresh()));
      const next = await write();
      await Promise.all(watched.map((each) => each.untilTries(next)));
    } finally {
      for (const each of watched) each[Symbol.dispose]();
    }
  });

  it("logs in; keeps what it has when its role is revoked, until it is granted", async () => {
    await write();
    const { endpoints } = cluster;
    await addUsers(cluster);
    using stranger = await WatchedConfig.start({ endpoints });
    using known = await WatchedConfig.start({ endpoints, user: "reader", password: "secret" });
    await cluster.request("/v3/auth/enable", {});
    const token = await login(cluster);
    try {
      const tries = await write(token);
      await known.untilTries(tries);
      await stranger.untilStale(/set user and password/);
      const revoke = { name: "reader", role: "config" };
      await cluster.request("/v3/auth/user/revoke", revoke, token);
      await known.untilStale(/permission denied .* may read/);
      const unseen = await write(token);
      assert.equal(known.tries, tries);
      await cluster.request("/v3/auth/user/grant", { user: "reader", role: "config" }, token);
      await known.untilTries(unseen);
      await known.untilFresh();
      // Every token is forgotten by a member that starts anew.
      const leader = await cluster.leader();
      await leader.kill();
      await leader.start();
      await cluster.leader();
      await known.untilTries(await write(await login(cluster)));
    } finally {
      await cluster.request("/v3/auth/disable", {}, await login(cluster));
    }
    await stranger.untilTries(written);
    await known.untilTries(await write());
  });
});

/** root, whom etcd wants before it wants anybody to log in, and one who may read the prefix. */
async function addUsers(cluster: EtcdCluster): Promise<void> {
  await cluster.request("/v3/auth/role/add", { name: "root" });
  await cluster.request("/v3/auth/user/add", { name: "root", password: "root" });
  await cluster.request("/v3/auth/user/grant", { user: "root", role: "root" });
  await cluster.request("/v3/auth/role/add", { name: "config" });
  const perm = { permType: "READ", key: base64(PREFIX), range_end: base64("/holdfast/config0") };
  await cluster.request("/v3/auth/role/grant", { name: "config", perm });
  await cluster.request("/v3/auth/user/add", { name: "reader", password: "secret" });
  await cluster.request("/v3/auth/user/grant", { user: "reader", role: "config" });
}

async function login(cluster: EtcdCluster): Promise<string> {
  const { token } = await cluster.request("/v3/auth/authenticate", {
    name: "root",
    password: "root",
  });
  return String(token);
}

class WatcherProcess {
  private readonly child;
  private readonly waiters = new Set<() => void>();
  private seen = -1;
  private errors = "";

  constructor(endpoint: string) {
    this.child = spawn(process.execPath, [WATCHER, endpoint], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.child.stderr.on("data", (bytes: Buffer) => (this.errors += bytes.toString()));
    createInterface({ input: this.child.stdout }).on("line", (line) => {
      this.seen = Number(/^tries (\d+)$/.exec(line)?.[1] ?? this.seen);
      for (const waiter of this.waiters) waiter();
    });
  }

  until(tries: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const look = (): void => {
        if (this.seen === tries) resolve();
      };
      this.child.once("exit", () => reject(new Error(`the watcher ended: ${this.errors}`)));
      this.waiters.add(look);
      look();
    });
  }

  async end(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const gone = once(this.child, "exit");
    this.child.kill("SIGKILL");
    await gone;
  }
}

function base64(text: string): string {
  return Buffer.from(text).toString("base64");
}
