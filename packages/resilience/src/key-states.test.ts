import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { CallKey } from "./call-traits.ts";
import { KeyStates, OTHER_KEY } from "./key-states.ts";

describe("states by key", () => {
  const keyOf = (method: string): CallKey => ({ caller: "feed", callee: "history", method });

  it("are the same for the same key object, and only for it", () => {
    const states = new KeyStates((key) => ({ key }), 10);
    const key = keyOf("get");
    assert.equal(states.of(key), states.of(key));
    assert.notEqual(states.of(key), states.of(keyOf("get")));
    assert.equal(states.of(key).key, key);
  });

  it("are at most as many as they may be, and one that the others share", () => {
    const states = new KeyStates((key) => ({ key, calls: 0 }), 2);
    for (let call = 0; call < 1_000; call++) states.of(keyOf(`method ${call}`)).calls++;
    const shown = [...states].map(([{ method }, { calls }]) => [method, calls]);
    assert.deepEqual(shown, [
      ["method 0", 1],
      ["method 1", 1],
      ["*", 998],
    ]);
    assert.equal(states.of(keyOf("one more")).key, OTHER_KEY);
  });

  it("refuse a bound that is none", () => {
    for (const keysMax of [0, -1, 1.5, NaN, Infinity]) {
      assert.throws(() => new KeyStates(() => undefined, keysMax), /keysMax is/);
    }
  });
});
