import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { OpsRoute } from "./ops-view.ts";
import { jsonReply, textReply } from "./http/reply.ts";
import { findRoute, withRoutes } from "./route-table.ts";
import { ROUTES } from "./routes.ts";
import { ask, BROWSER, Fixture, started } from "./testing/ops-fixture.ts";

describe("routes of a service's own", () => {
  it("answer with the parameter of their path, and only to their method", async () => {
    const closed: string[] = [];
    const fixture = await started({}, { routes: [closing(closed)] });
    const path = "/connections/106abc0c/close";
    const { status, body } = await ask(fixture, path, { method: "POST" });
    assert.deepEqual([status, body], [200, "closed\n"]);
    const wrong = await ask(fixture, path);
    assert.deepEqual([wrong.status, wrong.headers["allow"]], [405, "POST"]);
    assert.deepEqual(closed, ["106abc0c"]);
    assert.equal((await ask(fixture, "/connections")).body, "[]\n");
  });

  it("are guarded like the others", async () => {
    const closed: string[] = [];
    const token = "correct-horse-battery";
    const fixture = await started({ token }, { routes: [closing(closed)] });
    const post = (headers: Record<string, string>) =>
      ask(fixture, "/connections/a/close", { method: "POST", headers });
    assert.equal((await post({})).status, 401);
    const authorization = `Bearer ${token}`;
    assert.equal((await post({ authorization, origin: "http://evil.example" })).status, 403);
    assert.equal((await post({ authorization, host: "evil.example" })).status, 421);
    assert.deepEqual(closed, []);
    assert.equal((await post({ authorization })).status, 200);
  });

  it("take nothing for a parameter that a URL would have to escape", async () => {
    const closed: string[] = [];
    const fixture = await started({}, { routes: [closing(closed)] });
    for (const key of ["", "a/b", "%61", "a%2fb", "..%2f", ":key", "a+b", "x".repeat(129)]) {
      const path = `/connections/${key}/close`;
      const { status } = await ask(fixture, path, { method: "POST" });
      assert.equal(status, 404, path);
    }
    assert.deepEqual(closed, []);
    const longest = "x".repeat(128);
    await ask(fixture, `/connections/${longest}/close`, { method: "POST" });
    assert.deepEqual(closed, [longest]);
  });

  it("stand on the index with a command, and no link to what is no page", async () => {
    const fixture = await started({}, { routes: [closing([]), get("/rooms/:room")] });
    const text = await ask(fixture, "/");
    assert.match(text.body, /\/connections\/:key\/close +ends one connection/);
    assert.match(text.body, /curl -X POST http:\/\/127\.0\.0\.1:\d+\/connections\/KEY\/close/);
    const page = await ask(fixture, "/", { headers: { accept: BROWSER } });
    assert.match(page.body, /<dt>\/rooms\/:room<\/dt>/);
    assert.match(page.body, /<a href="\/info">/);
  });

  it("take the place of a page with the same path", async () => {
    const route = { ...get("/connections"), group: "Inside", description: "who is here" };
    const fixture = await started({}, { routes: [route] });
    assert.equal((await ask(fixture, "/connections")).body, '{"parameter":""}\n');
    const { body } = await ask(fixture, "/");
    assert.equal(body.match(/^ {2}\/connections /gm)?.length, 1);
    assert.match(body, /\/connections +who is here/);
  });

  it("answer 500 when they fail, and the log says why", async () => {
    const endpoint = (): never => {
      throw new Error("no rooms");
    };
    const fixture = await started({}, { routes: [{ ...get("/rooms"), endpoint }] });
    assert.equal((await ask(fixture, "/rooms")).status, 500);
    assert.equal(fixture.logger.lines[0]?.message, "ops endpoint failed");
  });

  it("are refused at once when nobody could ask for them", () => {
    for (const path of ["", "rooms", "/a/", "//", "/A", "/:x", "/a/:x/:y", "/a?b", "/a/:"]) {
      assert.throws(() => new Fixture({}, { routes: [get(path)] }), /ops routes: /, path);
    }
    const twice = [get("/a/:x"), get("/a/:y")];
    assert.throws(() => new Fixture({}, { routes: twice }), /two routes answer to \/a\/:y/);
  });
});

describe("the table of routes", () => {
  it("leaves that of a service without routes as it is", () => {
    assert.deepEqual(withRoutes(ROUTES), ROUTES);
  });

  it("finds a plain path before one with a parameter", () => {
    const [any, one] = [get("/a/:x"), get("/a/b")];
    assert.deepEqual(findRoute([any, one], "/a/b"), { route: one, parameter: "" });
    assert.deepEqual(findRoute([any, one], "/a/c"), { route: any, parameter: "c" });
    assert.equal(findRoute([any, one], "/a/:x"), undefined);
    assert.equal(findRoute([any, one], "/a"), undefined);
    // The parts of the pattern may not lie over each other.
    assert.equal(findRoute([get("/a/:x/a")], "/a/a"), undefined);
  });
});

function get(path: string): OpsRoute {
  return {
    path,
    method: "GET",
    endpoint: (_view, request) => jsonReply(request, { parameter: request.parameter }),
    group: "Rooms",
    description: "one room",
  };
}

function closing(closed: string[]): OpsRoute {
  return {
    path: "/connections/:key/close",
    method: "POST",
    endpoint: (_view, { parameter }) => {
      closed.push(parameter);
      return textReply(200, "closed");
    },
    group: "Actions",
    description: "ends one connection",
  };
}
