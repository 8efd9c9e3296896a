import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { WriteWatch } from "./write-watch.ts";

describe("the watch over writes", () => {
  it("never finds a peer stuck that takes everything at once", () => {
    const watch = new WriteWatch();
    watch.wrote(100);
    assert.equal(watch.blocked, false);
    assert.equal(watch.isStuck(0, 1e9, 1), false);
  });

  it("finds a peer stuck that takes nothing for as long as it may", () => {
    const watch = new WriteWatch();
    watch.wrote(100);
    watch.block(100, 0);
    assert.equal(watch.isStuck(100, 999, 1_000), false);
    assert.equal(watch.isStuck(100, 1_000, 1_000), true);
  });

  it("gives it as long again after each byte it takes", () => {
    const watch = new WriteWatch();
    watch.wrote(100);
    watch.block(100, 0);
    assert.equal(watch.isStuck(99, 999, 1_000), false);
    assert.equal(watch.isStuck(99, 1_998, 1_000), false);
    assert.equal(watch.isStuck(99, 1_999, 1_000), true);
  });

  it("does not take more that is written for progress", () => {
    const watch = new WriteWatch();
    watch.wrote(100);
    watch.block(100, 0);
    watch.wrote(50);
    watch.block(150, 900);
    assert.equal(watch.isStuck(150, 1_000, 1_000), true);
  });

  it("sees progress though as much is written as is taken", () => {
    const watch = new WriteWatch();
    watch.wrote(100);
    watch.block(100, 0);
    watch.wrote(50);
    watch.block(100, 900);
    assert.equal(watch.isStuck(100, 1_000, 1_000), false);
  });

  it("begins anew when everything was taken", () => {
    const watch = new WriteWatch();
    watch.wrote(100);
    watch.block(100, 0);
    watch.unblock();
    watch.wrote(100);
    watch.block(100, 5_000);
    assert.equal(watch.isStuck(100, 5_999, 1_000), false);
  });
});
