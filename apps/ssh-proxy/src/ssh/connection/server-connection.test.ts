/** A server's connection and a client that keeps to no rule: it ends in order, holding nothing. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { MESSAGE } from "../message-numbers.ts";
import { MessageWriter } from "../message-writer.ts";
import { DISCONNECT } from "../ssh-error.ts";
import { assertBroken, TestedServer } from "./testing/tested-server.ts";

const opened = (input?: Parameters<typeof TestedServer.opened>[0]) => TestedServer.opened(input);

describe("sessions on a connection", () => {
  it("are limited, and each that ends makes room", async () => {
    const tested = await TestedServer.loggedIn({ options: { channelsMax: 2 } });
    for (let id = 0; id < 4; id++) tested.peer.open(id);
    await tested.run();
    const { channelOpenConfirmation: yes, channelOpenFailure: no } = MESSAGE;
    assert.deepEqual(tested.peer.numbers().slice(-4), [yes, yes, no, no]);
    tested.peer.sayOn(MESSAGE.channelClose, 1).open(9);
    await tested.run();
    assert.equal(tested.peer.numbers().at(-1), yes);
    assert.equal(tested.connection.channelCount, 2);
  });

  it("leave nothing when they are refused", async () => {
    const tested = await TestedServer.loggedIn({ refuse: () => "not\u001b[2J now" });
    for (let id = 0; id < 1_000; id++) tested.peer.open(id);
    await tested.run();
    assert.equal(tested.peer.readers(MESSAGE.channelOpenFailure).length, 1_000);
    assert.equal(tested.connection.channelCount, 0);
    tested.peer.data(0, "x");
    await tested.run();
    assertBroken(tested, /on no channel/);
  });

  it("are all that can be opened", async () => {
    const tested = await TestedServer.loggedIn();
    const types = ["direct-tcpip", "x11", "forwarded-tcpip", "tun@openssh.com", "", "\u0000"];
    for (const [id, type] of types.entries()) tested.peer.open(id, 10, 32_768, type);
    tested.peer.open(9, 10, 1).open(10, 10, 0);
    await tested.run();
    const reasons = tested.peer.readers(MESSAGE.channelOpenFailure).map((reader) => {
      reader.uint32();
      return reader.uint32();
    });
    assert.deepEqual(reasons, [1, 1, 3, 1, 3, 3, 2, 2]);
    assert.equal(tested.end, undefined);
  });

  it("are not opened by who said that there will be no more", async () => {
    const tested = await TestedServer.loggedIn();
    tested.peer.say(MESSAGE.globalRequest, (to) =>
      to.string("no-more-sessions@openssh.com").boolean(false),
    );
    tested.peer.open(0);
    await tested.run();
    assert.equal(tested.peer.numbers().at(-1), MESSAGE.channelOpenFailure);
    assert.equal(tested.sessions.length, 0);
  });

  it("are not messages of channels that never were", async () => {
    for (const id of [0, 1, 10_000, 0xffff_ffff]) {
      for (let number = 91; number <= 100; number++) {
        const tested = await TestedServer.loggedIn();
        tested.peer.sayOn(number, id, (to) => to.uint32(5).string("x").string(""));
        await tested.run(50);
        assertBroken(tested, /on no channel|never opened/);
      }
    }
  });
});

describe("requests about a connection", () => {
  const ask = (tested: TestedServer, name: string, wanted = true): void => {
    tested.peer.say(MESSAGE.globalRequest, (to) => to.string(name).boolean(wanted));
  };

  it("are refused, but for a sign of life", async () => {
    const tested = await TestedServer.loggedIn();
    ask(tested, "keepalive@openssh.com");
    ask(tested, "tcpip-forward");
    ask(tested, "whatever", false);
    await tested.run();
    const { requestSuccess, requestFailure } = MESSAGE;
    assert.deepEqual(tested.peer.numbers().slice(-2), [requestSuccess, requestFailure]);
  });

  it("are limited in each second", async () => {
    const tested = await TestedServer.loggedIn({ options: { globalRequestsPerSecondMax: 3 } });
    for (let second = 0; second < 3; second++) {
      for (let count = 0; count < 3; count++) ask(tested, "keepalive@openssh.com");
      await tested.run(1_000);
    }
    assert.equal(tested.end, undefined);
    for (let count = 0; count < 4; count++) ask(tested, "keepalive@openssh.com");
    await tested.run();
    assertBroken(tested, /more than 3 global requests/);
  });

  // CVE-2026-39830: answers that nobody asked for.
  it("have answers, which do no harm when nobody asked", async () => {
    const tested = await opened();
    for (let count = 0; count < 1_000; count++) {
      tested.peer.say(MESSAGE.requestSuccess).say(MESSAGE.requestFailure);
    }
    tested.peer.data(0, "still here");
    await tested.run();
    assert.deepEqual(tested.sessions[0]!.events, ["data 10"]);
    assert.deepEqual(tested.peer.numbers(), []);
  });
});

describe("a message that is cut short", () => {
  const whole: readonly [string, MessageWriter][] = [
    ["open", new MessageWriter(90).string("session").uint32(1).uint32(9).uint32(32_768)],
    ["adjust", new MessageWriter(93).uint32(0).uint32(5)],
    ["data", new MessageWriter(94).uint32(0).string("abc")],
    ["stderr", new MessageWriter(95).uint32(0).uint32(1).string("abc")],
    ["eof", new MessageWriter(96).uint32(0)],
    ["close", new MessageWriter(97).uint32(0)],
    ["request", new MessageWriter(98).uint32(0).string("exec").boolean(true)],
    ["global", new MessageWriter(80).string("x").boolean(true)],
    ["confirmation", new MessageWriter(91).uint32(0).uint32(0).uint32(0).uint32(0)],
    ["refusal", new MessageWriter(92).uint32(0).uint32(1).string("no").string("")],
  ];
  for (const [name, writer] of whole) {
    it(`ends the connection in order: ${name}`, async () => {
      const bytes = writer.finish();
      for (let length = 1; length < bytes.length; length++) {
        const tested = await opened();
        tested.peer.sayBytes(bytes.subarray(0, length));
        await tested.run(50);
        assertBroken(tested, /malformed message|never opened/);
        assert.equal(tested.peer.disconnected!.reason, DISCONNECT.protocolError);
      }
    });
  }

  it("or says that more follows than there is", async () => {
    for (const length of [4, 32_769, 0x7fff_ffff, 0xffff_ffff]) {
      const tested = await opened();
      tested.peer.sayOn(MESSAGE.channelData, 0, (to) => to.uint32(length).raw(Buffer.alloc(3)));
      await tested.run(50);
      assertBroken(tested, /malformed message/);
    }
  });

  it("or carries more data than a packet may", async () => {
    const tested = await opened();
    tested.peer.data(0, Buffer.alloc(32_769));
    await tested.run();
    assertBroken(tested, /32769 bytes of data in one packet/);
  });
});

describe("a client that does not read", () => {
  it("is cut before its answers fill the memory", async () => {
    const tested = await TestedServer.loggedIn({ refuse: () => "x".repeat(30_000) });
    tested.peer.pauseReading();
    let peak = 0;
    for (let id = 0; id < 300 && tested.end === undefined; id++) {
      tested.peer.open(id);
      await tested.run(5);
      peak = Math.max(peak, tested.connection.pendingBytes);
    }
    assert.match(tested.end!.text, /bytes of answers were not read/);
    assert.ok(peak > 4_000_000 && peak < 5_000_000, `${peak}`);
  });
});
