import assert from "node:assert/strict";
import { closeSync, mkdtempSync, openSync, rmSync } from "node:fs";
import * as net from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { type Address, ServiceError, type Socket, SystemClock } from "@holdfast/core";
import { Peer } from "@holdfast/sim";
import { TcpNetwork } from "../tcp-network.ts";

const LOOPBACK: Address = { kind: "tcp", host: "127.0.0.1", port: 0 };
const CONNECT = { timeoutMs: 10_000 };

const folder = mkdtempSync(join(tmpdir(), "holdfast-descriptor-"));
after(() => rmSync(folder, { recursive: true }));

describe("a listener on a file descriptor", { timeout: 10_000 }, () => {
  it("listens on a socket that somebody else has bound, and closes it", async () => {
    const { port, fileDescriptor } = boundSocket();
    const network = new TcpNetwork(new SystemClock());
    let accepted = 0;
    const onSocket = (socket: Socket): void => {
      accepted++;
      socket.destroy();
    };
    const listener = await network.listen(LOOPBACK, onSocket, { fileDescriptor });
    assert.deepEqual(listener.address, { ...LOOPBACK, port });
    const client = new Peer(await network.connect(listener.address, CONNECT)).start();
    await client.until(() => client.calls.includes("end") || client.closed);
    assert.equal(accepted, 1);
    client.destroy();
    await client.untilClosed();
    await listener.close();
    const late = network.connect(listener.address, CONNECT);
    await assert.rejects(late, /nobody listens there/);
  });

  it("says that a descriptor is no socket", async () => {
    const file = openSync(join(folder, "file"), "w");
    const network = new TcpNetwork(new SystemClock());
    const listening = network.listen(LOOPBACK, () => undefined, { fileDescriptor: file });
    await assert.rejects(listening, (error: unknown) => {
      assert.ok(error instanceof ServiceError);
      assert.equal(error.code, "unavailable");
      assert.match(error.message, /^port 0 on 127.0.0.1 cannot be opened: /);
      return true;
    });
    closeSync(file);
  });
});

interface BoundHandle {
  readonly fd: number;
  getsockname(out: object): number;
}

/** As a supervisor has it. Not closed here: the listener on its descriptor is what closes it. */
function boundSocket(): { port: number; fileDescriptor: number } {
  if ("BoundSocket" in net) {
    const socket = new net.BoundSocket({ host: "127.0.0.1", port: 0 });
    return { port: socket.address().port, fileDescriptor: socket.fd() };
  }
  // Node 24 has it under another name only.
  const { _createServerHandle } = net as unknown as {
    _createServerHandle: (host: string, port: number, family: number) => BoundHandle;
  };
  const handle = _createServerHandle("127.0.0.1", 0, 4);
  const name = { port: 0 };
  handle.getsockname(name);
  return { port: name.port, fileDescriptor: handle.fd };
}
