import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Socket, SocketHandler } from "@holdfast/core";
import { SystemClock } from "@holdfast/core";
import { TcpNetwork } from "./tcp-network.ts";

/** Rounds of the event loop in which loopback delivers whatever is on the way. */
const SETTLE_TURNS = 40;

describe("a paused TCP socket", () => {
  for (const side of ["accepted", "connected"] as const) {
    it(`delivers nothing though it was resumed in the same turn: ${side}`, async (test) => {
      const { writer, reader, counts, close } = await connectPair(side);
      test.after(close);
      reader.pause();
      reader.resume();
      reader.pause();
      writer.write(Buffer.from("hello"));
      await turns(SETTLE_TURNS);
      assert.equal(counts.bytes, 0);
      reader.resume();
      await turns(SETTLE_TURNS);
      assert.equal(counts.bytes, 5);
    });

    it(`delivers nothing though it was just started: ${side}`, async (test) => {
      const { writer, reader, counts, close } = await connectPair(side);
      test.after(close);
      reader.pause();
      writer.write(Buffer.from("hello"));
      await turns(SETTLE_TURNS);
      assert.equal(counts.bytes, 0);
    });
  }
});

interface Pair {
  readonly writer: Socket;
  readonly reader: Socket;
  readonly counts: { bytes: number };
  readonly close: () => Promise<void>;
}

/** The reader is started last, in the turn of whoever called. */
async function connectPair(side: "accepted" | "connected"): Promise<Pair> {
  const network = new TcpNetwork(new SystemClock());
  const { promise, resolve } = Promise.withResolvers<Socket>();
  const listener = await network.listen({ kind: "tcp", host: "127.0.0.1", port: 0 }, resolve);
  const connected = await network.connect(listener.address, { timeoutMs: 5_000 });
  const accepted = await promise;
  const counts = { bytes: 0 };
  const handler: SocketHandler = {
    onBytes: (bytes) => {
      counts.bytes += bytes.length;
    },
    onEnd: () => undefined,
    onDrain: () => undefined,
    onClose: () => undefined,
  };
  const [reader, writer] = side === "accepted" ? [accepted, connected] : [connected, accepted];
  writer.start(handler);
  reader.start(handler);
  const close = async (): Promise<void> => {
    connected.destroy();
    accepted.destroy();
    await listener.close();
  };
  return { writer, reader, counts, close };
}

async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) {
    // One round after the other.
    // oxlint-disable-next-line no-await-in-loop
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
  }
}
