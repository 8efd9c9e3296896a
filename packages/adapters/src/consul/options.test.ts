import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { completeConsulRegistrarOptions } from "./registrar-options.ts";
import { completeConsulResolverOptions } from "./resolver-options.ts";

describe("options of Consul", () => {
  it("are complete when nothing is given", () => {
    assert.deepEqual(completeConsulResolverOptions({}).addresses, ["127.0.0.1:8500"]);
    assert.deepEqual(completeConsulRegistrarOptions({}).check, { kind: "ttl", ttlMs: 15_000 });
  });

  for (const [options, message] of [
    [{ addresses: [] }, /addresses is empty/],
    [{ addresses: ["http://consul"] }, /"http:\/\/consul"; it must be host:port/],
    [{ token: "from a file\n" }, /token has a space, a line end/],
    [{ backoffMinMs: 500, backoffMaxMs: 100 }, /backoffMaxMs is 100, below backoffMinMs, 500/],
    [{ waitMs: 999 }, /waitMs is 999; it must be from 1000 to 600000/],
    [{ doubtMs: -1 }, /doubtMs is -1/],
    [{ queryIntervalMinMs: 0 }, /queryIntervalMinMs is 0/],
    [{ replyMaxBytes: NaN }, /replyMaxBytes is NaN/],
  ] as const) {
    it(`of the resolver are refused: ${JSON.stringify(options)}`, () => {
      assert.throws(() => completeConsulResolverOptions(options), { name: "RangeError", message });
    });
  }

  for (const [options, message] of [
    [{ check: { kind: "ttl", ttlMs: 10 } }, /check.ttlMs is 10/],
    [
      { check: { kind: "http", url: "http://a/", intervalMs: 2_000, timeoutMs: 3_000 } },
      /check.timeoutMs is 3000; it must be from 100 to 2000/,
    ],
    [
      { check: { kind: "http", url: "/readyz", intervalMs: 2_000, timeoutMs: 500 } },
      /check.url is "\/readyz"; it must be like http:/,
    ],
    [{ deregisterCriticalAfterMs: 59_999 }, /deregisterCriticalAfterMs is 59999/],
    [{ meta: { "a b": "c" } }, /meta has the key "a b"/],
    [{ meta: { a: "c".repeat(513) } }, /meta.a has 513 characters; Consul takes 512/],
    [{ zoneMetaKey: "" }, /meta has the key ""/],
  ] as const) {
    it(`of the registrar are refused: ${message.source}`, () => {
      assert.throws(() => completeConsulRegistrarOptions(options), { name: "RangeError", message });
    });
  }
});
