/** How sessions and connections end when it is not by themselves: time, operators, a drain. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createContext } from "holdfast";
import { ProxyWorld } from "./testing/proxy-world.ts";

const MINUTE_MS = 60_000;

describe("a connection", () => {
  it("ends with a text when there was no data for too long", async () => {
    const proxied = await ProxyWorld.start();
    const session = await proxied.exec();
    await proxied.world.run(14 * MINUTE_MS);
    session.channel.send(Buffer.from("x"));
    await proxied.world.run(14 * MINUTE_MS);
    assert.deepEqual(session.events, []);
    await proxied.world.run(2 * MINUTE_MS);
    assert.match(session.stderr, /no data in either direction for 15 minutes/);
    assert.match((await proxied.world.finish(session.connection.ended, 5_000)).text, /no data/);
  });

  it("ends when its time is over, however busy it is", async () => {
    const proxied = await ProxyWorld.start({ times: { totalMs: 10 * MINUTE_MS } });
    const session = await proxied.exec();
    for (let minute = 0; minute < 11; minute++) {
      session.channel.send(Buffer.from("x"));
      await proxied.world.run(MINUTE_MS);
    }
    assert.match(session.stderr, /a connection may last 10 minutes/);
  });

  it("is found to be dead within a minute", async () => {
    const proxied = await ProxyWorld.start();
    await proxied.exec();
    proxied.world.network.vanish("client", "proxy");
    await proxied.world.run(65_000);
    assert.deepEqual(proxied.proxy.counts, { connections: 0, sessions: 0 });
    assert.ok(proxied.backend.last.closed);
  });

  it("can be ended by an operator, with a text", async () => {
    const proxied = await ProxyWorld.start();
    const session = await proxied.exec();
    const key = proxied.proxy.rows()[0]!.SessionKey;
    assert.equal(proxied.proxy.closeConnection("00000000"), "unknown");
    assert.equal(proxied.proxy.closeConnection(key), "closed");
    await proxied.world.run(100);
    assert.match(session.stderr, /closed by an operator/);
    assert.ok(proxied.backend.last.closed);
  });

  it("takes ten sessions at once, and no eleventh", async () => {
    const proxied = await ProxyWorld.start();
    const connection = await proxied.login();
    for (let count = 0; count < 10; count++) await proxied.openSession(connection);
    await assert.rejects(proxied.openSession(connection), /no more than 10 sessions/);
  });

  it("counts the sessions of an account over all its connections", async () => {
    const proxied = await ProxyWorld.start({ proxy: { sessionsPerAccountMax: 2 } });
    const first = await proxied.exec();
    await proxied.exec();
    await assert.rejects(proxied.exec(), /aviato has 2 sessions/);
    first.channel.close();
    await proxied.world.run(100);
    await proxied.exec();
  });
});

describe("a drain", () => {
  const drain = (proxied: ProxyWorld) =>
    proxied.proxy.drain(createContext({ clock: proxied.world.clock }));

  it("waits for running sessions, and refuses new ones on their connections", async () => {
    const proxied = await ProxyWorld.start();
    const session = await proxied.exec();
    const drained = drain(proxied);
    await proxied.world.run(1_000);
    await assert.rejects(proxied.openSession(session.connection), /server is restarting/);
    await assert.rejects(proxied.login(), "no new connection is taken");
    proxied.backend.last.channel.send(Buffer.from("the rest"));
    await proxied.world.run(100);
    proxied.backend.last.exit(0);
    assert.deepEqual(await proxied.world.finish(drained, 5_000), { cut: 0 });
    await proxied.world.run(100);
    assert.equal(session.stdout.toString(), "the rest");
    assert.deepEqual(session.events, ["stdout", "eof", "exit 0", "close"]);
  });

  it("disconnects nobody who has not read how the last session ended", async () => {
    const proxied = await ProxyWorld.start();
    const session = await proxied.exec();
    const drained = drain(proxied);
    await proxied.world.run(100);
    let ended = false;
    void session.connection.ended.then(() => (ended = true));
    proxied.backend.last.exit(0);
    await proxied.world.run(500);
    assert.ok(session.events.includes("exit 0"));
    // OpenSSH would take a disconnect for a failure, as long as it has not left.
    assert.equal(ended, false);
    assert.deepEqual(await proxied.world.finish(drained, 5_000), { cut: 0 });
    const end = await proxied.world.finish(session.connection.ended, 1_000);
    assert.equal(end.text, "server is restarting, please retry");
  });

  it("ends connections without a session soon, with a text", async () => {
    const proxied = await ProxyWorld.start();
    const session = await proxied.exec();
    proxied.backend.last.exit(0);
    await proxied.world.run(100);
    assert.deepEqual(await proxied.world.finish(drain(proxied), 5_000), { cut: 0 });
    const end = await proxied.world.finish(session.connection.ended, 1_000);
    assert.equal(end.text, "server is restarting, please retry");
  });

  it("lets whoever connected before it run a first command", async () => {
    const proxied = await ProxyWorld.start();
    const connecting = proxied.connect();
    // The connection is made, and nobody has logged in on it yet.
    await proxied.world.run(22);
    const drained = drain(proxied);
    const connection = await proxied.world.finish(connecting, 5_000);
    const session = await proxied.openSession(connection);
    await proxied.world.finish(session.exec("git-upload-pack 'team/project.git'"), 1_000);
    await proxied.world.run(200);
    proxied.backend.last.exit(0);
    assert.deepEqual(await proxied.world.finish(drained, 5_000), { cut: 0 });
    await proxied.world.run(100);
    assert.ok(session.events.includes("exit 0"));
  });

  it("says every second how many are left", async () => {
    const proxied = await ProxyWorld.start();
    await proxied.exec();
    void drain(proxied);
    await proxied.world.run(3_500);
    const counts = proxied.logger.lines.filter(({ message }) => message === "draining");
    assert.equal(counts.length, 4);
    assert.deepEqual(counts.at(-1)?.fields, { connections: 1, sessions: 1 });
  });

  it("cuts what is left when its time is over, with a text", async () => {
    const proxied = await ProxyWorld.start({ proxy: { drainMs: 5_000 } });
    const session = await proxied.exec();
    assert.deepEqual(await proxied.world.finish(drain(proxied), 6_000), { cut: 1 });
    await proxied.world.run(100);
    assert.match(session.stderr, /server is restarting, please retry/);
    const end = await proxied.world.finish(session.connection.ended, 1_000);
    assert.equal(end.text, "server is restarting, please retry");
  });
});
