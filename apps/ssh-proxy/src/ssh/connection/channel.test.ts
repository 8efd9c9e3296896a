/** One channel of a server and a client that keeps to no rule: windows, order, ends. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { MESSAGE } from "../message-numbers.ts";
import { assertBroken, TestedServer } from "./testing/tested-server.ts";

const opened = (input?: Parameters<typeof TestedServer.opened>[0]) => TestedServer.opened(input);

describe("a channel", () => {
  it("is told everything in order, to one close", async () => {
    const tested = await opened();
    const { peer } = tested;
    peer.request(0, "exec", true).data(0, "hello");
    peer.sayOn(MESSAGE.channelExtendedData, 0, (to) => to.uint32(1).string("oh"));
    peer.sayOn(MESSAGE.channelEof, 0).sayOn(MESSAGE.channelClose, 0);
    await tested.run();
    const [session] = tested.sessions;
    assert.deepEqual(session!.events, ["request exec", "data 5", "stderr 2", "eof", "close"]);
    assert.deepEqual(peer.numbers(), [MESSAGE.channelSuccess, MESSAGE.channelClose]);
    assert.equal(tested.connection.channelCount, 0);
    assert.equal(tested.end, undefined);
  });

  it("drops what comes behind the end of data, and a second end", async () => {
    const tested = await opened();
    const { peer } = tested;
    peer.sayOn(MESSAGE.channelEof, 0).data(0, "late").sayOn(MESSAGE.channelEof, 0);
    await tested.run();
    assert.deepEqual(tested.sessions[0]!.events, ["eof"]);
  });

  it("drops data that is none", async () => {
    const tested = await opened();
    for (let count = 0; count < 1_000; count++) {
      tested.peer.data(0, "");
      tested.peer.sayOn(MESSAGE.channelExtendedData, 0, (to) => to.uint32(1).string(""));
    }
    await tested.run();
    assert.deepEqual([tested.sessions[0]!.events, tested.end], [[], undefined]);
  });

  it("takes data within its window, a little more, and then no more", async () => {
    const tested = await opened({ options: { initialGrantBytes: 10_000 } });
    tested.peer.data(0, Buffer.alloc(10_000)).data(0, Buffer.alloc(1_000));
    await tested.run();
    assert.equal(tested.end, undefined);
    tested.peer.data(0, "x");
    await tested.run();
    assertBroken(tested, /past the window/);
  });

  it("counts stderr as data, and takes no other extended data", async () => {
    const tested = await opened({ options: { initialGrantBytes: 10_000 } });
    for (let count = 0; count < 12; count++) {
      tested.peer.sayOn(MESSAGE.channelExtendedData, 0, (to) =>
        to.uint32(1).string(Buffer.alloc(1_000)),
      );
    }
    await tested.run();
    assertBroken(tested, /past the window/);
    const other = await opened();
    other.peer.sayOn(MESSAGE.channelExtendedData, 0, (to) => to.uint32(2).string("x"));
    await other.run();
    assertBroken(other, /not stderr/);
  });

  it("sends one byte at a time when it is let to", async () => {
    const tested = await TestedServer.loggedIn();
    tested.peer.open(5, 0);
    await tested.run();
    const [session] = tested.sessions;
    const channel = session!.channel!;
    const text = Buffer.from("one by one");
    for (let at = 0; at < text.length; at++) {
      assert.equal(channel.sendableBytes, 0);
      tested.peer.sayOn(MESSAGE.channelWindowAdjust, 0, (to) => to.uint32(1));
      await tested.run(5);
      assert.equal(session!.sendableCount >= at + 1, true);
      channel.send(text.subarray(at, at + channel.sendableBytes));
      await tested.run(5);
    }
    const sent = tested.peer.readers(MESSAGE.channelData).map((reader) => {
      assert.equal(reader.uint32(), 5);
      return reader.text();
    });
    assert.deepEqual(sent, text.toString().split(""));
  });

  it("has a window of 4 GiB at most", async () => {
    const tested = await opened();
    tested.peer.sayOn(MESSAGE.channelWindowAdjust, 0, (to) => to.uint32(0xffff_ffff - 100_000));
    await tested.run();
    assert.equal(tested.sessions[0]!.channel!.windowBytes, 0xffff_ffff);
    assert.ok(tested.sessions[0]!.channel!.sendableBytes <= 128 * 1_024);
    tested.peer.sayOn(MESSAGE.channelWindowAdjust, 0, (to) => to.uint32(1));
    await tested.run();
    assertBroken(tested, /above 4 GiB/);
  });

  it("is cut into packets that the peer takes", async () => {
    const tested = await TestedServer.loggedIn();
    tested.peer.open(5, 100_000, 1_024);
    await tested.run();
    tested.sessions[0]!.channel!.send(Buffer.alloc(2_500, 7));
    await tested.run();
    const lengths = tested.peer.readers(MESSAGE.channelData).map((reader) => {
      reader.uint32();
      return reader.string().length;
    });
    assert.deepEqual(lengths, [1_024, 1_024, 452]);
  });

  it("is closed once, whoever begins, and says nothing after it", async () => {
    const tested = await opened();
    const { channel } = tested.sessions[0]!;
    channel!.close();
    channel!.close();
    channel!.send(Buffer.from("x"));
    channel!.eof();
    channel!.grant(5);
    channel!.exitStatus(0);
    assert.equal(await channel!.ask("exec"), false);
    tested.peer.data(0, "on its way").request(0, "signal", true);
    await tested.run();
    assert.deepEqual(tested.peer.numbers(), [MESSAGE.channelClose]);
    assert.equal(tested.connection.channelCount, 1, "until the peer has closed it");
    tested.peer.sayOn(MESSAGE.channelClose, 0);
    await tested.run();
    assert.deepEqual(tested.sessions[0]!.events, ["request signal", "close"]);
    assert.equal(tested.connection.channelCount, 0);
  });

  it("may go on a while when the peer has closed it, and takes nothing more from it", async () => {
    for (const close of [true, false]) {
      const tested = await opened();
      const [session] = tested.sessions;
      Object.assign(session!, { onPeerClose: () => true });
      tested.peer.sayOn(MESSAGE.channelClose, 0);
      tested.peer.sayOn(MESSAGE.channelWindowAdjust, 0, (to) => to.uint32(5));
      await tested.run();
      session!.channel!.exitStatus(3);
      if (close) session!.channel!.close();
      else tested.peer.request(0, "signal", true);
      await tested.run();
      assert.equal(tested.peer.numbers()[0], MESSAGE.channelRequest);
      assert.equal(tested.connection.channelCount, 0);
      if (close) assert.deepEqual([session!.events, tested.end], [["close"], undefined]);
      else assertBroken(tested, /behind the close/);
    }
  });

  it("may be closed inside every call to its handler", async () => {
    for (const event of ["onData", "onEof", "onRequest", "onSendable"] as const) {
      const tested = await opened();
      const [session] = tested.sessions;
      session![event] = () => {
        session!.channel!.close();
        return true;
      };
      tested.peer.data(0, "x").request(0, "shell", true).sayOn(MESSAGE.channelEof, 0);
      tested.peer.sayOn(MESSAGE.channelWindowAdjust, 0, (to) => to.uint32(5));
      tested.peer.sayOn(MESSAGE.channelClose, 0);
      await tested.run();
      assert.equal(tested.peer.numbers().filter((each) => each === MESSAGE.channelClose).length, 1);
      assert.deepEqual([tested.end, tested.connection.channelCount], [undefined, 0]);
    }
  });

  it("may be late to say that it has read, and nothing else", async () => {
    const tested = await opened();
    tested.peer.sayOn(MESSAGE.channelClose, 0);
    tested.peer.sayOn(MESSAGE.channelWindowAdjust, 0, (to) => to.uint32(5));
    await tested.run();
    assert.equal(tested.end, undefined);
    tested.peer.data(0, "x");
    await tested.run();
    assertBroken(tested, /message 94 on no channel \(0\)/);
  });

  it("is told of the end of its connection", async () => {
    const tested = await opened();
    tested.peer.open(6);
    await tested.run();
    tested.peer.destroy();
    await tested.run();
    for (const session of tested.sessions) assert.match(session.events.join(), /^close: /);
    assert.equal(tested.connection.channelCount, 0);
  });
});

describe("requests on a channel", () => {
  it("are answered in order, however long each takes", async () => {
    const tested = await opened();
    const late = Promise.withResolvers<boolean>();
    tested.answer = (name) => (name === "slow" ? late.promise : name === "yes");
    const { peer } = tested;
    peer.request(0, "slow", true).request(0, "yes", true).request(0, "no", false);
    peer.request(0, "no", true);
    await tested.run();
    assert.deepEqual(peer.numbers(), []);
    late.resolve(false);
    await tested.run();
    const { channelFailure, channelSuccess } = MESSAGE;
    assert.deepEqual(peer.numbers(), [channelFailure, channelSuccess, channelFailure]);
  });

  it("are refused when the answer fails", async () => {
    const tested = await opened();
    tested.answer = () => Promise.reject(new Error("no"));
    tested.peer.request(0, "exec", true);
    await tested.run();
    assert.deepEqual(tested.peer.numbers(), [MESSAGE.channelFailure]);
  });

  it("are not answered on a channel that was closed meanwhile", async () => {
    const tested = await opened();
    const late = Promise.withResolvers<boolean>();
    tested.answer = () => late.promise;
    tested.peer.request(0, "slow", true).sayOn(MESSAGE.channelClose, 0);
    await tested.run();
    late.resolve(true);
    await tested.run();
    assert.deepEqual(tested.peer.numbers(), [MESSAGE.channelClose]);
  });

  it("may not wait without end", async () => {
    const tested = await opened({ options: { channelRequestsPendingMax: 3 } });
    tested.answer = () => new Promise(() => undefined);
    for (let count = 0; count < 4; count++) tested.peer.request(0, "slow", false);
    await tested.run();
    assertBroken(tested, /too many channel requests/);
  });

  it("are not granted by answers to none", async () => {
    for (const number of [MESSAGE.channelSuccess, MESSAGE.channelFailure]) {
      const tested = await opened();
      tested.peer.sayOn(number, 0);
      await tested.run();
      assertBroken(tested, /never made/);
    }
  });
});
