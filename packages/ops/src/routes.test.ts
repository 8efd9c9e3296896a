import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type LifecycleState, OUTCOME_OK, outcomeOf, STATE_KIND } from "@holdfast/core";
import { ROUTES } from "./routes.ts";
import { ask, BROWSER, START_EPOCH_MS, started } from "./testing/ops-fixture.ts";

describe("the pages of the ops port", () => {
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
