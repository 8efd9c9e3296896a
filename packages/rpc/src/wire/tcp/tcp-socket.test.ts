import assert from "node:assert/strict";
import { once } from "node:events";
import net from "node:net";
import { it } from "node:test";
import { setImmediate as nextTurn } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { TcpSocket } from "./tcp-socket.ts";

/** V8 keeps a stream whose handle has closed for a while, and this test does too. */
it("a connection that has closed keeps nothing of its handler", async () => {
  const server = net.createServer((peer) => peer.end()).listen(0, "127.0.0.1");
  await once(server, "listening");
  const stream = net.connect((server.address() as net.AddressInfo).port, "127.0.0.1");
  await once(stream, "connect");
  const socket = new TcpSocket(stream, "plain-events", {
    remote: "here",
    local: "there",
    peerSubject: undefined,
  });
  const handler = startWithHandler(socket);
  await once(stream, "close");
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  for (let turn = 0; turn < 10 && handler.deref() !== undefined; turn++) {
    // oxlint-disable-next-line no-await-in-loop
    await nextTurn();
    collect();
  }
  assert.equal(handler.deref(), undefined);
  assert.equal(stream.listenerCount("end") > 0, true, "the stream is still there");
  assert.equal(socket.pendingBytes, 0);
  server.close();
});

/** In a function of its own, whose variables are gone afterwards. */
function startWithHandler(socket: TcpSocket): WeakRef<object> {
  const handler = {
    onBytes() {},
    onEnd: () => socket.end(),
    onDrain() {},
    onClose() {},
  };
  socket.start(handler);
  return new WeakRef(handler);
}
