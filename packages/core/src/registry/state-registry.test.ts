import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { STATE_KIND, StateRegistry } from "./state-registry.ts";

describe("StateRegistry", () => {
  it("takes the picture when it is asked for, in the order of registration", () => {
    const registry = new StateRegistry();
    let open = 1;
    registry.register({ name: "server", kind: STATE_KIND.connections, snapshot: () => open });
    registry.register({ name: "server", kind: STATE_KIND.options, snapshot: () => ({ a: 1 }) });
    open = 2;
    assert.deepEqual(registry.snapshots(), [
      { name: "server", kind: "connections", state: 2 },
      { name: "server", kind: "options", state: { a: 1 } },
    ]);
    assert.deepEqual(registry.snapshots("options"), [
      { name: "server", kind: "options", state: { a: 1 } },
    ]);
    assert.deepEqual(registry.snapshots("none"), []);
  });

  it("shows a snapshot that fails, and the others all the same", () => {
    const registry = new StateRegistry();
    const fail = (error: unknown) => () => {
      throw error;
    };
    registry.register({ name: "a", kind: "x", snapshot: fail(new Error("no\nluck")) });
    registry.register({ name: "b", kind: "x", snapshot: fail("text") });
    registry.register({ name: "c", kind: "x", snapshot: () => 3 });
    assert.deepEqual(registry.snapshots(), [
      { name: "a", kind: "x", error: "no\\u000aluck" },
      { name: "b", kind: "x", error: "text" },
      { name: "c", kind: "x", state: 3 },
    ]);
  });

  it("takes away one registration at a time", () => {
    const registry = new StateRegistry();
    const part = { name: "a", kind: "x", snapshot: () => 1 };
    const remove = registry.register(part);
    registry.register(part);
    remove();
    remove();
    assert.equal(registry.snapshots().length, 1);
  });

  it("counts what exceeds its bound instead of growing", () => {
    const registry = new StateRegistry({ partsMax: 1 });
    const remove = registry.register({ name: "a", kind: "x", snapshot: () => 1 });
    const removeRefused = registry.register({ name: "b", kind: "x", snapshot: () => 2 });
    removeRefused();
    assert.equal(registry.snapshots().length, 1);
    assert.equal(registry.refusedCount, 1);
    remove();
    registry.register({ name: "c", kind: "x", snapshot: () => 3 });
    assert.equal(registry.snapshots()[0]?.name, "c");
  });
});
