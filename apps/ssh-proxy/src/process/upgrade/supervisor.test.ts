/** The life of a supervisor and its workers besides upgrades, with real processes. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { createServer } from "node:net";
import { describe, it } from "node:test";
import { EchoSession } from "./testing/echo-session.ts";
import { StartedSupervisor } from "./testing/started-supervisor.ts";

const REFUSED = { code: "ECONNREFUSED" };

describe("a supervisor", { timeout: 240_000 }, () => {
  it("drains every worker on SIGTERM, old ones too, and ends with 0", async (t) => {
    const supervisor = await StartedSupervisor.start(t);
    const old = await EchoSession.open(supervisor.port);
    await supervisor.upgrade();
    const current = await EchoSession.openAt(supervisor.port, supervisor.workerPid);
    assert.notEqual(old.pid, current.pid);
    supervisor.process.kill("SIGTERM");
    await supervisor.until(({ state }) => state === "draining");
    await untilRefused(supervisor.port);
    // A worker that drains already is not told again: that would end it.
    await Promise.all([old.echo("old"), current.echo("current")]);
    await Promise.all([old.end(), current.end()]);
    assert.deepEqual(await supervisor.exited, { code: 0, signal: null }, supervisor.output);
    assert.ok(!existsSync(supervisor.pidFile));
  });

  it("ends at once on the second SIGTERM", async (t) => {
    const supervisor = await StartedSupervisor.start(t);
    const session = await EchoSession.open(supervisor.port);
    supervisor.process.kill("SIGTERM");
    await supervisor.until(({ state }) => state === "draining");
    await session.echo("not yet");
    supervisor.process.kill("SIGTERM");
    assert.deepEqual(await supervisor.exited, { code: 143, signal: null });
    await session.untilEnded().catch(() => undefined);
    assert.deepEqual(supervisor.livingWorkers(), []);
  });

  it("drains once on Ctrl-C, which reaches the workers too", async (t) => {
    const supervisor = await StartedSupervisor.start(t);
    const session = await EchoSession.open(supervisor.port);
    process.kill(session.pid, "SIGINT");
    supervisor.process.kill("SIGINT");
    await supervisor.until(({ state }) => state === "draining");
    await session.echo("still here");
    await session.end();
    assert.deepEqual(await supervisor.exited, { code: 0, signal: null });
  });

  it("starts a worker that crashed again, and no connection is refused", async (t) => {
    const supervisor = await StartedSupervisor.start(t);
    for (let crash = 0; crash < 3; crash++) {
      const crashed = supervisor.workerPid;
      process.kill(crashed, "SIGKILL");
      await supervisor.until(({ current }) => current === undefined);
      const session = await EchoSession.open(supervisor.port);
      assert.notEqual(session.pid, crashed);
      await session.end();
      await supervisor.until(({ current }) => current?.pid === session.pid);
    }
  });

  it("gives up on a worker that crashes again and again, and ends with 1", async (t) => {
    const options = { restartsMax: 3, restartMinMs: 1, restartMaxMs: 1 };
    const supervisor = await StartedSupervisor.start(t, options);
    supervisor.installText("process.exit(3);");
    process.kill(supervisor.workerPid, "SIGKILL");
    assert.deepEqual(await supervisor.exited, { code: 1, signal: null });
    assert.equal(supervisor.output.split("worker not ready").length - 1, 3);
    assert.match(supervisor.output, /crashed too often, giving up/);
  });

  it("replaces a worker that leaves of its own accord, and lets it drain", async (t) => {
    const supervisor = await StartedSupervisor.start(t);
    const old = await EchoSession.open(supervisor.port);
    await old.echo("leave");
    await supervisor.until(({ current }) => current !== undefined && current.pid !== old.pid);
    const session = await EchoSession.open(supervisor.port);
    assert.notEqual(session.pid, old.pid);
    await old.echo("still here");
    assert.deepEqual(
      supervisor.now.draining.map(({ pid }) => pid),
      [old.pid],
    );
    await Promise.all([old.end(), session.end()]);
    await supervisor.until(({ draining }) => draining.length === 0);
  });

  it("drains all when a worker is asked to", async (t) => {
    const supervisor = await StartedSupervisor.start(t);
    const session = await EchoSession.open(supervisor.port);
    await session.echo("drain");
    await supervisor.until(({ state }) => state === "draining");
    await session.echo("still here");
    await session.end();
    assert.deepEqual(await supervisor.exited, { code: 0, signal: null });
  });

  it("leaves the port and no session broken behind when it is killed", async (t) => {
    const supervisor = await StartedSupervisor.start(t);
    const session = await EchoSession.open(supervisor.port);
    supervisor.process.kill("SIGKILL");
    await supervisor.exited;
    await untilRefused(supervisor.port);
    await session.echo("still here");
    const next = new StartedSupervisor(t, {}, supervisor.port);
    await next.until(() => next.port !== 0);
    const other = await EchoSession.open(next.port);
    await Promise.all([session.end(), other.end()]);
  });

  it("says that the port is taken", async (t) => {
    const server = createServer().listen(0, "127.0.0.1");
    t.after(() => server.close());
    await new Promise((resolve) => server.once("listening", resolve));
    const { port } = server.address() as { port: number };
    const supervisor = new StartedSupervisor(t, {}, port);
    assert.deepEqual(await supervisor.exited, { code: 1, signal: null });
    const message = `supervisor: 127.0.0.1:${port} cannot be listened on: another process has the`;
    assert.ok(supervisor.output.includes(message), supervisor.output);
  });

  it("ends when the first worker does not start, and says why", async (t) => {
    const supervisor = new StartedSupervisor(t);
    supervisor.installText("process.exit(3);");
    assert.deepEqual(await supervisor.exited, { code: 1, signal: null });
    assert.match(supervisor.output, /did not start: it ended before it was ready \(exit code 3\)/);
    assert.ok(!existsSync(supervisor.pidFile));
  });

  it("ends in order when it is told to while it starts", async (t) => {
    const supervisor = new StartedSupervisor(t);
    supervisor.install("1", "waits");
    await supervisor.untilSaid("waiting ");
    supervisor.process.kill("SIGTERM");
    assert.deepEqual(await supervisor.exited, { code: 0, signal: null });
  });
});

/** A connection that comes before the worker has stopped listening is served. */
async function untilRefused(port: number): Promise<void> {
  for (;;) {
    try {
      await (await EchoSession.open(port)).end();
    } catch (error) {
      assert.equal((error as NodeJS.ErrnoException).code, REFUSED.code);
      return;
    }
  }
}
