import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { type Address, createContext, type ListenOptions, type TlsOptions } from "@holdfast/core";
import { createClient } from "../client/client.ts";
import { createObservers } from "../observe/observers.ts";
import { Probe } from "../testing/gen/probe.ts";
import { HeldProbe } from "../testing/held-probe.ts";
import {
  CLIENT_MUTUAL_TLS,
  CLIENT_TLS,
  SERVER_MUTUAL_TLS,
  SERVER_TLS,
} from "../testing/test-certificates.ts";
import { loopbackPlace } from "../testing/test-place.ts";
import { createServer } from "./server.ts";

/** One call over a real connection; what the server shows of that connection. */
async function callOver(
  address: Address,
  listenOptions: ListenOptions,
  tls: TlsOptions | undefined,
): Promise<Record<string, unknown>> {
  const place = loopbackPlace();
  const runtime = place.runtime("here");
  const observers = createObservers(runtime);
  const handler = new HeldProbe();
  const server = createServer({ definition: Probe, handler, runtime, observers });
  const bound = await server.listen(address, listenOptions);
  const options = { connectionsMax: 1, dialTimeoutMs: 5_000, callTimeoutMs: 5_000, tls };
  const client = createClient({ definition: Probe, address: bound, runtime, options });
  try {
    await client.calls.p(createContext({ clock: runtime.clock }));
    const [connections] = observers.state.snapshots("connections");
    assert.ok(connections !== undefined && "state" in connections);
    return (connections.state as Record<string, unknown>[])[0]!;
  } finally {
    client.close();
    await server.stop();
    assert.deepEqual(await place.left(), []);
  }
}

const LOOPBACK: Address = { kind: "tcp", host: "127.0.0.1", port: 0 };

describe("a server", () => {
  it("answers over TLS", async () => {
    const shown = await callOver(LOOPBACK, { tls: SERVER_TLS }, CLIENT_TLS);
    assert.equal(shown["peerSubject"], undefined);
  });

  it("knows its caller by its certificate over mutual TLS", async () => {
    const shown = await callOver(LOOPBACK, { tls: SERVER_MUTUAL_TLS }, CLIENT_MUTUAL_TLS);
    assert.match(String(shown["peerSubject"]), /CN=client\.test/);
  });

  it("that wants a certificate does not answer who has none", async () => {
    const calling = callOver(LOOPBACK, { tls: SERVER_MUTUAL_TLS }, CLIENT_TLS);
    await assert.rejects(calling, { code: "unavailable" });
  });

  it("that speaks TLS does not answer who does not, and says nothing", async () => {
    const calling = callOver(LOOPBACK, { tls: SERVER_TLS }, undefined);
    await assert.rejects(calling, { name: "ServiceError" });
  });

  it("answers over a Unix socket", async () => {
    const folder = mkdtempSync(join(tmpdir(), "holdfast-rpc-"));
    try {
      const path = join(folder, "probe.sock");
      const shown = await callOver({ kind: "unix", path }, {}, undefined);
      assert.equal(shown["peer"], `unix:${path}`);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
