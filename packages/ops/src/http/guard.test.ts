import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ServiceError } from "@holdfast/core";
import type { OpsOptions } from "../ops-options.ts";
import { ask, Fixture, started } from "../testing/ops-fixture.ts";

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
