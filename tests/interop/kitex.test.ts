/** Kitex (CloudWeGo, Go): framed, buffered and TTHeader, and what a TTHeader carries. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { createContext } from "holdfast";
import { describePeer } from "./describe-peer.ts";
import { ThriftTest } from "./gen/thrift_test.ts";
import { startOurServer, withOurClient, withOurServer } from "./our-side.ts";
import { type PeerCommand, runPeerClient, skipPeer, withPeerLoop, withPeerServer } from "./peer.ts";
import { Seen } from "./thrift-test-handler.ts";

const program = join(import.meta.dirname, ".generated", "kitex-peer");
const command: PeerCommand = { name: "kitex", program, leading: [] };
const protocols = ["binary"];

describePeer("Kitex", {
  command,
  clients: {
    transports: ["framed", "buffered", "ttheader", "ttheader-framed", "ttheader-unlimited", "mux"],
    protocols,
  },
  servers: { transports: ["framed", "buffered", "ttheader", "mux"], protocols },
  without: ["testUuid"],
});

describe("a TTHeader", { skip: skipPeer("kitex") }, () => {
  for (const transport of ["ttheader", "ttheader-framed", "mux"]) {
    it(`brings us deadline, log id and caller from Kitex, ${transport}`, () =>
      withOurServer("test", async (port, seen) => {
        await runPeerClient(command, { service: "test", transport, protocol: "binary" }, port);
        assert.ok(seen.calls.length > 0);
        for (const { requestId, caller, remainingMs } of seen.calls) {
          assert.equal(requestId, "log-id-of-kitex");
          assert.equal(caller, "kitex-peer");
          // It says 30 s; our own limit is longer.
          assert.ok(remainingMs > 0 && remainingMs <= 30_000, `${remainingMs} ms`);
        }
      }));
  }

  for (const transport of ["ttheader", "mux"]) {
    it(`brings Kitex deadline, request id and caller from us, ${transport}`, () =>
      withPeerServer(command, { service: "test", transport, protocol: "binary" }, async (port) => {
        await withOurClient(ThriftTest, port, {}, async ({ calls }, { clock }) => {
          const context = createContext({ clock, requestId: "id-of-ours" }).withTimeout(20_000);
          const described = await calls.testString(context, "what came with this call");
          const { logId, caller, timeoutMs, hasDeadline, remainingMs } = JSON.parse(
            described,
          ) as Record<string, unknown>;
          assert.equal(logId, "id-of-ours");
          assert.equal(caller, "holdfast-interop");
          assert.ok(Number(timeoutMs) > 0 && Number(timeoutMs) <= 20_000, String(timeoutMs));
          assert.equal(hasDeadline, true);
          assert.ok(Number(remainingMs) > 0 && Number(remainingMs) <= Number(timeoutMs));
        });
      }));
  }

  it("tells Kitex's pooled clients that our server leaves: they lose no call", async () => {
    const seen = new Seen();
    const leaving = await startOurServer("test", seen);
    const form = { service: "test", transport: "ttheader", protocol: "binary" } as const;
    await withPeerLoop(command, form, leaving.port, async () => {
      const staying = await startOurServer("test", new Seen(), leaving.port);
      after(() => staying.stop());
      await leaving.drain();
    });
    assert.ok(seen.calls.length > 0);
  });
});
