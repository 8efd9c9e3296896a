import assert from "node:assert/strict";
import { connect } from "node:net";
import { describe, it } from "node:test";
import { Lifecycle, type ServiceError } from "@holdfast/core";
import { ask, Fixture, askRaw, started } from "./testing/ops-fixture.ts";

describe("the limits of the ops port", () => {
  it("takes no body", async () => {
    const fixture = await started();
    const small = { "content-length": "2" };
    const answer = askRaw(fixture, "POST /drain HTTP/1.1", { ...small, connection: "close" }, "{}");
    assert.match(await answer, /^HTTP\/1\.1 202 /);
    const large = askRaw(fixture, "POST /drain HTTP/1.1", { "content-length": "1000000000" });
    assert.match(await large, /^HTTP\/1\.1 413 [^]*connection: close/i);
    const chunked = askRaw(fixture, "POST /drain HTTP/1.1", { "transfer-encoding": "chunked" });
    assert.match(await chunked, /^HTTP\/1\.1 413 /);
    assert.equal(fixture.drains.length, 1);
  });

  it("closes a connection whose request has too long a head, or is none", async () => {
    const fixture = await started();
    const head = askRaw(fixture, "GET / HTTP/1.1", { filler: "x".repeat(20_000) });
    assert.equal(await head, "");
    assert.equal(await askRaw(fixture, "\u0016\u0003\u0001 not http", {}), "");
    assert.equal((await ask(fixture, "/healthz")).status, 200);
  });

  it("closes connections beyond its bound, and serves again when there is room", async () => {
    const fixture = await started({ connectionsMax: 2 });
    const { hostname, port } = new URL(fixture.server.url);
    const sockets = await Promise.all(
      [1, 2].map(
        () =>
          new Promise<ReturnType<typeof connect>>((resolve) => {
            const socket = connect(Number(port), hostname, () => resolve(socket));
          }),
      ),
    );
    // Accepted in order: when the third is refused, the two before it have been counted.
    await assert.rejects(ask(fixture, "/healthz"));
    const closed = Promise.all(
      sockets.map((socket) => new Promise((resolve) => socket.on("close", resolve))),
    );
    for (const socket of sockets) socket.end("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n");
    for (const socket of sockets) socket.resume();
    await closed;
    assert.equal((await ask(fixture, "/healthz")).status, 200);
  });

  it("gives up a request that does not come", async () => {
    const fixture = await started({ requestTimeoutMs: 100 });
    const { hostname, port } = new URL(fixture.server.url);
    await new Promise((resolve) => {
      const socket = connect(Number(port), hostname, () => socket.write("GET / HT"));
      socket.on("error", () => undefined);
      socket.on("close", resolve);
    });
  });
});

describe("the ops port in a lifecycle", () => {
  it("says in one line that its port is taken", async () => {
    const first = await started();
    const port = Number(new URL(first.server.url).port);
    const second = new Fixture({ port });
    await assert.rejects(second.server.start(second.context()), (error: ServiceError) => {
      assert.equal(error.code, "unavailable");
      assert.match(
        error.message,
        /^cannot open the ops port on 127\.0\.0\.1:\d+: the port is taken/,
      );
      return true;
    });
  });

  it("finishes a drain that was asked for through it, and is gone then", async () => {
    const fixture = new Fixture(
      {},
      { state: () => lifecycle.state, drain: (reason) => void lifecycle.shutdown(reason) },
    );
    const { clock } = fixture;
    const lifecycle = new Lifecycle([fixture.server], { clock });
    await lifecycle.start();
    const { url } = fixture.server;
    // A connection without a request, as browsers keep one in reserve.
    const reserve = connect(Number(new URL(url).port), "127.0.0.1");
    const reserveClosed = new Promise((resolve) => reserve.on("close", resolve));
    reserve.on("error", () => undefined);
    await new Promise((resolve) => reserve.on("connect", resolve));
    const { status, body } = await ask(fixture, "/drain", { method: "POST" });
    assert.deepEqual([status, JSON.parse(body)], [202, { State: "draining" }]);
    const report = await lifecycle.stopped;
    assert.equal(report.orderly, true);
    assert.match(report.reason, /asked for on the ops port/);
    await reserveClosed;
    await assert.rejects(fetch(`${url}/healthz`));
    assert.deepEqual(fixture.registry.snapshots(), []);
    assert.throws(() => fixture.server.url, /not open/);
  });
});
