import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { afterEach, beforeEach, describe, it } from "node:test";
import { createContext, ManualClock, ServiceError } from "@holdfast/core";
import type { HttpRequest, HttpTransport } from "./http-transport.ts";
import { createNodeHttpTransport } from "./node-http-transport.ts";

const GET: HttpRequest = {
  method: "GET",
  path: "/thing?a=1",
  headers: { "x-token": "secret" },
  body: undefined,
  replyMaxBytes: 1_000,
};

describe("Node's HTTP client as a transport", () => {
  const clock = new ManualClock();
  let server: Server;
  let transport: HttpTransport;
  let serve: (request: IncomingMessage, reply: ServerResponse) => void;

  beforeEach(async () => {
    server = createServer((request, reply) => serve(request, reply)).listen(0, "127.0.0.1");
    await once(server, "listening");
    transport = createNodeHttpTransport({ address: addressOf(server) });
  });
  afterEach(async () => {
    transport.close();
    server.closeAllConnections();
    if (server.listening) await once(server.close(), "close");
    assert.equal(clock.scheduledCount, 0, "no timer is left");
  });

  it("sends the request and gives the whole reply", async () => {
    let seen = "";
    serve = (request, reply) => {
      const { method, url, headers } = request;
      seen = `${method} ${url} ${String(headers["x-token"])} `;
      request.on("data", (chunk: Buffer) => (seen += chunk.toString()));
      request.on("end", () => {
        reply.writeHead(404, { "x-index": "7", "set-cookie": ["a=1", "b=2"] }).end("né");
      });
    };
    const put: HttpRequest = { ...GET, method: "PUT", body: "grüße" };
    const reply = await transport.request(createContext({ clock }), put);
    assert.equal(seen, "PUT /thing?a=1 secret grüße");
    assert.equal(reply.status, 404);
    assert.equal(reply.body, "né");
    assert.equal(reply.headers["x-index"], "7");
    assert.equal(reply.headers["set-cookie"], "a=1, b=2");
  });

  it("keeps a connection, and takes a new one when the kept one was closed", async () => {
    const ports: (number | undefined)[] = [];
    let last: Socket | undefined;
    serve = (request, reply) => {
      ports.push(request.socket.remotePort);
      last = request.socket;
      reply.end("ok");
    };
    const ask = async () => (await transport.request(createContext({ clock }), GET)).body;
    assert.equal(await ask(), "ok");
    assert.equal(await ask(), "ok");
    assert.equal(ports[0], ports[1]);
    // Closed while the next request is on its way to it.
    const next = ask();
    last?.resetAndDestroy();
    assert.equal(await next, "ok");
    assert.notEqual(ports.at(-1), ports[0]);
  });

  it("says that nobody listens", async () => {
    await once(server.close(), "close");
    await assert.rejects(transport.request(createContext({ clock }), GET), (error) => {
      assert.ok(error instanceof ServiceError);
      assert.equal(error.code, "unavailable");
      return /^http:\/\/127\.0\.0\.1:\d+: .*ECONNREFUSED/.test(error.message);
    });
  });

  it("takes half a reply for none", async () => {
    serve = (_request, reply) => {
      reply.writeHead(200, { "content-length": "100" });
      reply.write("half", () => reply.destroy());
    };
    const asking = transport.request(createContext({ clock }), GET);
    await assert.rejects(asking, { code: "unavailable" });
  });

  it("takes no more than it was told to", async () => {
    serve = (_request, reply) => reply.end("x".repeat(1_001));
    const asking = transport.request(createContext({ clock }), GET);
    await assert.rejects(asking, {
      code: "too-large",
      message: "the reply has more than 1000 bytes",
    });
    serve = (_request, reply) => reply.end("x".repeat(1_000));
    const reply = await transport.request(createContext({ clock }), GET);
    assert.equal(reply.body.length, 1_000);
  });

  it("takes a request back when its context is over, and closes its connection", async () => {
    const { promise: arrived, resolve } = Promise.withResolvers<Socket>();
    serve = (request) => resolve(request.socket);
    const asking = transport.request(createContext({ clock }).withTimeout(500), GET);
    const rejected = assert.rejects(asking, { code: "deadline-exceeded" });
    const socket = await arrived;
    const closed = once(socket, "close");
    clock.advance(500);
    await rejected;
    await closed;
  });

  it("sends nothing for a context that is over", async () => {
    serve = () => assert.fail("it was sent");
    const { context, cancel } = createContext({ clock }).withCancel();
    cancel(new ServiceError("cancelled", "too late"));
    await assert.rejects(transport.request(context, GET), { message: "too late" });
  });
});

function addressOf(server: Server): string {
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}
