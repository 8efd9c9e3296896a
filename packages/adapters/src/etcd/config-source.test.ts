import assert from "node:assert/strict";
import { describe, it, type TestContext } from "node:test";
import { type ConfigSnapshot, ManualClock, MemoryLogger, SeededRandom } from "@holdfast/core";
import { EtcdConfigSource } from "./config-source.ts";
import type { EtcdConfigOptions } from "./options.ts";
import { ScriptedEtcd } from "./testing/scripted-etcd.ts";

const PREFIX = "/holdfast/config/";
const CHECK_MS = 3_000;
const TIMEOUT_MS = 2_000;

describe("a config source on etcd", () => {
  it("reads the prefix, and follows its changes", async (t) => {
    const { etcd, settle, entries, told } = rig(t);
    etcd.put(`${PREFIX}a/b/c`, "1");
    etcd.put("/holdfast/config0", "behind the prefix");
    etcd.put("/holdfast/config", "before the prefix");
    await settle();
    assert.deepEqual(entries(), { "a/b/c": "1" });
    etcd.put(`${PREFIX}a/b/d`, "2");
    etcd.put(`${PREFIX}a/b/c`, "3");
    await settle();
    assert.deepEqual(entries(), { "a/b/c": "3", "a/b/d": "2" });
    etcd.delete(`${PREFIX}a/b/c`);
    await settle();
    assert.deepEqual(entries(), { "a/b/d": "2" });
    assert.equal(told.length, 4);
    const revisions = told.map(({ revision }) => Number(revision));
    assert.deepEqual(
      revisions,
      revisions.toSorted((a, b) => a - b),
    );
  });

  it("is confirmed by each check, and tells nobody of it", async (t) => {
    const { etcd, watch, clock, settle, told } = rig(t);
    etcd.put(`${PREFIX}a/b/c`, "1");
    await settle();
    etcd.put("/elsewhere", "x");
    await settle(10 * CHECK_MS);
    assert.equal(told.length, 1);
    assert.equal(clock.nowMs() - watch.current!.confirmedMs, 0);
    assert.equal(clock.scheduledCount, 1, "the next check, and nothing else");
  });

  it("goes to the next member when one fails, and on from where it was", async (t) => {
    const { etcd, settle, entries, watch, endpoint } = rig(t, { endpoints: ["a:1", "b:2"] });
    etcd.put(`${PREFIX}a/b/c`, "1");
    await settle();
    const first = endpoint();
    etcd.trouble.set(first, "refuses");
    etcd.asked.length = 0;
    etcd.cutWatches();
    etcd.put(`${PREFIX}a/b/c`, "2");
    await settle(0);
    assert.match(watch.current!.stale!, /reset/);
    await settle(200);
    assert.deepEqual(entries(), { "a/b/c": "2" });
    assert.equal(watch.current!.stale, undefined);
    assert.notEqual(endpoint(), first);
    const [began] = etcd.asked;
    assert.match(began!, /\/v3\/watch$/, "it need not read all again");
  });

  it("leaves a member that hangs", async (t) => {
    const { etcd, settle, entries, watch, endpoint } = rig(t, { endpoints: ["a:1", "b:2"] });
    etcd.put(`${PREFIX}a/b/c`, "1");
    await settle();
    etcd.trouble.set(endpoint(), "hangs");
    etcd.silent = true;
    etcd.put(`${PREFIX}a/b/c`, "2");
    await settle(CHECK_MS + TIMEOUT_MS - 1);
    assert.deepEqual(entries(), { "a/b/c": "1" });
    etcd.silent = false;
    await settle(200);
    assert.deepEqual(entries(), { "a/b/c": "2" });
    assert.equal(watch.current!.stale, undefined);
    assert.equal(etcd.watchCount, 1, "the watch with the member that hangs is gone");
  });

  it("finds a change of which its watch said nothing", async (t) => {
    const { etcd, settle, entries } = rig(t);
    etcd.put(`${PREFIX}a/b/c`, "1");
    etcd.put(`${PREFIX}a/b/d`, "1");
    await settle();
    etcd.silent = true;
    etcd.delete(`${PREFIX}a/b/c`);
    await settle(CHECK_MS);
    assert.deepEqual(entries(), { "a/b/d": "1" });
    etcd.put(`${PREFIX}a/b/d`, "2");
    await settle(CHECK_MS);
    assert.deepEqual(entries(), { "a/b/d": "2" });
  });

  it("reads all again when what it missed was compacted", async (t) => {
    const { etcd, settle, entries, watch } = rig(t);
    etcd.put(`${PREFIX}a/b/c`, "1");
    etcd.put(`${PREFIX}a/b/d`, "1");
    await settle();
    etcd.trouble.set("a:1", "refuses");
    etcd.cutWatches();
    await settle(10_000);
    etcd.delete(`${PREFIX}a/b/c`);
    etcd.put(`${PREFIX}a/b/d`, "2");
    etcd.compact();
    etcd.trouble.clear();
    await settle(10_000);
    assert.deepEqual(entries(), { "a/b/d": "2" });
    assert.equal(watch.current!.stale, undefined);
    etcd.put(`${PREFIX}a/b/d`, "3");
    await settle(0);
    assert.deepEqual(entries(), { "a/b/d": "3" });
  });

  it("follows another store at the same place, whose revisions are lower", async (t) => {
    const { etcd, settle, entries } = rig(t);
    for (let count = 0; count < 20; count++) etcd.put(`${PREFIX}a/b/c`, String(count));
    await settle();
    etcd.exchange("2");
    etcd.put(`${PREFIX}a/b/e`, "new");
    await settle(200);
    assert.deepEqual(entries(), { "a/b/e": "new" });
    etcd.put(`${PREFIX}a/b/e`, "newer");
    await settle(0);
    assert.deepEqual(entries(), { "a/b/e": "newer" });
  });

  it("keeps what it has while all of etcd is gone, and tries less and less often", async (t) => {
    const { etcd, settle, entries, watch, clock, told } = rig(t, { endpoints: ["a:1", "b:2"] });
    etcd.put(`${PREFIX}a/b/c`, "1");
    await settle();
    for (const endpoint of ["a:1", "b:2"]) etcd.trouble.set(endpoint, "refuses");
    etcd.cutWatches();
    etcd.asked.length = 0;
    await settle(60_000);
    assert.deepEqual(entries(), { "a/b/c": "1" });
    assert.match(watch.current!.stale!, /ECONNREFUSED/);
    assert.ok(clock.nowMs() - watch.current!.confirmedMs >= 60_000);
    assert.equal(told.length, 2, "told once that it is lost");
    assert.ok(etcd.asked.length > 12 && etcd.asked.length < 60, `${etcd.asked.length} tries`);
    etcd.trouble.clear();
    await settle(5_000);
    assert.equal(told.length, 3);
    assert.equal(watch.current!.stale, undefined);
  });

  it("logs in where it must, and again when its token is over", async (t) => {
    const { etcd, settle, entries, watch } = rig(t, { user: "reader", password: () => "secret" });
    await settle(200);
    etcd.put(`${PREFIX}a/b/c`, "1");
    await settle(0);
    assert.deepEqual(entries(), { "a/b/c": "1" }, "nobody has to log in yet");
    etcd.users.set("reader", "secret");
    etcd.authenticates = true;
    etcd.cutWatches();
    await settle(1_000);
    assert.equal(watch.current!.stale, undefined);
    etcd.forgetTokens();
    etcd.put(`${PREFIX}a/b/c`, "2");
    await settle(CHECK_MS);
    assert.equal(watch.current!.stale, undefined);
    etcd.forgetTokens();
    etcd.cutWatches();
    await settle(1_000);
    assert.equal(watch.current!.stale, undefined);
    etcd.put(`${PREFIX}a/b/c`, "3");
    await settle(0);
    assert.deepEqual(entries(), { "a/b/c": "3" });
  });

  it("keeps what it has when it may not read any more, and says what to do", async (t) => {
    const { etcd, settle, entries, watch } = rig(t, { user: "reader", password: "secret" });
    etcd.users.set("reader", "secret");
    etcd.authenticates = true;
    etcd.put(`${PREFIX}a/b/c`, "1");
    await settle(1_000);
    etcd.denied.add("reader");
    await settle(CHECK_MS);
    assert.match(watch.current!.stale!, /permission denied by etcd a:1: grant the user a role/);
    etcd.put(`${PREFIX}a/b/c`, "2");
    await settle(10_000);
    assert.deepEqual(entries(), { "a/b/c": "1" });
    etcd.denied.clear();
    await settle(5_000);
    assert.deepEqual(entries(), { "a/b/c": "2" });
    etcd.users.set("reader", "changed");
    etcd.forgetTokens();
    await settle(CHECK_MS);
    assert.match(watch.current!.stale!, /refused the log-in: check user and password/);
  });

  it("says once that it has no answer yet", async (t) => {
    const { etcd, settle, logger, watch } = rig(t);
    etcd.authenticates = true;
    await settle(60_000);
    assert.equal(watch.current, undefined);
    assert.equal(logger.lines.length, 1);
    assert.equal(logger.lines[0]!.message, "etcd has not answered yet");
    assert.match(String(logger.lines[0]!.fields["reason"]), /set user and password/);
  });

  it("leaves nothing behind at the close", async (t) => {
    const { etcd, settle, clock, watch, told } = rig(t);
    etcd.put(`${PREFIX}a/b/c`, "1");
    await settle();
    watch.close();
    etcd.put(`${PREFIX}a/b/c`, "2");
    await settle(0);
    assert.deepEqual([told.length, etcd.watchCount, clock.scheduledCount], [1, 0, 0]);
  });

  it("refuses options that make no sense", () => {
    for (const options of [
      { endpoints: [] },
      { endpoints: ["http://a:1"] },
      { prefix: "/holdfast" },
      { prefix: "/" },
      { password: "secret" },
      { checkMs: 1 },
      { requestTimeoutMs: 0 },
      { backoffMinMs: 500, backoffMaxMs: 400 },
    ]) {
      const parts = { clock: new ManualClock(), random: new SeededRandom(1) };
      assert.throws(() => new EtcdConfigSource(parts, options), RangeError);
    }
  });
});

function rig(t: TestContext, options: Partial<EtcdConfigOptions> = {}) {
  const clock = new ManualClock();
  const logger = new MemoryLogger();
  const etcd = new ScriptedEtcd();
  const parts = { clock, random: new SeededRandom(1), logger, connect: etcd.connect };
  const source = new EtcdConfigSource(parts, {
    endpoints: ["a:1"],
    checkMs: CHECK_MS,
    requestTimeoutMs: TIMEOUT_MS,
    ...options,
  });
  const told: ConfigSnapshot[] = [];
  const watch = source.watch((snapshot) => told.push(snapshot));
  t.after(() => watch.close());
  return {
    ...{ clock, logger, etcd, watch, told },
    settle: (byMs: number = 0) => clock.advanceAndSettle(byMs),
    entries: () => Object.fromEntries(watch.current?.entries ?? []),
    endpoint: () => etcd.asked.at(-1)!.split(" ")[0]!,
  };
}
