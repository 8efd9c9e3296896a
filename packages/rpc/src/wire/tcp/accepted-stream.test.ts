import assert from "node:assert/strict";
import * as net from "node:net";
import { describe, it } from "node:test";
import { withOnRead } from "./accepted-stream.ts";

const ONREAD = { buffer: Buffer.alloc(16), callback: () => true };

describe("withOnRead", () => {
  it("reads into the given buffer", async () => {
    const received: string[] = [];
    const accepted = await acceptOne();
    const reading = new Promise<void>((resolve) => {
      const stream = withOnRead(accepted.server, {
        buffer: ONREAD.buffer,
        callback: (count, bytes) => {
          received.push(Buffer.from(bytes.subarray(0, count)).toString());
          if (received.join("").length === 20) resolve();
          return true;
        },
      });
      assert.ok(stream !== undefined);
      stream.resume();
      stream.on("end", () => stream.end());
    });
    accepted.client.write("a".repeat(20));
    await reading;
    assert.deepEqual(received, ["a".repeat(16), "aaaa"]);
    accepted.client.end();
    await accepted.closed;
  });

  it("says no, and changes nothing, where Node hides its handle", async () => {
    const accepted = await acceptOne();
    for (const hidden of [undefined, null, {}]) {
      const stranger = Object.create(accepted.server, {
        _handle: { value: hidden, writable: true },
      }) as net.Socket;
      assert.equal(withOnRead(stranger, ONREAD), undefined);
      assert.equal((stranger as unknown as { _handle: unknown })._handle, hidden);
    }
    accepted.server.end();
    accepted.client.end();
    accepted.server.resume();
    await accepted.closed;
  });
});

async function acceptOne() {
  let client: net.Socket | undefined;
  const server = net.createServer({ pauseOnConnect: true, allowHalfOpen: true });
  const connection = new Promise<net.Socket>((resolve) => {
    server.once("connection", resolve);
  });
  server.listen(0, "127.0.0.1", () => {
    const { port } = server.address() as net.AddressInfo;
    client = net.connect(port, "127.0.0.1");
    client.resume();
  });
  const accepted = await connection;
  const closed = new Promise<void>((resolve) => {
    client!.once("close", () => server.close(() => resolve()));
  });
  return { client: client!, server: accepted, closed };
}
