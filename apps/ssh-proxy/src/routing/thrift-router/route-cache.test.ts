import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ManualClock } from "holdfast";
import { completeThriftRouterOptions } from "./options.ts";
import { RouteCache } from "./route-cache.ts";

describe("answers that are kept", () => {
  it("are forgotten after their time", () => {
    const clock = new ManualClock();
    const cache = new RouteCache<string>(clock, 10);
    cache.put("a", "long", 1_000);
    cache.put("b", "short", 10);
    cache.put("c", "not at all", 0);
    assert.deepEqual(
      [cache.get("a"), cache.get("b"), cache.get("c")],
      ["long", "short", undefined],
    );
    clock.advance(10);
    assert.deepEqual([cache.get("a"), cache.get("b"), cache.size], ["long", undefined, 1]);
    clock.advance(990);
    assert.equal(cache.get("a"), undefined);
  });

  it("are never more than their limit; the oldest go first", () => {
    const cache = new RouteCache<number>(new ManualClock(), 3);
    for (let index = 0; index < 100; index++) {
      cache.put(`k${index}`, index, 1_000);
      cache.put("k0", index, index === 0 ? 1_000 : 0);
      assert.ok(cache.size <= 3);
    }
    assert.deepEqual([cache.get("k96"), cache.get("k97"), cache.get("k99")], [undefined, 97, 99]);
    cache.put("k97", 0, 1_000);
    cache.put("new", 1, 1_000);
    assert.deepEqual([cache.get("k97"), cache.get("k98"), cache.get("new")], [0, undefined, 1]);
  });
});

it("the options of asking for routes are refused out of range", () => {
  assert.throws(() => completeThriftRouterOptions({ keptMax: 0 }), /keptMax is 0; .* 1 to 1000000/);
  assert.throws(() => completeThriftRouterOptions({ foundTtlMs: NaN }), RangeError);
  const input = { callTimeoutMs: 500 };
  assert.throws(() => completeThriftRouterOptions(input), /tryTimeoutMs 900 is above .* 500/);
});
