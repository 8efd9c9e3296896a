/** What is buffered stays small, whatever either side does. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ProxyWorld } from "./testing/proxy-world.ts";

/** What a session may hold for one direction. */
const HELD_MAX_BYTES = 256 * 1_024;
const PIECE = Buffer.alloc(32_768, 1);

/** Sends whenever the window lets it. */
async function flood(
  proxied: ProxyWorld,
  channel: { windowBytes: number; send(bytes: Uint8Array): void },
  rounds: number,
): Promise<number> {
  let sent = 0;
  for (let round = 0; round < rounds; round++) {
    while (channel.windowBytes >= PIECE.length) {
      channel.send(PIECE);
      sent += PIECE.length;
    }
    await proxied.world.run(50);
  }
  return sent;
}

describe("a session holds little", () => {
  it("when the client opens no window", async () => {
    const proxied = await ProxyWorld.start();
    const session = await proxied.openSession(await proxied.login(), 0);
    await proxied.world.finish(session.exec("git-upload-pack 'team/project.git'"), 1_000);
    await proxied.world.run(200);
    const sent = await flood(proxied, proxied.backend.last.channel, 40);
    assert.ok(sent <= HELD_MAX_BYTES, `${sent}`);
    assert.ok(proxied.stats.bufferedBytes.peak <= HELD_MAX_BYTES);
  });

  it("when the client opens a window of 4 GiB and does not read its socket", async () => {
    const proxied = await ProxyWorld.start();
    const { world } = proxied;
    const session = await proxied.openSession(await proxied.login(), 0xffff_ffff);
    await world.finish(session.exec("git-upload-pack 'team/project.git'"), 1_000);
    await world.run(200);
    session.connection.pauseReading();
    await flood(proxied, proxied.backend.last.channel, 100);
    assert.ok(proxied.stats.bufferedBytes.peak <= HELD_MAX_BYTES);
    session.connection.resumeReading();
    await world.run(5_000);
    assert.ok(session.stdout.length > 1_000_000, "and goes on when it reads again");
  });

  it("when the backend does not read what the client sends", async () => {
    const proxied = await ProxyWorld.start();
    const session = await proxied.exec("git-receive-pack 'team/project.git'");
    proxied.backend.last.reads = false;
    await flood(proxied, session.channel, 100);
    assert.ok(proxied.stats.bufferedBytes.peak <= HELD_MAX_BYTES);
  });

  it("when the client sends before there is a backend", async () => {
    const proxied = await ProxyWorld.start();
    proxied.world.network.partition("proxy", "backend");
    const session = await proxied.openSession(await proxied.login());
    await proxied.world.finish(session.exec("git-receive-pack 'team/project.git'"), 1_000);
    assert.ok((await flood(proxied, session.channel, 10)) <= 65_536);
  });

  it("and nothing when it is over", async () => {
    const proxied = await ProxyWorld.start();
    const session = await proxied.exec();
    session.reads = false;
    await flood(proxied, proxied.backend.last.channel, 20);
    session.connection.destroy();
    await proxied.world.run(70_000);
    assert.equal(proxied.stats.bufferedBytes.now, 0);
    assert.deepEqual(proxied.proxy.counts, { connections: 0, sessions: 0 });
    assert.deepEqual(proxied.backends.counts, { kept: 0, borrowed: 0 });
  });

  it("and a client that sends past its window is ended", async () => {
    const proxied = await ProxyWorld.start();
    const session = await proxied.exec();
    proxied.backend.last.reads = false;
    const { channel } = session;
    for (let count = 0; count < 100; count++) {
      channel.send(PIECE);
      await proxied.world.run(10);
    }
    const end = await proxied.world.finish(session.connection.ended, 5_000);
    assert.match(end.text, /past the window/);
  });
});
