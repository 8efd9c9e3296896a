import assert from "node:assert/strict";
import { Agent, get } from "node:http";
import * as net from "node:net";
import { describe, it } from "node:test";
import { ServiceError } from "@holdfast/core";
import { ask, Fixture, started } from "./testing/ops-fixture.ts";

describe("an ops port that is handed on", { timeout: 10_000 }, () => {
  it("answers there too, until it is told to stop, and goes on where it was", async () => {
    const fixture = await started();
    const { port, fileDescriptor } = boundSocket();
    const close = await fixture.server.answerOn(fileDescriptor);
    const other = await getOnce(port);
    assert.equal(other.status, 200);
    assert.equal(other.connection, "close");
    assert.equal((await ask(fixture, "/healthz")).status, 200);
    close();
    await assert.rejects(getOnce(port), { code: "ECONNREFUSED" });
    assert.equal((await ask(fixture, "/healthz")).status, 200);
    close();
  });

  it("closes both when it stops", async () => {
    const fixture = new Fixture();
    await fixture.server.start(fixture.context());
    const { port, fileDescriptor } = boundSocket();
    await fixture.server.answerOn(fileDescriptor);
    await getOnce(port);
    await fixture.server.stop(fixture.context());
    await assert.rejects(getOnce(port), { code: "ECONNREFUSED" });
  });

  it("says that a descriptor is no socket", async () => {
    const fixture = await started();
    await assert.rejects(fixture.server.answerOn(1_000_000), (error: unknown) => {
      assert.ok(error instanceof ServiceError);
      assert.equal(error.code, "unavailable");
      assert.match(error.message, /^cannot answer on descriptor 1000000: /);
      return true;
    });
  });
});

/** On a connection that would be kept, if the server let it. */
function getOnce(port: number): Promise<{ status: number; connection: string | undefined }> {
  const agent = new Agent({ keepAlive: true });
  return new Promise((resolve, reject) => {
    const request = get({ host: "127.0.0.1", port, path: "/healthz", agent }, (response) => {
      response.resume();
      response.once("end", () => {
        agent.destroy();
        const { connection } = response.headers;
        resolve({ status: response.statusCode ?? 0, connection });
      });
    });
    request.once("error", reject);
  });
}

interface BoundHandle {
  readonly fd: number;
  getsockname(out: object): number;
}

/** As a supervisor has it. Not closed here: who listens on its descriptor closes it. */
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
