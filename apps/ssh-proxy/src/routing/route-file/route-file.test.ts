import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type Resolution, ServiceError, StaticResolver } from "holdfast";
import type { BackendPool } from "../backend-pools.ts";
import { HOST_KEY, MAIN, requestFor, RouteDesk } from "../testing/route-desk.ts";
import { completeRouteFileOptions } from "./options.ts";

const ROUTES = [
  { account: "aviato", repository: "docs/**", access: "read", backend: "main", path: "/docs/{1}" },
  { account: "aviato", repository: "*/*.git", backend: "main", path: "/git/{account}/{1}/{2}.git" },
  {
    ...{ account: "*", repository: "hg/*", verbs: ["hg-serve"] },
    ...{ backend: "main", path: "/hg/{name}/{1}" },
  },
];
const GOOD = { backends: { main: MAIN }, routes: ROUTES };

function hostsOf(pool: BackendPool | undefined): string[] {
  let resolution: Resolution | undefined;
  pool?.resolver.watch(pool.name, (now) => (resolution = now)).close();
  return (resolution?.instances ?? []).map(({ id }) => id);
}

describe("a file of routes", () => {
  it("names pools of backends, with their defaults", async () => {
    const file = await new RouteDesk().open(GOOD);
    const pool = file.pool("main")!;
    assert.deepEqual(file.pools, [pool]);
    assert.deepEqual([pool.name, pool.user, pool.key], ["main", "git", "proxy"]);
    assert.deepEqual(pool.hostKeys, [HOST_KEY]);
    assert.deepEqual(hostsOf(pool), ["10.0.0.7:22", "10.0.0.8:22"]);
    assert.equal(file.pool("other"), undefined);
    assert.equal(file.pool("__proto__"), undefined);
  });

  it("gives the first route that fits", async () => {
    const desk = new RouteDesk();
    const file = await desk.open(GOOD);
    const path = async (...request: Parameters<typeof requestFor>): Promise<string> =>
      (await file.route(desk.context(), requestFor(...request))).path;
    assert.equal(await path("docs/a/b"), "/docs/a/b");
    assert.equal(await path("docs/x.git"), "/docs/x.git");
    assert.equal(await path("team/x.git"), "/git/aviato/team/x.git");
    const push = { verb: "git-receive-pack" } as const;
    assert.equal(await path("team/x.git", push), "/git/aviato/team/x.git");
    assert.equal(await path("hg/x", { verb: "hg-serve", account: "hooli" }), "/hg/erlich/x");
    const none = { code: "not-found", message: /^There is no such repository, or you may not/ };
    await assert.rejects(path("hg/x"), none);
    await assert.rejects(path("team/x.git", { account: "hooli" }), none);
    await assert.rejects(path("team/x"), none);
  });

  it("lets nobody write where only reading is allowed, and says so to who may read", async () => {
    const desk = new RouteDesk();
    const file = await desk.open(GOOD);
    for (const [verb, message] of [
      ["git-receive-pack", /^You may only read this repository\.$/],
      ["hg-serve", /^You may only read this repository, and Mercurial's command could write\.$/],
    ] as const) {
      const asked = file.route(desk.context(), requestFor("docs/a", { verb }));
      // oxlint-disable-next-line no-await-in-loop
      await assert.rejects(asked, { code: "not-found", message });
    }
  });

  it("sends nobody elsewhere whose account is called like a path", async () => {
    const desk = new RouteDesk();
    const route = { account: "*", repository: "*", backend: "main", path: "/git/{account}/{1}" };
    const file = await desk.open({ backends: { main: MAIN }, routes: [route] });
    for (const account of ["..", "../../etc", "a/b", "-x"]) {
      const asked = file.route(desk.context(), requestFor("x", { account }));
      // oxlint-disable-next-line no-await-in-loop
      await assert.rejects(asked, { code: "not-found" });
    }
  });

  it("is followed; what cannot be taken changes nothing, and is said once", async () => {
    const desk = new RouteDesk();
    const file = await desk.open(GOOD);
    const pool = file.pool("main");
    const route = { account: "*", repository: "x", backend: "nain", path: "/new/x" };
    desk.write({ backends: { main: MAIN }, routes: [route] });
    await desk.looked();
    await desk.looked();
    assert.match(file.complaint!, /\/routes\/0\/backend: must be the name of one of the backends/);
    await assert.rejects(file.route(desk.context(), requestFor("x")), { code: "not-found" });
    desk.content = Object.assign(new Error("gone"), { code: "ENOENT" });
    await desk.looked();
    assert.equal(file.complaint, "there is no such file");
    assert.equal(file.pool("main"), pool);
    const [shown] = desk.registry.snapshots("routes");
    assert.equal((shown as { state: { problem: string } }).state.problem, "there is no such file");
    assert.equal(desk.logger.lines.filter(({ level }) => level === "warn").length, 2);
    desk.write({ backends: { main: MAIN }, routes: [{ ...route, backend: "main" }] });
    await desk.looked();
    assert.equal(file.complaint, undefined);
    assert.deepEqual(await file.route(desk.context(), requestFor("x")), {
      backend: "main",
      path: "/new/x",
    });
    file.close();
    assert.equal(desk.clock.scheduledCount, 0);
    assert.deepEqual(desk.registry.snapshots(), []);
  });

  it("keeps the pools that stay what they are, and tells them of other hosts", async () => {
    const desk = new RouteDesk();
    const other = { ...MAIN, user: "hg" };
    const file = await desk.open({ backends: { main: MAIN, other }, routes: [] });
    const [main, second] = file.pools;
    const heard: string[] = [];
    main!.resolver.watch("main", ({ instances }) => {
      heard.push(instances.map(({ id }) => id).join());
    });
    const moved = { ...MAIN, hosts: ["10.0.0.9:22"] };
    desk.write({ backends: { other: { ...other, user: "git" }, main: moved }, routes: [] });
    await desk.looked();
    assert.equal(file.pool("main"), main);
    assert.notEqual(file.pool("other"), second);
    assert.deepEqual(heard, ["10.0.0.7:22,10.0.0.8:22", "10.0.0.9:22"]);
    desk.write({ backends: {}, routes: [] });
    await desk.looked();
    assert.deepEqual(file.pools, []);
  });

  it("may leave the hosts of a pool to a service that knows them", async () => {
    const desk = new RouteDesk();
    const opened: string[] = [];
    const instances = [{ kind: "tcp", host: "10.1.1.1", port: 22 }] as const;
    const consul = new StaticResolver(desk.clock, {
      "git-ssh": instances.map((address) => ({
        ...{ id: "one", address, weight: 2, zone: "", tags: [] },
      })),
    });
    const from = "consul:127.0.0.1:8500";
    const cloud = { service: "git-ssh", from, hostKeys: [HOST_KEY] };
    const file = await desk.open({ backends: { cloud }, routes: [] }, (...source) => {
      opened.push(source.join(" "));
      return consul;
    });
    assert.deepEqual(hostsOf(file.pool("cloud")), ["one"]);
    assert.equal(file.pool("cloud")!.resolver.name, "static list, service git-ssh");
    desk.write({ backends: { cloud, main: MAIN }, routes: [] });
    await desk.looked();
    assert.deepEqual(opened, ["consul:127.0.0.1:8500 git-ssh"]);
    const refused = new RouteDesk().open({ backends: { cloud }, routes: [] });
    await assert.rejects(refused, /hosts of a service are not known here/);
  });

  it("that cannot be taken at the start is an error", async () => {
    const desk = new RouteDesk();
    await assert.rejects(desk.open("{"), (error) => {
      assert.ok(error instanceof ServiceError);
      assert.equal(error.code, "invalid");
      assert.match(error.message, /^routes\.json: it is no JSON: /);
      return true;
    });
    assert.equal(desk.clock.scheduledCount, 0);
  });

  it("gives no route to a request that is over", async () => {
    const desk = new RouteDesk();
    const file = await desk.open(GOOD);
    const { context, cancel } = desk.context().withCancel();
    cancel(new ServiceError("cancelled", "gone"));
    await assert.rejects(file.route(context, requestFor("docs/a")), { code: "cancelled" });
  });

  it("refuses options out of range", () => {
    assert.throws(() => completeRouteFileOptions({ lookMs: 1 }), /lookMs is 1; .* 10 to 3600000/);
    assert.throws(() => completeRouteFileOptions({ hostsMax: NaN }), RangeError);
  });
});
