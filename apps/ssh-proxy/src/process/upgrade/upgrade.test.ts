/** Upgrades as they happen: a supervisor, its workers and its clients, each a real process. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { describe, it } from "node:test";
import { EchoSession, startEchoLoad } from "./testing/echo-session.ts";
import { StartedSupervisor } from "./testing/started-supervisor.ts";

const UPGRADES = 20;
const CLIENTS = 8;

const HOLDFAST = join(
  ...[import.meta.dirname, "../../../../..", "packages/holdfast/src/command/main.ts"],
);

describe("an upgrade", { timeout: 240_000 }, () => {
  it("refuses no connection and breaks no session, 20 times under load", async (t) => {
    const supervisor = await StartedSupervisor.start(t, { drainingMax: 8 });
    const number = (): number => supervisor.now.current?.number ?? 0;
    const load = startEchoLoad(supervisor.port, CLIENTS, number);
    const seen = new Set<number>();
    for (let upgrade = 1; upgrade <= UPGRADES; upgrade++) {
      supervisor.install(String(upgrade + 1));
      const report = await supervisor.upgrade();
      assert.equal(report.kind, "done", `${JSON.stringify(report)}\n${supervisor.output}`);
      assert.equal(report.number, upgrade);
      seen.add(supervisor.workerPid);
    }
    await load.stop();
    assert.deepEqual(load.failures.slice(0, 5), []);
    assert.equal(seen.size, UPGRADES);
    assert.ok(load.sessions() > 1_000, `${load.sessions()} sessions`);
    // Every old one ends, now that nobody is left.
    await supervisor.until(({ draining }) => draining.length === 0);
    const last = await EchoSession.open(supervisor.port);
    assert.equal(last.version, String(UPGRADES + 1));
    await last.end();
    supervisor.process.kill("SIGTERM");
    assert.deepEqual(await supervisor.exited, { code: 0, signal: null });
    assert.deepEqual(supervisor.livingWorkers(), []);
  });

  it("is rolled back when the new version does not become ready in time", async (t) => {
    const supervisor = await StartedSupervisor.start(t, { readyTimeoutMs: 5_000 });
    const old = supervisor.workerPid;
    const session = await EchoSession.open(supervisor.port);
    supervisor.install("2", "never-ready");
    const report = await supervisor.upgrade();
    assert.deepEqual(report, {
      number: 1,
      kind: "rolled-back",
      reason: "it was not ready within 5 s",
      oldPid: old,
    });
    assert.equal(supervisor.workerPid, old);
    assert.deepEqual(supervisor.livingWorkers(), [old]);
    await session.echo("still here");
    await session.end();
    const next = await EchoSession.open(supervisor.port);
    assert.equal(next.version, "1");
    await next.end();
  });

  it("is rolled back when the new version ends, says why, and can be tried again", async (t) => {
    const supervisor = await StartedSupervisor.start(t);
    const old = supervisor.workerPid;
    const session = await EchoSession.open(supervisor.port);
    for (const [text, reason] of [
      ["process.exit(3);", "it ended before it was ready (exit code 3)"],
      ["this is no program", "it ended before it was ready (exit code 1)"],
      ["process.kill(process.pid, 'SIGKILL');", "it ended before it was ready (SIGKILL)"],
    ] as const) {
      supervisor.installText(text);
      const report = await supervisor.upgrade();
      assert.ok(report.kind === "rolled-back");
      assert.equal(report.reason, reason);
    }
    supervisor.install("2", "says-why-it-fails");
    const report = await supervisor.upgrade();
    assert.ok(report.kind === "rolled-back");
    assert.equal(report.reason, "it said: there is no host key");
    assert.equal(supervisor.workerPid, old);
    await session.echo("still here");
    supervisor.install("3");
    assert.equal((await supervisor.upgrade()).kind, "done");
    await session.echo("and still here");
    await session.end();
    await supervisor.until(({ draining }) => draining.length === 0);
    assert.deepEqual(supervisor.livingWorkers(), [supervisor.workerPid]);
  });

  it("goes on when the old version is killed meanwhile, and connections wait", async (t) => {
    const supervisor = await StartedSupervisor.start(t);
    const old = supervisor.workerPid;
    supervisor.install("2", "waits");
    const upgrading = supervisor.upgrade();
    await supervisor.untilSaid("waiting ");
    process.kill(old, "SIGKILL");
    await supervisor.until(({ current }) => current === undefined);
    const opening = EchoSession.open(supervisor.port);
    const { upgrade } = supervisor.now;
    assert.ok(upgrade.kind === "starting");
    process.kill(upgrade.pid!, "SIGHUP");
    const session = await opening;
    assert.equal(session.version, "2");
    const report = await upgrading;
    assert.ok(report.kind === "done");
    assert.equal(report.oldPid, undefined);
    await session.end();
  });

  it("starts another one when both the old version and the new one end", async (t) => {
    const supervisor = await StartedSupervisor.start(t);
    supervisor.install("2", "waits");
    const upgrading = supervisor.upgrade();
    await supervisor.untilSaid("waiting ");
    process.kill(supervisor.workerPid, "SIGKILL");
    await supervisor.until(({ current }) => current === undefined);
    const opening = EchoSession.open(supervisor.port);
    supervisor.install("3");
    const { upgrade } = supervisor.now;
    assert.ok(upgrade.kind === "starting");
    process.kill(upgrade.pid!, "SIGKILL");
    assert.equal((await upgrading).kind, "rolled-back");
    const session = await opening;
    assert.equal(session.version, "3");
    await session.end();
  });

  it("is refused while as many old versions drain as may", async (t) => {
    const supervisor = await StartedSupervisor.start(t, { drainingMax: 1 });
    const first = await EchoSession.open(supervisor.port);
    assert.equal((await supervisor.upgrade()).kind, "done");
    const second = await EchoSession.openAt(supervisor.port, supervisor.workerPid);
    const report = await supervisor.upgrade();
    assert.ok(report.kind === "refused");
    assert.match(report.reason, /^1 old versions still drain/);
    await Promise.all([first.echo("first"), second.echo("second")]);
    await first.end();
    await supervisor.until(({ draining }) => draining.length === 0);
    assert.equal((await supervisor.upgrade()).kind, "done");
    await second.end();
  });

  it("ends in order when the supervisor is told to end meanwhile", async (t) => {
    const supervisor = await StartedSupervisor.start(t);
    const session = await EchoSession.open(supervisor.port);
    supervisor.install("2", "waits");
    const upgrading = supervisor.upgrade();
    await supervisor.untilSaid("waiting ");
    supervisor.process.kill("SIGTERM");
    assert.equal((await upgrading).kind, "rolled-back");
    await session.echo("still here");
    await session.end();
    assert.deepEqual(await supervisor.exited, { code: 0, signal: null });
  });

  it("is what `holdfast up` asks for and reports", async (t) => {
    const supervisor = await StartedSupervisor.start(t);
    const session = await EchoSession.open(supervisor.port);
    const old = supervisor.workerPid;
    supervisor.install("2");
    const done = await holdfastUp("--pid-file", supervisor.pidFile);
    assert.equal(done.code, 0, done.stderr);
    const fresh = supervisor.workerPid;
    assert.match(
      done.stdout,
      new RegExp(`serves: pid ${fresh} \\(version 2\\), ready after \\d+\\.\\d\\d s\\n`),
    );
    assert.match(done.stdout, new RegExp(`draining: pid ${old} \\(version 1\\)\\n`));
    supervisor.installText("process.exit(3);");
    const failed = await holdfastUp("--pid", String(supervisor.process.pid));
    assert.equal(failed.code, 1);
    assert.match(failed.stderr, /rolled back: it ended before it was ready \(exit code 3\)\n/);
    assert.match(failed.stderr, new RegExp(`goes on as it was: pid ${fresh} \\(version 2\\)`));
    await session.end();
  });
});

async function holdfastUp(...args: readonly string[]) {
  const child = spawn(process.execPath, [HOLDFAST, "up", ...args]);
  let stdout = "";
  let stderr = "";
  child.stdout.on("data", (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
  const [code] = (await once(child, "close")) as [number | null];
  return { code, stdout, stderr };
}
