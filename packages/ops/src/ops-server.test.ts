import assert from "node:assert/strict";
import { connect } from "node:net";
import { request as httpRequest } from "node:http";
import { afterEach, describe, it } from "node:test";
import {
  CallRecords,
  createContext,
  Lifecycle,
  type LifecycleState,
  ManualClock,
  MemoryLogger,
  OUTCOME_OK,
  outcomeOf,
  ServiceError,
  STATE_KIND,
  StateRegistry,
  StatsRegistry,
} from "@holdfast/core";
import type { OpsOptions } from "./ops-options.ts";
import { createOpsServer, type OpsServer } from "./ops-server.ts";
import type { OpsSources } from "./ops-view.ts";
import { ROUTES } from "./routes.ts";

const START_EPOCH_MS = Date.UTC(2026, 0, 1);

class Fixture {
  readonly clock = new ManualClock(START_EPOCH_MS);
  readonly registry = new StateRegistry();
  readonly stats = new StatsRegistry();
  readonly logger = new MemoryLogger();
  readonly calls = new CallRecords({ clock: this.clock, capacity: 64 });
  readonly drains: string[] = [];
  state: LifecycleState = { kind: "ready" };
  readonly server: OpsServer;

  constructor(options: Partial<OpsOptions> = {}, sources: Partial<OpsSources> = {}) {
    const { clock, registry, stats, calls, logger } = this;
    this.server = createOpsServer(
      {
        name: "feed-history",
        version: "0.1.7-0123456789-20260101.000000",
        clock,
        registry,
        stats,
        calls,
        logger,
        state: () => this.state,
        drain: (reason) => {
          this.drains.push(reason);
          this.state = { kind: "draining", reason };
        },
        ...sources,
      },
      { port: 0, ...options },
    );
  }

  context(): ReturnType<typeof createContext> {
    return createContext({ clock: this.clock });
  }
}

const open: Fixture[] = [];
afterEach(async () => {
  for (const fixture of open.splice(0)) {
    await fixture.server.stop(fixture.context());
  }
});

async function started(
  options: Partial<OpsOptions> = {},
  sources: Partial<OpsSources> = {},
): Promise<Fixture> {
  const fixture = new Fixture(options, sources);
  await fixture.server.start(fixture.context());
  open.push(fixture);
  return fixture;
}

interface Answer {
  readonly status: number;
  readonly headers: Record<string, string | string[] | undefined>;
  readonly body: string;
}

/** As `fetch`, but sends the Host and Origin it is told to. */
function ask(
  { server }: Fixture,
  path: string,
  { method = "GET", headers = {} }: { method?: string; headers?: Record<string, string> } = {},
): Promise<Answer> {
  const { hostname, port } = new URL(server.url);
  // In parts: a URL would be tidied up on the way.
  const target = { host: hostname, port, path, method, headers, agent: false };
  return new Promise((resolve, reject) => {
    const request = httpRequest(target, (response) => {
      let body = "";
      response.setEncoding("utf8");
      response.on("data", (text: string) => (body += text));
      response.on("end", () => {
        resolve({ status: response.statusCode!, headers: response.headers, body });
      });
    });
    request.on("error", reject);
    request.end();
  });
}

const BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";

describe("the ops port", () => {
  it("shows every route in its index, as a page and as text", async () => {
    const fixture = await started();
    const text = await ask(fixture, "/", { headers: { accept: "*/*" } });
    assert.match(text.headers["content-type"] as string, /^text\/plain/);
    const page = await ask(fixture, "/", { headers: { accept: BROWSER } });
    assert.match(page.headers["content-type"] as string, /^text\/html/);
    assert.match(page.body, /<title>feed-history: ready<\/title>/);
    for (const { path, description } of ROUTES) {
      assert.ok(text.body.includes(path) && text.body.includes(description), path);
      assert.ok(page.body.includes(path), path);
    }
    assert.match(text.body, /curl -X POST http:\/\/127\.0\.0\.1:\d+\/drain/);
  });

  it("says in /info what runs and since when", async () => {
    const fixture = await started();
    fixture.clock.advance((167 * 3_600 + 10 * 60 + 2) * 1_000 + 999);
    const { body } = await ask(fixture, "/info");
    assert.deepEqual(JSON.parse(body), {
      Version: "0.1.7-0123456789-20260101.000000",
      StartTimeEpochSecs: START_EPOCH_MS / 1_000,
      CurrentTimeEpochSecs: START_EPOCH_MS / 1_000 + 601_802,
      Uptime: "167h10m2s",
      State: "ready",
    });
  });

  it("is healthy all the time, and ready only when it is", async () => {
    const fixture = await started();
    const states: [LifecycleState, number, string][] = [
      [{ kind: "new" }, 503, "new\n"],
      [{ kind: "starting", part: "store" }, 503, "starting: store\n"],
      [{ kind: "ready" }, 200, "ready\n"],
      [{ kind: "draining", reason: "SIG\u001bTERM" }, 503, "draining: SIG\\u001bTERM\n"],
      [{ kind: "stopping", reason: "x" }, 503, "stopping: x\n"],
    ];
    for (const [state, status, body] of states) {
      fixture.state = state;
      const [ready, health] = await Promise.all([
        ask(fixture, "/readyz"),
        ask(fixture, "/healthz"),
      ]);
      assert.deepEqual([ready.status, ready.body], [status, body]);
      assert.deepEqual([health.status, health.body], [200, "ok\n"]);
    }
  });

  it("shows what parts registered, by kind, and a part that fails as failing", async () => {
    const fixture = await started();
    const { registry } = fixture;
    const connections = [{ remote: "10.0.0.7:5", bytes: 2n ** 60n }];
    registry.register({ name: "rpc", kind: STATE_KIND.connections, snapshot: () => connections });
    registry.register({ name: "rpc", kind: STATE_KIND.stack, snapshot: () => [{ role: "drain" }] });
    registry.register({
      name: "store",
      kind: "store",
      snapshot: () => {
        throw new Error("closed");
      },
    });
    const read = async (path: string): Promise<unknown> =>
      JSON.parse((await ask(fixture, path)).body);
    const shown = { name: "rpc", kind: "connections" };
    const state = [{ remote: "10.0.0.7:5", bytes: "1152921504606846976" }];
    assert.deepEqual(await read("/connections"), [{ ...shown, state }]);
    assert.deepEqual(await read("/stack"), [
      { name: "rpc", kind: "stack", state: [{ role: "drain" }] },
    ]);
    const all = (await read("/state")) as { parts: { name: string }[]; lifecycle: unknown };
    assert.deepEqual(all.lifecycle, { kind: "ready" });
    assert.deepEqual(
      all.parts.map(({ name }) => name),
      ["ops port", "rpc", "rpc", "store"],
    );
    assert.deepEqual(all.parts[3], { name: "store", kind: "store", error: "closed" });
  });

  it("shows its own options, but not its token", async () => {
    const token = "correct-horse-battery";
    const fixture = await started({ token });
    const { body } = await ask(fixture, "/options", {
      headers: { authorization: `Bearer ${token}` },
    });
    const [own] = JSON.parse(body) as { name: string; state: Record<string, unknown> }[];
    assert.equal(own?.name, "ops port");
    assert.deepEqual([own?.state["token"], own?.state["connectionsMax"]], ["set", 64]);
    assert.ok(!body.includes(token));
  });

  it("finds calls by method and outcome", async () => {
    const fixture = await started();
    const { calls } = fixture;
    const [get, set] = [calls.methodId("get"), calls.methodId("set")];
    calls.end(calls.begin(get, "r1", "feed", "10.0.0.7:5", 0), OUTCOME_OK, 2);
    calls.end(calls.begin(set, "r2", "feed", "10.0.0.7:5", 0), outcomeOf("internal"), 3);
    calls.begin(get, "r3", "feed", "10.0.0.7:5", 0);
    const ids = async (query: string): Promise<string> => {
      const { body } = await ask(fixture, `/calls${query}`);
      return (JSON.parse(body) as { requestId: string }[]).map((one) => one.requestId).join();
    };
    assert.equal(await ids(""), "r3,r2,r1");
    assert.equal(await ids("?method=get"), "r3,r1");
    assert.equal(await ids("?outcome=internal"), "r2");
    assert.equal(await ids("?outcome=running&method=get"), "r3");
    assert.equal(await ids("?limit=1"), "r3");
    for (const query of ["?limit=0", "?limit=x", "?limit=1.5", "?limit=99999", "?outcome=odd"]) {
      assert.equal((await ask(fixture, `/calls${query}`)).status, 400, query);
    }
  });

  it("writes JSON in one line for programs and indented for people", async () => {
    const fixture = await started();
    assert.equal((await ask(fixture, "/info")).body.split("\n").length, 2);
    assert.ok((await ask(fixture, "/info?pretty")).body.split("\n").length > 5);
    const browser = await ask(fixture, "/info", { headers: { accept: BROWSER } });
    assert.ok(browser.body.split("\n").length > 5);
    assert.match(browser.headers["content-type"] as string, /^application\/json/);
  });

  it("drains when it is posted to, and is not ready in the same breath", async () => {
    const fixture = await started();
    const { status, body } = await ask(fixture, "/drain", { method: "POST" });
    assert.deepEqual([status, JSON.parse(body)], [202, { State: "draining" }]);
    assert.deepEqual(fixture.drains, ["asked for on the ops port by 127.0.0.1"]);
    assert.equal((await ask(fixture, "/readyz")).status, 503);
    assert.equal(fixture.logger.lines[0]?.message, "drain asked for on the ops port");
  });

  it("changes nothing by GET, and says which methods a page takes", async () => {
    const fixture = await started();
    for (const { path, method } of ROUTES) {
      for (const wrong of ["GET", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"]) {
        if (wrong === method) continue;
        const { status, headers } = await ask(fixture, path, { method: wrong });
        assert.equal(status, 405, `${wrong} ${path}`);
        assert.equal(headers["allow"], method === "GET" ? "GET, HEAD" : "POST");
      }
    }
    assert.deepEqual(fixture.drains, []);
  });

  it("answers HEAD like GET without the body", async () => {
    const fixture = await started();
    const { status, headers, body } = await ask(fixture, "/info", { method: "HEAD" });
    assert.deepEqual([status, body], [200, ""]);
    assert.ok(Number(headers["content-length"]) > 50);
  });

  it("has no other pages", async () => {
    const fixture = await started();
    for (const path of ["/nothing", "/info/", "//", "/%69nfo", "/../info", "/drain/../info"]) {
      assert.equal((await ask(fixture, path)).status, 404, path);
    }
  });

  it("sends the headers that keep a browser careful with every reply", async () => {
    const fixture = await started();
    for (const [path, method] of [...ROUTES.map((route) => [route.path, "GET"]), ["/no", "PUT"]]) {
      const { headers } = await ask(fixture, path!, { method: method! });
      assert.equal(headers["cache-control"], "no-store");
      assert.equal(headers["x-content-type-options"], "nosniff");
      assert.match(headers["content-security-policy"] as string, /default-src 'none'/);
    }
  });

  it("keeps markup and control characters of names out of the page", async () => {
    const name = `<script>alert("1")</script>\u001b[2J`;
    const fixture = await started({}, { name });
    const page = await ask(fixture, "/", { headers: { accept: BROWSER, host: "127.0.0.1" } });
    const text = await ask(fixture, "/");
    assert.ok(!page.body.includes("<script"));
    assert.ok(page.body.includes("&lt;script&gt;"));
    for (const { body } of [page, text]) assert.doesNotMatch(body.replaceAll("\n", ""), /\p{Cc}/u);
  });

  it("answers 500 when a page fails, and goes on", async () => {
    const state = (): never => {
      throw new Error("no state");
    };
    const fixture = await started({}, { state });
    assert.equal((await ask(fixture, "/readyz")).status, 500);
    assert.equal(fixture.logger.lines[0]?.message, "ops endpoint failed");
    assert.equal((await ask(fixture, "/healthz")).status, 200);
  });
});

describe("who may ask the ops port", () => {
  it("needs the token on every page once there is one", async () => {
    const token = "correct-horse-battery";
    const fixture = await started({ token });
    const status = async (authorization?: string): Promise<number> => {
      const headers = authorization === undefined ? {} : { authorization };
      return (await ask(fixture, "/healthz", { headers })).status;
    };
    assert.equal(await status(), 401);
    assert.equal(await status("Bearer wrong-horse-battery"), 401);
    assert.equal(await status(`Basic ${token}`), 401);
    assert.equal(await status("Bearer "), 401);
    assert.equal(await status(`Bearer ${token}x`), 401);
    assert.equal(await status(`Bearer ${token}`), 200);
    assert.equal(await status(`bearer ${token}`), 200);
  });

  it("does not open wider than loopback without a token", () => {
    const refused = (options: Partial<OpsOptions>): ServiceError => {
      try {
        new Fixture(options);
      } catch (error) {
        assert.ok(error instanceof ServiceError);
        return error;
      }
      return assert.fail("it was expected to refuse");
    };
    for (const host of ["0.0.0.0", "::", "10.0.0.7", "feed.example", ""]) {
      const error = refused({ host });
      assert.equal(error.code, "invalid");
      assert.match(error.message, /set a token, or listen on 127\.0\.0\.1/);
    }
    assert.match(refused({ host: "::", token: "short" }).message, /at least 16/);
    assert.match(refused({ port: 65_536 }).message, /from 0 to 65,535/);
    assert.match(refused({ connectionsMax: 0 }).message, /connectionsMax is 0/);
    assert.doesNotThrow(() => new Fixture({ host: "0.0.0.0", token: "correct-horse-battery" }));
    for (const host of ["127.0.0.1", "127.9.9.9", "::1", "localhost"])
      assert.doesNotThrow(() => new Fixture({ host }));
  });

  it("answers only to names that cannot have been made to point here", async () => {
    const fixture = await started({ hostsAllowed: ["ops.example"] });
    const status = async (host: string): Promise<number> =>
      (await ask(fixture, "/info", { headers: { host } })).status;
    for (const host of [
      "127.0.0.1",
      "127.0.0.1:6060",
      "localhost:6060",
      "[::1]:6060",
      "10.0.0.7",
    ]) {
      assert.equal(await status(host), 200, host);
    }
    assert.equal(await status("ops.example:6060"), 200);
    for (const host of ["evil.example", "127.0.0.1.evil.example", "localhost.evil.example:6060"]) {
      assert.equal(await status(host), 421, host);
    }
  });

  it("lets no page from elsewhere drain the process", async () => {
    const fixture = await started();
    const post = async (headers: Record<string, string>): Promise<number> =>
      (await ask(fixture, "/drain", { method: "POST", headers })).status;
    assert.equal(await post({ origin: "http://evil.example" }), 403);
    assert.equal(await post({ origin: "null" }), 403);
    assert.equal(await post({ "sec-fetch-site": "cross-site" }), 403);
    assert.equal(await post({ "sec-fetch-site": "same-site" }), 403);
    assert.deepEqual(fixture.drains, []);
    const own = { origin: fixture.server.url, "sec-fetch-site": "same-origin" };
    assert.equal(await post(own), 202);
  });
});

describe("the limits of the ops port", () => {
  it("takes no body", async () => {
    const fixture = await started();
    const small = { "content-length": "2" };
    const answer = raw(fixture, "POST /drain HTTP/1.1", { ...small, connection: "close" }, "{}");
    assert.match(await answer, /^HTTP\/1\.1 202 /);
    const large = raw(fixture, "POST /drain HTTP/1.1", { "content-length": "1000000000" });
    assert.match(await large, /^HTTP\/1\.1 413 [^]*connection: close/i);
    const chunked = raw(fixture, "POST /drain HTTP/1.1", { "transfer-encoding": "chunked" });
    assert.match(await chunked, /^HTTP\/1\.1 413 /);
    assert.equal(fixture.drains.length, 1);
  });

  it("closes a connection whose request has too long a head, or is none", async () => {
    const fixture = await started();
    const head = raw(fixture, "GET / HTTP/1.1", { filler: "x".repeat(20_000) });
    assert.equal(await head, "");
    assert.equal(await raw(fixture, "\u0016\u0003\u0001 not http", {}), "");
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

/** Sends exactly this, and reads until the other side closes. */
function raw(
  { server }: Fixture,
  line: string,
  headers: Record<string, string>,
  body = "",
): Promise<string> {
  const { hostname, port } = new URL(server.url);
  return new Promise((resolve) => {
    let answer = "";
    const socket = connect(Number(port), hostname, () => {
      const all = { host: "localhost", ...headers };
      const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
      socket.write(`${line}\r\n${lines.join("")}\r\n${body}`);
    });
    socket.setEncoding("utf8");
    socket.on("data", (text: string) => (answer += text));
    socket.on("error", () => undefined);
    socket.on("close", () => resolve(answer));
  });
}
