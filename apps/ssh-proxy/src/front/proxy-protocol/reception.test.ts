import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  type Address,
  ManualClock,
  ServiceError,
  type Socket,
  type SocketHandler,
  SystemClock,
  TcpNetwork,
} from "holdfast";
import { completeProxyProtocolOptions, type ProxyProtocolOptionsInput } from "./options.ts";
import { type ClientSocket, ProxyReception } from "./reception.ts";
import { HeldSocket } from "./testing/held-socket.ts";
import { writeLocalHeader, writeProxyHeader } from "./write-header.ts";

const REQUIRED = { mode: "required", peers: ["10.0.0.0/28"] } as const;
const HEADER = writeProxyHeader("192.0.2.7:51234", "198.51.100.1:22");

describe("a connection that has to come through a proxy", () => {
  it("has the client's address, and begins behind the header", async () => {
    const { socket, client, told } = received();
    socket.deliver(Buffer.concat([HEADER, Buffer.from("SSH-2.0-x\r\n")]));
    const { socket: proxied, proxiedBy } = await client;
    assert.equal(proxied.remote, "192.0.2.7:51234");
    assert.equal(proxied.local, "127.0.0.1:22");
    assert.equal(proxiedBy, "10.0.0.1:40000");
    assert.ok(socket.paused, "nothing more is read before somebody takes it");
    proxied.start(told.handler);
    assert.deepEqual(told.calls, [], "never inside a call");
    await settled();
    assert.deepEqual(told.calls, ["SSH-2.0-x\r\n"]);
    assert.ok(!socket.paused);
    socket.deliver(Buffer.from("more"));
    socket.deliverDrain();
    socket.deliverEnd();
    socket.deliverClose();
    assert.deepEqual(told.calls.slice(1), ["more", "drain", "end", "close"]);
  });

  it("is the same wherever its first bytes break", async () => {
    const bytes = Buffer.concat([HEADER, Buffer.from("SSH-2.0-x\r\n")]);
    for (let at = 1; at < bytes.length; at++) {
      const { socket, client, told } = received();
      socket.deliver(bytes.subarray(0, at));
      socket.deliver(bytes.subarray(at));
      const { socket: proxied } = await client;
      proxied.start(told.handler);
      await settled();
      assert.equal(told.calls.join(""), "SSH-2.0-x\r\n", `at ${at}`);
    }
  });

  it("is the proxy's own where the header says so", async () => {
    const { socket, client } = received();
    socket.deliver(writeLocalHeader());
    const { socket: proxied, proxiedBy } = await client;
    assert.deepEqual([proxied.remote, proxiedBy], ["10.0.0.1:40000", "10.0.0.1:40000"]);
  });

  it("is refused when its peer is not listed, without reading a byte", async () => {
    const socket = new HeldSocket("10.0.0.16:40000");
    const { reception } = receptionOf(REQUIRED);
    const text = /10\.0\.0\.16:40000 is none of the peers that may speak the PROXY protocol/;
    await assert.rejects(reception.receive(socket), refusal("invalid", text));
    assert.ok(socket.destroyed);
  });

  it("is refused when it begins with something else", async () => {
    const { socket, client } = received();
    socket.deliver(Buffer.from("SSH-2.0-x\r\n"));
    await assert.rejects(
      client,
      refusal("protocol", /10\.0\.0\.1:40000: bad PROXY protocol header/),
    );
    assert.ok(socket.destroyed);
    socket.deliverClose();
  });

  it("is refused when the header is not whole in time", async () => {
    const { socket, client, clock } = received();
    socket.deliver(HEADER.subarray(0, 20));
    clock.advance(2_999);
    assert.ok(!socket.destroyed);
    clock.advance(1);
    await assert.rejects(client, refusal("deadline-exceeded", /no .* header .* within 3000 ms/));
    assert.ok(socket.destroyed);
    socket.deliverClose();
  });

  it("is refused when it ends before", async () => {
    const ended = received();
    ended.socket.deliverEnd();
    await assert.rejects(ended.client, refusal("unavailable", /closed before its PROXY/));
    assert.ok(ended.socket.destroyed);
    const lost = received();
    lost.socket.deliverClose(new ServiceError("unavailable", "connection lost: reset"));
    await assert.rejects(lost.client, refusal("unavailable", /10\.0\.0\.1:40000: .*reset/));
  });

  it("leaves no timer and no place taken, whatever became of it", async () => {
    const { clock, reception } = receptionOf(REQUIRED);
    const sockets = Array.from({ length: 4 }, () => new HeldSocket());
    const clients = sockets.map((socket) => reception.receive(socket));
    const [good, bad, ended, closed] = sockets as [HeldSocket, HeldSocket, HeldSocket, HeldSocket];
    assert.deepEqual([reception.waitingCount, clock.scheduledCount], [4, 4]);
    good.deliver(HEADER);
    bad.deliver(Buffer.from("GET /"));
    ended.deliverEnd();
    reception.close();
    assert.ok(closed.destroyed);
    closed.deliverClose();
    await Promise.allSettled(clients);
    assert.deepEqual([reception.waitingCount, clock.scheduledCount], [0, 0]);
  });

  it("is refused when too many others wait", async () => {
    const { reception } = receptionOf({ ...REQUIRED, waitingMax: 2 });
    const first = new HeldSocket();
    void reception.receive(first);
    void reception.receive(new HeldSocket());
    const third = new HeldSocket();
    const text = /2 connections wait for a PROXY header, at most 2/;
    await assert.rejects(reception.receive(third), refusal("overloaded", text));
    assert.ok(third.destroyed);
    first.deliver(HEADER);
    await settled();
    assert.equal(reception.waitingCount, 1);
  });

  it("is taken as it is with the protocol off", async () => {
    const { reception } = receptionOf({});
    const socket = new HeldSocket();
    assert.deepEqual(await reception.receive(socket), { socket, proxiedBy: undefined });
  });
});

describe("the socket behind a header", () => {
  it("gives what came with the header once it is resumed, and not before", async () => {
    const { socket, told, proxied } = await behindHeader("first");
    proxied.pause();
    proxied.start(told.handler);
    await settled();
    assert.deepEqual(told.calls, []);
    // Some networks deliver what they had read already.
    socket.deliver(Buffer.from("second"));
    proxied.resume();
    proxied.resume();
    await settled();
    assert.deepEqual(told.calls, ["first", "second"]);
    assert.ok(!socket.paused);
    proxied.pause();
    assert.ok(socket.paused);
    proxied.resume();
    assert.ok(!socket.paused);
  });

  it("can be paused from within the first bytes", async () => {
    const { socket, told, proxied } = await behindHeader("first");
    socket.deliver(Buffer.from("second"));
    told.onBytes = () => proxied.pause();
    proxied.start(told.handler);
    await settled();
    assert.deepEqual(told.calls, ["first"]);
    assert.ok(socket.paused);
    proxied.resume();
    await settled();
    assert.deepEqual(told.calls, ["first", "second"]);
  });

  it("delivers nothing after it is destroyed but the close", async () => {
    const { socket, told, proxied } = await behindHeader("first");
    proxied.start(told.handler);
    proxied.destroy();
    await settled();
    assert.ok(socket.destroyed);
    socket.deliverClose();
    assert.deepEqual(told.calls, ["close"]);
  });

  it("tells the end and the drain that came before there was a handler", async () => {
    const { socket, told, proxied } = await behindHeader("first");
    socket.deliverDrain();
    socket.deliverEnd();
    proxied.start(told.handler);
    await settled();
    assert.deepEqual(told.calls, ["drain", "first", "end"]);
  });

  it("tells a close that came before there was a handler, once", async () => {
    const { socket, told, proxied } = await behindHeader("first");
    socket.deliverClose();
    proxied.start(told.handler);
    assert.deepEqual(told.calls, []);
    await settled();
    assert.deepEqual(told.calls, ["close"]);
  });

  it("tells a close once, also when it is resumed afterwards", async () => {
    const { socket, told, proxied } = await behindHeader("first");
    proxied.pause();
    proxied.start(told.handler);
    await settled();
    socket.deliverClose();
    proxied.resume();
    await settled();
    assert.deepEqual(told.calls, ["close"]);
  });

  it("passes the rest on", async () => {
    const { socket, told, proxied } = await behindHeader("");
    proxied.start(told.handler);
    await settled();
    assert.ok(proxied.write(Buffer.from("out")));
    socket.pendingBytes = 7;
    assert.equal(proxied.pendingBytes, 7);
    assert.equal(proxied.peerSubject, undefined);
    proxied.end();
    assert.deepEqual([Buffer.concat(socket.written).toString(), socket.ended], ["out", true]);
    assert.throws(() => proxied.start(told.handler), /once/);
  });
});

describe("a real connection through a proxy", () => {
  for (const apart of [true, false]) {
    const how = apart ? "which came first" : "in one piece with it";
    it(`is echoed from behind its header, ${how}`, async () => {
      const clock = new SystemClock();
      const network = new TcpNetwork(clock);
      const options = completeProxyProtocolOptions({ mode: "required", peers: ["127.0.0.1"] });
      const reception = new ProxyReception({ clock, options });
      const clients: string[] = [];
      const accept = async (accepted: Socket): Promise<void> => {
        const { socket } = await reception.receive(accepted);
        clients.push(socket.remote);
        socket.start(echo(socket));
      };
      const anyPort: Address = { kind: "tcp", host: "127.0.0.1", port: 0 };
      const listener = await network.listen(anyPort, (socket) => void accept(socket));
      const client = await network.connect(listener.address, { timeoutMs: 5_000 });
      const payload = Buffer.alloc(300_000, "abc");
      const echoed = readAll(client);
      if (apart) {
        client.write(HEADER);
        client.write(payload);
      } else client.write(Buffer.concat([HEADER, payload]));
      client.end();
      assert.ok((await echoed).equals(payload));
      assert.deepEqual(clients, ["192.0.2.7:51234"]);
      await listener.close();
      assert.equal(clock.scheduledCount, 0);
    });
  }
});

describe("options of the PROXY protocol", () => {
  const wrong: readonly [ProxyProtocolOptionsInput, RegExp][] = [
    [{ mode: "required" }, /mode is required, and proxyProtocol\.peers names nobody/],
    [{ peers: ["10.0.0.1"] }, /mode is off, and proxyProtocol\.peers has 1 entries/],
    [{ mode: "guess" as "off" }, /mode is guess; it must be off or required/],
    [{ mode: "required", peers: ["lb"] }, /proxyProtocol\.peers: "lb" is neither/],
    [{ headerTimeoutMs: 0 }, /headerTimeoutMs is 0/],
    [{ headerMaxBytes: 100 }, /headerMaxBytes is 100; it must be a whole number from 232/],
    [{ waitingMax: 0 }, /waitingMax is 0/],
  ];
  for (const [input, complaint] of wrong) {
    it(`are not ${JSON.stringify(input)}`, () => {
      assert.throws(() => completeProxyProtocolOptions(input), complaint);
    });
  }
});

function receptionOf(options: ProxyProtocolOptionsInput) {
  const clock = new ManualClock();
  const reception = new ProxyReception({ clock, options: completeProxyProtocolOptions(options) });
  return { clock, reception };
}

function received() {
  const { clock, reception } = receptionOf(REQUIRED);
  const socket = new HeldSocket();
  const client: Promise<ClientSocket> = reception.receive(socket);
  // Tests that look at it are told of a failure there.
  client.catch(() => undefined);
  return { clock, socket, client, told: new Told() };
}

async function behindHeader(first: string) {
  const { socket, client, told } = received();
  socket.deliver(Buffer.concat([HEADER, Buffer.from(first)]));
  const { socket: proxied } = await client;
  return { socket, told, proxied };
}

class Told {
  readonly calls: string[] = [];
  onBytes: () => void = () => undefined;
  readonly handler: SocketHandler = {
    onBytes: (bytes) => {
      this.calls.push(Buffer.from(bytes).toString());
      this.onBytes();
    },
    onEnd: () => this.calls.push("end"),
    onDrain: () => this.calls.push("drain"),
    onClose: () => this.calls.push("close"),
  };
}

function refusal(code: string, text: RegExp): (error: unknown) => boolean {
  return (error) =>
    error instanceof ServiceError &&
    error.code === code &&
    error.workStarted === "no" &&
    text.test(error.message);
}

function echo(socket: Socket): SocketHandler {
  return {
    onBytes: (bytes) => void socket.write(Buffer.from(bytes)),
    onEnd: () => socket.end(),
    onDrain: () => undefined,
    onClose: () => undefined,
  };
}

function readAll(socket: Socket): Promise<Buffer> {
  const pieces: Buffer[] = [];
  return new Promise((resolve) => {
    socket.start({
      onBytes: (bytes) => void pieces.push(Buffer.from(bytes)),
      onEnd: () => undefined,
      onDrain: () => undefined,
      onClose: () => resolve(Buffer.concat(pieces)),
    });
  });
}

/** What waits for promises has gone on. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 10; turn++) await Promise.resolve();
}
