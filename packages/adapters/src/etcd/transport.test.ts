import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type RequestListener, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, it, type TestContext } from "node:test";
import {
  type Context,
  createContext,
  ServiceError,
  SeededRandom,
  SystemClock,
} from "@holdfast/core";
import { EtcdClient } from "./client.ts";
import { createEtcdTransport } from "./transport.ts";

const REQUEST = { path: "/v3/watch", headers: {}, body: "{}", lineMaxBytes: 100 };

describe("the lines of a reply without end", () => {
  it("come as they are sent, whatever pieces they come in", async (t) => {
    const { address, response } = await serve(t);
    const { lines, ended } = follow(t, address, context());
    const sent = await response;
    const text = Buffer.from('{"a":"ä"}\n{"b":1}\n');
    for (const byte of text) {
      sent.write(Buffer.from([byte]));
      await new Promise((resolve) => setImmediate(resolve));
    }
    sent.end("unfinished");
    await ended;
    assert.deepEqual(lines, ['{"a":"ä"}', '{"b":1}']);
  });

  it("end with an error when the connection does", async (t) => {
    const { address, response } = await serve(t);
    const { ended } = follow(t, address, context());
    const sent = await response;
    sent.write('{"a":1}\n');
    sent.destroy();
    await fails(ended, "unavailable", /^etcd 127\.0\.0\.1:\d+: /);
  });

  it("end when nobody wants them any more, and so does the connection", async (t) => {
    const { address, response } = await serve(t);
    const { context: own, cancel } = context().withCancel();
    const { ended } = follow(t, address, own);
    const sent = await response;
    const closed = once(sent, "close");
    cancel(new ServiceError("cancelled", "enough"));
    await fails(ended, "cancelled", /enough/);
    await closed;
  });

  it("are not even asked for when nobody wants them", async (t) => {
    const { context: own, cancel } = context().withCancel();
    cancel(new ServiceError("cancelled", "enough"));
    let asked = false;
    const address = await listen(t, () => (asked = true));
    const { ended } = follow(t, address, own);
    await fails(ended, "cancelled", /enough/);
    assert.equal(asked, false);
  });

  it("may not be longer than they may", async (t) => {
    const { address, response } = await serve(t);
    const { ended } = follow(t, address, context());
    (await response).write("x".repeat(101));
    await fails(ended, "too-large", /more than 100 bytes/);
  });

  it("are refused in words", async (t) => {
    const { address, response } = await serve(t);
    const { ended } = follow(t, address, context());
    const sent = await response;
    sent.statusCode = 403;
    sent.end('{"error":"etcdserver: permission denied","code":7}');
    await fails(ended, "invalid", /permission denied by etcd .* grant the user a role/);
  });

  it("cannot come from where nobody listens", async (t) => {
    const { ended } = follow(t, "127.0.0.1:1", context());
    await fails(ended, "unavailable", /ECONNREFUSED/);
  });
});

describe("a request", () => {
  it("tells apart what etcd can say", async (t) => {
    const answers: [number, string][] = [];
    const address = await listen(t, (_request, response) => {
      const [status, body] = answers.shift()!;
      response.statusCode = status;
      response.end(body);
    });
    const client = new EtcdClient({ random: new SeededRandom(1) }, { endpoints: [address] });
    t.after(() => client.close());
    for (const [status, body, code, message] of [
      [400, '{"error":"etcdserver: user name is empty","code":3}', "invalid", /set user and passw/],
      [401, '{"error":"etcdserver: invalid auth token","code":16}', "invalid", /set user and pass/],
      [403, '{"error":"etcdserver: permission denied","code":7}', "invalid", /grant the user/],
      [400, '{"error":"authentication failed, invalid user ID","code":3}', "invalid", /check user/],
      [503, '{"error":"etcdserver: no leader","code":14}', "unavailable", /failed: etcdserver: no/],
      [500, '{"error":"database space exceeded","code":8}', "overloaded", /space exceeded/],
      [400, '{"error":"odd","code":3}', "invalid", /refused \(400\): odd/],
      [404, "404 page not found\n", "invalid", /refused \(404\): 404 page not found/],
      [502, "\u001b[2Jbad gateway", "unavailable", /failed: \\u001b\[2Jbad gateway/],
      [200, "<html>", "protocol", /does not answer as etcd does/],
      [200, "[]", "protocol", /does not answer as etcd does/],
    ] as const) {
      answers.push([status, body]);
      await fails(client.readPrefix(context(), "/x/"), code, message);
    }
  });

  it("that is not answered in time names the member", async (t) => {
    const address = await listen(t, () => undefined);
    const options = { endpoints: [address], requestTimeoutMs: 50 };
    const client = new EtcdClient({ random: new SeededRandom(1) }, options);
    t.after(() => client.close());
    await fails(
      client.readPrefix(context(), "/x/"),
      "unavailable",
      new RegExp(`^etcd ${address} did not answer within 50 ms$`),
    );
  });

  it("is written only under its conditions", async (t) => {
    let asked = "";
    const address = await listen(t, (request, response) => {
      request.setEncoding("utf8").on("data", (text: string) => (asked += text));
      request.on("end", () => response.end('{"header":{"revision":"7"}}'));
    });
    const client = new EtcdClient({ random: new SeededRandom(1) }, { endpoints: [address] });
    t.after(() => client.close());
    const written = await client.write(
      context(),
      [{ key: "k", modRevision: 3 }],
      [
        { kind: "put", key: "k", value: "v" },
        { kind: "delete", key: "d" },
      ],
    );
    assert.deepEqual(written, { done: false, revision: 7 });
    assert.deepEqual(JSON.parse(asked), {
      compare: [{ key: "aw==", target: "MOD", result: "EQUAL", mod_revision: "3" }],
      success: [
        { request_put: { key: "aw==", value: "dg==" } },
        { request_delete_range: { key: "ZA==" } },
      ],
    });
  });
});

function context(): Context {
  return createContext({ clock: new SystemClock() });
}

/** A server that leaves its one reply to the test. */
async function serve(
  t: TestContext,
): Promise<{ address: string; response: Promise<ServerResponse> }> {
  const { promise, resolve } = Promise.withResolvers<ServerResponse>();
  const address = await listen(t, (_request, response) => {
    response.on("error", () => undefined);
    resolve(response);
  });
  return { address, response: promise };
}

async function listen(t: TestContext, onRequest: RequestListener): Promise<string> {
  const server = createServer(onRequest);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function follow(t: TestContext, address: string, within: Context) {
  const transport = createEtcdTransport(address, undefined);
  t.after(() => transport.close());
  const lines: string[] = [];
  return { lines, ended: transport.lines(within, REQUEST, (line) => lines.push(line)) };
}

async function fails(promise: Promise<unknown>, code: string, message: RegExp): Promise<void> {
  await assert.rejects(promise, (error) => {
    assert.ok(error instanceof ServiceError, String(error));
    assert.equal(error.code, code);
    assert.match(error.message, message);
    return true;
  });
}
