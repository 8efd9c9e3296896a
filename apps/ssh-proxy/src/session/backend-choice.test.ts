/** What a session does about its backend: dialled, kept, not there, or not who it should be. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ProxyWorld } from "./testing/proxy-world.ts";

describe("a session and its backend", () => {
  it("uses a connection that an earlier session of the account has left", async () => {
    const proxied = await ProxyWorld.start();
    const { world, backend, backends } = proxied;
    for (let count = 0; count < 3; count++) {
      await proxied.exec();
      backend.last.exit(0);
      await world.run(200);
    }
    assert.equal(backend.connections.length, 1);
    assert.deepEqual(backends.counts, { kept: 1, borrowed: 0 });
    assert.equal(proxied.stats.backendReuses.value, 2);
  });

  it("gives a connection up when it was kept for long enough", async () => {
    const proxied = await ProxyWorld.start({ backend: { keepMs: 30_000 } });
    await proxied.exec();
    proxied.backend.last.exit(0);
    await proxied.world.run(31_000);
    assert.deepEqual(proxied.backends.counts, { kept: 0, borrowed: 0 });
    assert.equal(proxied.backend.endedCount, 1);
  });

  it("has a connection for each session that runs at the same time", async () => {
    const proxied = await ProxyWorld.start();
    await proxied.exec();
    await proxied.exec();
    assert.equal(proxied.backend.connections.length, 2);
  });

  it("dials anew when a kept connection turns out to be dead", async () => {
    const proxied = await ProxyWorld.start();
    const { world, backend } = proxied;
    await proxied.exec();
    backend.last.exit(0);
    await world.run(200);
    // It ends just as the next session comes.
    backend.connections[0]!.destroy();
    const session = await proxied.exec();
    assert.equal(backend.connections.length, 2);
    backend.last.exit(0);
    await world.run(200);
    assert.ok(session.events.includes("exit 0"));
  });

  it("tells the user to try again when it cannot be reached", async () => {
    const proxied = await ProxyWorld.start();
    await proxied.world.finish(proxied.backend.stop(), 1_000);
    const session = await proxied.exec();
    await proxied.world.run(10_000);
    assert.match(session.stderr, /backend of team\/project\.git cannot be reached now/);
    assert.ok(session.events.includes("exit 75"));
    assert.equal(proxied.events().at(-1), "exit");
  });

  it("gives up a backend that accepts and never speaks", async () => {
    const proxied = await ProxyWorld.start();
    const { world } = proxied;
    await world.finish(proxied.backend.stop(), 1_000);
    const silent = { kind: "tcp", host: "backend", port: 22 } as const;
    await world.network.host("backend").listen(silent, () => undefined);
    const session = await proxied.exec();
    await world.run(30_000);
    assert.ok(session.events.includes("exit 75"), session.events.join());
  });

  it("refuses a backend that shows another host key, and wakes somebody", async () => {
    const proxied = await ProxyWorld.start({ pinned: [`SHA256:${"A".repeat(43)}`] });
    const session = await proxied.exec();
    assert.ok(session.events.includes("exit 75"));
    assert.equal(proxied.backend.commands.length, 0);
    const alert = proxied.logger.lines.find(({ level }) => level === "error");
    assert.match(alert?.message ?? "", /host key that is not pinned/);
  });

  it("says that the backend does not run the command, when it does not", async () => {
    const proxied = await ProxyWorld.start();
    proxied.backend.takesCommands = false;
    const session = await proxied.exec();
    assert.match(session.stderr, /does not run this command/);
    assert.ok(session.events.includes("exit 128"));
  });

  it("finds a backend that has died without a word", async () => {
    const proxied = await ProxyWorld.start();
    const session = await proxied.exec();
    proxied.world.network.vanish("proxy", "backend");
    await proxied.world.run(70_000);
    assert.match(session.stderr, /backend was lost/);
  });
});
