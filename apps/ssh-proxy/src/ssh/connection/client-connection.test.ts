/** A client's connection, as to a backend, and a server that keeps to no rule. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { MESSAGE } from "../message-numbers.ts";
import { MessageWriter } from "../message-writer.ts";
import { DISCONNECT } from "../ssh-error.ts";
import { SECOND_KEY, USER_KEY } from "./testing/keys.ts";
import { RecordedChannel } from "./testing/recorded-channel.ts";
import { TestedClient } from "./testing/tested-client.ts";

const { userauthFailure, userauthSuccess, userauthRequest, serviceAccept } = MESSAGE;

const accept = async (input?: Parameters<typeof TestedClient.connect>[0]) => {
  const tested = await TestedClient.connect(input);
  tested.peer.say(serviceAccept, (to) => to.string("ssh-userauth"));
  await tested.run();
  return tested;
};

async function failure(tested: TestedClient): Promise<string> {
  return (await tested.world.finish(tested.failed, 5_000))!.message;
}

/** With a session that was asked for; `failed` is why it was not opened. */
async function opening() {
  const tested = await TestedClient.login();
  const handler = new RecordedChannel();
  const failed = tested.connection.openSession(handler, 65_536).then(
    (channel) => void (handler.channel = channel),
    (error: unknown) => (error as Error).message,
  );
  await tested.run();
  return { tested, handler, failed };
}

describe("a login at a server", () => {
  it("signs at once, with each key in turn", async () => {
    const tested = await accept({ keys: [USER_KEY, SECOND_KEY] });
    tested.peer.say(userauthFailure, (to) => to.names(["publickey"]).boolean(true));
    await tested.run();
    tested.peer.say(MESSAGE.userauthBanner, (to) => to.string("hello").string(""));
    tested.peer.say(userauthSuccess);
    assert.equal(await tested.world.finish(tested.failed, 1_000), undefined);
    const blobs = tested.peer.readers(userauthRequest).map((reader) => {
      const [user, service, method] = [reader.text(), reader.text(), reader.text()];
      assert.deepEqual([user, service, method], ["git", "ssh-connection", "publickey"]);
      assert.ok(reader.boolean());
      reader.text();
      return reader.string();
    });
    assert.deepEqual(blobs, [USER_KEY.publicKey.blob, SECOND_KEY.publicKey.blob]);
  });

  it("says which key was not taken, in one line of plain text", async () => {
    const methods = ["publickey", "pass\u001b[2Jword", "x".repeat(9_000)];
    const tested = await accept();
    tested.peer.say(userauthFailure, (to) => to.names(methods).boolean(false));
    const last = await failure(tested);
    assert.match(last, /does not let git in with the proxy's key/);
    const other = await accept();
    other.peer.say(userauthFailure, (to) => to.names(methods.slice(1)).boolean(false));
    const message = await failure(other);
    assert.doesNotMatch(message, /\p{Cc}/u);
    assert.ok(message.length < 400);
  });

  it("fails with a server that says anything else, or too early", async () => {
    for (const number of [userauthSuccess, userauthFailure, 50, 60, 79, 90, 94, 97]) {
      const tested = await TestedClient.connect();
      tested.peer.say(number, (to) => to.uint32(0).uint32(0));
      assert.match(await failure(tested), /message \d+ before/);
    }
    for (const number of [serviceAccept, 50, 60, 61, 79, 90, 94, 97, 100]) {
      const tested = await accept();
      tested.peer.say(number, (to) => to.uint32(0).uint32(0));
      assert.match(await failure(tested), /message \d+/);
    }
  });

  it("fails with a server that goes, says why it goes, or has another key", async () => {
    const gone = await TestedClient.connect();
    gone.peer.destroy();
    assert.match(await failure(gone), /closed the connection|reset/);
    const polite = await TestedClient.connect();
    polite.peer.transport.disconnect(11, "no \u001b[2J room");
    assert.match(await failure(polite), /room/);
    const other = await TestedClient.connect({ acceptsHostKey: false });
    assert.ok((await failure(other)).length > 0);
    const cut = await TestedClient.connect();
    cut.abort("it takes too long");
    cut.abort("later");
    assert.equal(await failure(cut), "it takes too long");
  });
});

describe("a session at a server", () => {
  it("is opened, used and closed", async () => {
    const { tested, handler, failed } = await opening();
    tested.confirm();
    assert.equal(await tested.world.finish(failed, 1_000), undefined);
    const granted = handler.channel!.ask("exec", new MessageWriter().string("ls").finish());
    await tested.run();
    tested.peer.sayOn(MESSAGE.channelSuccess, 0).data(0, "file");
    tested.peer.sayOn(MESSAGE.channelEof, 0).sayOn(MESSAGE.channelClose, 0);
    assert.equal(await tested.world.finish(granted, 1_000), true);
    await tested.run();
    assert.deepEqual(handler.events, ["data 4", "eof", "close"]);
    assert.equal(tested.connection.channelCount, 0);
  });

  it("is refused with a reason that is safe to show", async () => {
    const { tested, failed, handler } = await opening();
    tested.peer.sayOn(MESSAGE.channelOpenFailure, 0, (to) =>
      to
        .uint32(4)
        .string(`no \u001b[2J${"x".repeat(2_000)}`)
        .string(""),
    );
    const message = await tested.world.finish(failed, 1_000);
    assert.match(message!, /the server refused a session: no/);
    assert.doesNotMatch(message!, /\p{Cc}/u);
    assert.ok(message!.length < 600);
    assert.equal(tested.connection.channelCount, 0);
    assert.deepEqual(handler.events, []);
  });

  it("fails, and does not wait for ever, when the answer is cut short", async () => {
    const answers = [
      new MessageWriter(91).uint32(0).uint32(7).uint32(100).uint32(32_768).finish(),
      new MessageWriter(92).uint32(0).uint32(4).string("no").finish(),
    ];
    for (const answer of answers) {
      for (let length = 1; length < answer.length; length++) {
        const { tested, failed, handler } = await opening();
        tested.peer.sayBytes(answer.subarray(0, length));
        assert.match((await tested.world.finish(failed, 1_000))!, /malformed/);
        await tested.run();
        assert.equal(tested.connection.channelCount, 0);
        assert.equal(tested.peer.disconnected!.reason, DISCONNECT.protocolError);
        assert.equal(handler.events.length, 1);
      }
    }
  });

  it("is not opened by an answer with packets of a few bytes", async () => {
    const { tested, failed } = await opening();
    tested.confirm(0, 100, 1);
    assert.match((await tested.world.finish(failed, 1_000))!, /packets of 1 bytes/);
  });

  it("takes nothing before it is confirmed, and one answer only", async () => {
    for (const number of [93, 94, 95, 96, 97, 98, 99, 100]) {
      const { tested, failed } = await opening();
      tested.peer.sayOn(number, 0, (to) => to.uint32(1).string("x"));
      assert.match((await tested.world.finish(failed, 1_000))!, /on no channel/);
    }
    for (const number of [91, 92]) {
      const { tested, failed, handler } = await opening();
      tested.confirm();
      await tested.world.finish(failed, 1_000);
      tested.peer.sayOn(number, 0, (to) => to.uint32(7).uint32(0).uint32(32_768));
      await tested.run();
      assert.match(handler.events.join(), /never opened/);
    }
  });

  it("fails when the connection ends before its answer, and once it has ended", async () => {
    const { tested, failed } = await opening();
    tested.peer.destroy();
    assert.match((await tested.world.finish(failed, 1_000))!, /closed the connection|reset/);
    const { connection } = tested;
    const late = connection.openSession(new RecordedChannel(), 65_536);
    await assert.rejects(tested.world.finish(late, 10));
    assert.equal(connection.channelCount, 0);
  });

  it("answers who asks when it is closed before the answer", async () => {
    const { tested, handler, failed } = await opening();
    tested.confirm();
    await tested.world.finish(failed, 1_000);
    const answers = [handler.channel!.ask("exec"), handler.channel!.ask("other")];
    tested.peer.sayOn(MESSAGE.channelClose, 0);
    await tested.run();
    assert.deepEqual(await Promise.all(answers), [false, false]);
  });
});

describe("a server that opens channels", () => {
  it("opens none, however many it asks for", async () => {
    const tested = await TestedClient.login();
    for (const type of ["session", "forwarded-tcpip", "x11", "auth-agent@openssh.com"]) {
      for (let id = 0; id < 100; id++) tested.peer.open(id, 10, 32_768, type);
    }
    await tested.run();
    assert.equal(tested.peer.readers(MESSAGE.channelOpenFailure).length, 400);
    assert.equal(tested.connection.channelCount, 0);
  });
});
