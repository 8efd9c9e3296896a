/** Before anybody is admitted, and when a connection ends: what the link itself decides. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { MESSAGE } from "../message-numbers.ts";
import { USER_KEY } from "./testing/keys.ts";
import { TestedServer } from "./testing/tested-server.ts";

describe("an admission that takes its time", () => {
  it("keeps all that came, in order, and looks at none of it", async () => {
    for (let seed = 1; seed <= 20; seed++) {
      const { promise, resolve } = Promise.withResolvers<boolean>();
      let asked = 0;
      const admit = (): Promise<boolean> => {
        asked++;
        return promise;
      };
      const tested = await TestedServer.connect({ admit, seed });
      await tested.run(5_000);
      assert.equal(asked, 1);
      assert.equal(tested.connection.remoteIdent, "", "nothing was looked at");
      resolve(true);
      await tested.world.finish(tested.peer.keyed, 5_000);
      tested.askService().login(USER_KEY);
      await tested.run();
      assert.deepEqual(tested.results, ["accepted"], `seed ${seed}`);
    }
  });

  it("stops reading meanwhile, however much comes", async () => {
    const tested = await TestedServer.connect({ admit: () => new Promise(() => undefined) });
    for (let count = 0; count < 100; count++) {
      tested.peer.force(Buffer.alloc(30_000, MESSAGE.ignore));
      await tested.run(20);
    }
    const link = tested.connection["link"] as unknown as { beforeAdmission: Buffer[] };
    const bytes = link.beforeAdmission.reduce((sum, { length }) => sum + length, 0);
    assert.ok(bytes > 0 && bytes < 300_000, `${bytes}`);
  });

  it("ends the connection when it is refused, or fails", async () => {
    for (const answer of [() => Promise.resolve(false), () => Promise.reject(new Error("no"))]) {
      const tested = await TestedServer.connect({ admit: answer });
      await tested.run();
      assert.deepEqual(tested.ends, [{ kind: "not-admitted", error: undefined, text: "" }]);
      assert.ok(tested.peer.closed);
    }
  });

  it("has no effect on a connection that has ended meanwhile", async () => {
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const tested = await TestedServer.connect({ admit: () => promise });
    await tested.run();
    tested.connection.destroy();
    resolve(true);
    await tested.run();
    assert.equal(tested.ends.length, 1);
    assert.equal(tested.connection.remoteIdent, "");
  });
});

describe("the end of a connection", () => {
  it("is told once, with its text, and leaves no timer or socket", async () => {
    const tested = await TestedServer.loggedIn();
    tested.peer.open(0);
    await tested.run();
    tested.connection.disconnect(11, "time is over");
    tested.connection.disconnect(11, "again");
    tested.connection.destroy();
    await tested.run();
    assert.deepEqual(tested.ends, [{ kind: "ended", error: undefined, text: "time is over" }]);
    assert.deepEqual(tested.peer.disconnected, { reason: 11, text: "time is over" });
    await tested.run(3_000);
    assert.deepEqual(tested.world.network.openSockets(), []);
    assert.equal(tested.world.clock.scheduledCount, 0);
  });

  it("does not wait for a client that never reads its text", async () => {
    const tested = await TestedServer.loggedIn();
    tested.peer.pauseReading();
    tested.connection.disconnect(11, "time is over");
    await tested.run(3_000);
    tested.peer.destroy();
    await tested.run();
    assert.deepEqual(tested.world.network.openSockets(), []);
  });

  it("comes with the words of a client that leaves", async () => {
    const tested = await TestedServer.loggedIn();
    tested.peer.transport.disconnect(11, "bye");
    await tested.run();
    assert.equal(tested.end?.kind, "disconnected");
    assert.equal(tested.end.text, "bye");
  });

  it("takes every later call without effect", async () => {
    const tested = await TestedServer.loggedIn();
    const { connection } = tested;
    tested.peer.destroy();
    await tested.run();
    connection.sendKeepalive();
    connection.pauseReading();
    connection.resumeReading();
    connection.disconnect(11, "late");
    connection.destroy();
    await tested.run();
    assert.equal(tested.ends.length, 1);
    assert.equal(connection.pendingBytes, 0);
  });
});

describe("reading", () => {
  it("goes on when every pause has been taken back", async () => {
    const tested = await TestedServer.loggedIn();
    tested.peer.open(0);
    await tested.run();
    const { connection } = tested;
    connection.pauseReading();
    connection.pauseReading();
    tested.peer.data(0, "x");
    await tested.run();
    connection.resumeReading();
    await tested.run();
    assert.ok(connection.readingPaused);
    assert.deepEqual(tested.sessions[0]!.events, []);
    connection.resumeReading();
    await tested.run();
    assert.deepEqual(tested.sessions[0]!.events, ["data 1"]);
  });

  it("goes on during a key exchange, which would never end without it", async () => {
    const tested = await TestedServer.loggedIn();
    tested.peer.open(0);
    await tested.run();
    tested.connection.pauseReading();
    await tested.run();
    tested.connection["link"].transport.rekey();
    await tested.run();
    assert.equal(tested.connection["link"].transport.exchangingKeys, false);
    tested.peer.data(0, "x");
    await tested.run();
    assert.deepEqual(tested.sessions[0]!.events, [], "and is paused again behind it");
    assert.ok(tested.peer.numbers().includes(MESSAGE.channelOpenConfirmation));
  });

  it("rests between the pieces of a stream, misses none, and goes on behind it", async () => {
    const tested = await TestedServer.loggedIn();
    tested.peer.open(0);
    await tested.run();
    tested.sessions[0]!.channel!.grant(2_000_000);
    const link = tested.connection["link"];
    const stream = async (): Promise<number> => {
      let rests = 0;
      for (let piece = 0; piece < 100; piece++) {
        tested.peer.data(0, "x".repeat(8_000));
        // oxlint-disable-next-line no-await-in-loop
        await tested.run(0.25);
        if (link["resting"]) rests++;
      }
      return rests;
    };
    assert.ok((await stream()) > 20);
    tested.peer.data(0, "x");
    await tested.run();
    assert.equal(tested.sessions[0]!.bytes.length, 800_001);
    assert.equal(link["socketPaused"], false);
    assert.ok((await stream()) > 20);
    tested.connection.destroy();
    await tested.run();
    assert.equal(tested.ends.length, 1);
  });
});
