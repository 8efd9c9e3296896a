import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ManualClock } from "../time/manual-clock.ts";
import type { Resolution } from "./resolver.ts";
import { instanceAt, StaticResolver } from "./static-resolver.ts";

const ONE = instanceAt({ kind: "tcp", host: "one", port: 1 });
const TWO = instanceAt({ kind: "unix", path: "/run/two" }, { id: "two", weight: 3, zone: "z" });

describe("a static list", () => {
  it("is told at once, and whenever it is set", () => {
    const clock = new ManualClock();
    const resolver = new StaticResolver(clock, { feed: [ONE] });
    const told: Resolution[] = [];
    const watch = resolver.watch("feed", (resolution) => told.push(resolution));
    clock.advance(50);
    resolver.set("feed", [ONE, TWO]);
    assert.deepEqual(told, [
      { instances: [ONE], confirmedMs: 0, stale: undefined },
      { instances: [ONE, TWO], confirmedMs: 50, stale: undefined },
    ]);
    assert.equal(watch.current, told[1]);
    watch.close();
    resolver.set("feed", []);
    assert.equal(told.length, 2);
  });

  it("that nobody has set yet is waited for", () => {
    const resolver = new StaticResolver(new ManualClock(), { feed: [ONE] });
    const told: Resolution[] = [];
    const watch = resolver.watch("history", (resolution) => told.push(resolution));
    assert.equal(watch.current, undefined);
    resolver.set("history", [TWO]);
    assert.deepEqual(told[0]!.instances, [TWO]);
  });

  it("may be said to be stale, and keeps its age until it is not", () => {
    const clock = new ManualClock();
    const resolver = new StaticResolver(clock, { feed: [ONE] });
    const watch = resolver.watch("feed", () => undefined);
    clock.advance(100);
    resolver.setStale("lost");
    assert.deepEqual(watch.current, { instances: [ONE], confirmedMs: 0, stale: "lost" });
    resolver.setStale(undefined);
    assert.deepEqual(watch.current, { instances: [ONE], confirmedMs: 100, stale: undefined });
  });
});

describe("an instance of which only the address is given", () => {
  it("is called by it, and weighs 1", () => {
    assert.deepEqual(ONE, {
      id: "one:1",
      address: { kind: "tcp", host: "one", port: 1 },
      weight: 1,
      zone: "",
      tags: [],
    });
    assert.equal(TWO.id, "two");
  });
});
