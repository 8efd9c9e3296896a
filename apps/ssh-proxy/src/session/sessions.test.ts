/** A session from the client's terminal to the command at the backend, and back. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { MessageWriter } from "../ssh/message-writer.ts";
import { ProxyWorld } from "./testing/proxy-world.ts";

const COMMAND = "git-upload-pack 'team/project.git'";

describe("a session", () => {
  it("runs the command at its backend, and relays everything to its end", async () => {
    const proxied = await ProxyWorld.start();
    const { world, backend } = proxied;
    const session = await proxied.exec();
    assert.equal(backend.last.line, "git-upload-pack '/srv/project.git'");
    session.channel.send(Buffer.from("want"));
    await world.run(100);
    assert.equal(backend.last.input.toString(), "want");
    backend.last.channel.send(Buffer.from("pack"));
    backend.last.channel.sendStderr(Buffer.from("counting"));
    await world.run(100);
    session.channel.eof();
    await world.run(100);
    assert.ok(backend.last.eof);
    backend.last.exit(7);
    await world.run(100);
    assert.equal(session.stdout.toString(), "pack");
    assert.equal(session.stderr, "counting");
    assert.deepEqual(session.events, ["stdout", "stderr", "eof", "exit 7", "close"]);
    assert.deepEqual(proxied.events().slice(-5), ["exec", "route", "dial", "splice", "exit"]);
  });

  it("keeps the half that is open: an answer after the client's end of input", async () => {
    const proxied = await ProxyWorld.start();
    const { world, backend } = proxied;
    const session = await proxied.exec();
    session.channel.eof();
    await world.run(100);
    backend.last.channel.send(Buffer.alloc(100_000, 1));
    await world.run(1_000);
    backend.last.exit(0);
    await world.run(100);
    assert.equal(session.stdout.length, 100_000);
  });

  it("loses nothing that comes before the backend is there, its end included", async () => {
    const proxied = await ProxyWorld.start();
    const { world, backend } = proxied;
    // The backend is far away.
    world.network.link("proxy", "backend").change({ latencyMs: 1_000 });
    const connection = await proxied.login();
    const session = await proxied.openSession(connection);
    const accepted = session.exec(COMMAND);
    await world.finish(accepted, 1_000);
    session.channel.send(Buffer.from("hello"));
    session.channel.eof();
    await world.run(20_000);
    assert.equal(backend.last.input.toString(), "hello");
    assert.ok(backend.last.eof);
  });

  it("passes GIT_PROTOCOL on, and no other variable", async () => {
    const proxied = await ProxyWorld.start();
    const { world, backend } = proxied;
    const session = await proxied.openSession(await proxied.login());
    const answers = Promise.all([
      session.environment("LD_PRELOAD", "/tmp/x.so"),
      session.environment("GIT_PROTOCOL", "version=2"),
      session.environment("GIT_SSH_COMMAND", "id"),
    ]);
    assert.deepEqual(await world.finish(answers, 1_000), [false, true, false]);
    await world.finish(session.exec(COMMAND), 1_000);
    await world.run(200);
    assert.deepEqual(backend.last.environment, ["GIT_PROTOCOL=version=2"]);
  });

  it("relays signals to the command, and the signal that ended it", async () => {
    const proxied = await ProxyWorld.start();
    const { world, backend } = proxied;
    const session = await proxied.exec();
    session.channel.request("signal", new MessageWriter().string("INT").finish());
    await world.run(100);
    assert.deepEqual(backend.last.requests, ["signal INT"]);
    backend.last.channel.exitSignal("TERM", false, "");
    backend.last.channel.close();
    await world.run(100);
    assert.deepEqual(session.events, ["signal TERM", "eof", "close"]);
  });

  it("tells the backend that the client's reader is gone, and never waits for it", async () => {
    const proxied = await ProxyWorld.start();
    const { world, backend, stats } = proxied;
    const session = await proxied.exec();
    session.reads = false;
    session.channel.request("eow@openssh.com");
    await world.run(100);
    assert.deepEqual(backend.last.requests, ["eow@openssh.com"]);
    assert.equal(stats.earlyCloses.value, 1);
    for (let count = 0; count < 40; count++) {
      assert.ok(backend.last.channel.windowBytes >= 100_000);
      backend.last.channel.send(Buffer.alloc(100_000));
      await world.run(50);
    }
    backend.last.exit(0);
    await world.run(100);
    assert.deepEqual(session.events, ["eof", "exit 0", "close"]);
  });

  it("ends the command when the client closes its channel, or is gone", async () => {
    for (const leave of ["close", "destroy"] as const) {
      const proxied = await ProxyWorld.start();
      const { world, backend } = proxied;
      const session = await proxied.exec();
      if (leave === "close") session.channel.close();
      else session.connection.destroy();
      await world.run(200);
      assert.ok(backend.last.closed, leave);
      assert.deepEqual(proxied.proxy.counts.sessions, 0);
    }
  });

  it("tells a client that has closed its side how the command ended", async () => {
    const proxied = await ProxyWorld.start();
    const { world, backend } = proxied;
    const session = await proxied.exec();
    backend.last.holdsClose = true;
    session.channel.eof();
    backend.last.channel.eof();
    await world.run(100);
    session.channel.close();
    await world.run(100);
    backend.last.channel.exitStatus(3);
    backend.last.channel.close();
    await world.run(100);
    assert.deepEqual(session.events, ["eof", "exit 3", "close"]);
    assert.deepEqual(proxied.backends.counts, { kept: 1, borrowed: 0 });
  });

  it("waits no longer than it says for a command that does not end with its client", async () => {
    const proxied = await ProxyWorld.start();
    const { world, backend } = proxied;
    const session = await proxied.exec();
    backend.last.holdsClose = true;
    session.channel.close();
    await world.run(4_000);
    assert.deepEqual(session.events, []);
    await world.run(2_000);
    assert.deepEqual(session.events, ["close"]);
    assert.deepEqual(proxied.backends.counts, { kept: 0, borrowed: 0 });
  });

  it("says so when the backend is lost in the middle", async () => {
    const proxied = await ProxyWorld.start();
    const session = await proxied.exec();
    proxied.backend.connections[0]!.destroy();
    await proxied.world.run(200);
    assert.match(session.stderr, /connection to the backend was lost/);
    assert.deepEqual(session.events, ["stderr", "exit 75", "eof", "close"]);
  });

  it("greets whoever asks for a shell, and leaves", async () => {
    const proxied = await ProxyWorld.start();
    const session = await proxied.openSession(await proxied.login());
    assert.ok(await proxied.world.finish(session.channel.ask("shell"), 1_000));
    await proxied.world.run(100);
    assert.match(session.stderr, /^Hi erlich! You are logged in to aviato, with the key BuildS/);
    assert.deepEqual(session.events, ["stderr", "exit 0", "eof", "close"]);
  });

  it("refuses what is no command of git or hg, with a text and 128", async () => {
    for (const command of ["rm -rf /", "git-upload-pack '../x'", "scp -t ."]) {
      const proxied = await ProxyWorld.start();
      const session = await proxied.exec(command);
      assert.ok(session.stderr.length > 10);
      assert.deepEqual(session.events, ["stderr", "exit 128", "eof", "close"]);
      assert.equal(proxied.backend.commands.length, 0);
    }
  });

  it("has one text for a repository that is not there and one that nobody may see", async () => {
    const proxied = await ProxyWorld.start();
    const session = await proxied.exec("git-upload-pack 'other.git'");
    assert.equal(session.stderr, "There is no such repository, or you may not see it.\n");
    assert.ok(session.events.includes("exit 128"));
  });

  it("runs one command only", async () => {
    const proxied = await ProxyWorld.start();
    const session = await proxied.exec();
    assert.equal(await proxied.world.finish(session.exec(COMMAND), 1_000), false);
    assert.equal(proxied.backend.commands.length, 1);
  });

  it("refuses forwarding, agents and screens", async () => {
    const proxied = await ProxyWorld.start();
    const session = await proxied.openSession(await proxied.login());
    for (const name of ["x11-req", "auth-agent-req@openssh.com"]) {
      assert.equal(await proxied.world.finish(session.channel.ask(name), 1_000), false, name);
    }
  });
});
