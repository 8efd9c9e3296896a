import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { readHealth } from "./health.ts";
import { InstanceView } from "./instance-view.ts";
import { healthEntry } from "./testing/scripted-transport.ts";

const DOUBT_MS = 1_000;

/** Statuses by id: `{ a: "passing" }`. */
function answer(statuses: Readonly<Record<string, string>>) {
  const list = Object.entries(statuses).map(([id, status]) => healthEntry("web", id, status));
  return readHealth(JSON.stringify(list), { service: "web", zoneMetaKey: "zone" });
}

function view(acceptWarning = true): InstanceView {
  return new InstanceView({ acceptWarning, doubtMs: DOUBT_MS });
}

function idsOf({ instances }: ReturnType<InstanceView["judge"]>): string {
  return instances.map(({ id }) => id).join("");
}

const WELL = { a: "passing", b: "passing", c: "passing" };

describe("which instances are called", () => {
  it("are those that Consul vouches for, and with a warning if it may be", () => {
    const mixed = answer({ a: "passing", b: "warning", c: "critical" });
    assert.equal(idsOf(view().judge(mixed, 0)), "ab");
    assert.equal(idsOf(view(false).judge(mixed, 0)), "a");
  });

  it("are none when all were taken off the list", () => {
    const judged = view();
    judged.judge(answer(WELL), 0);
    assert.deepEqual(judged.judge(answer({}), 1), {
      instances: [],
      doubted: 0,
      untilMs: Infinity,
    });
  });

  it("lose at once the one that fails its check", () => {
    const judged = view();
    judged.judge(answer(WELL), 0);
    assert.equal(idsOf(judged.judge(answer({ ...WELL, b: "critical" }), 1)), "ac");
  });

  it("are kept when most fail at once, and come back when the second follows the first", () => {
    const judged = view();
    judged.judge(answer(WELL), 0);
    judged.judge(answer({ ...WELL, a: "critical" }), 100);
    const second = judged.judge(answer({ ...WELL, a: "critical", b: "critical" }), 200);
    assert.equal(idsOf(second), "abc");
    assert.equal(second.doubted, 2);
    assert.equal(second.untilMs, 100 + DOUBT_MS);
  });

  it("lose those that stay critical when the doubt is over", () => {
    const judged = view();
    judged.judge(answer(WELL), 0);
    const bad = answer({ a: "critical", b: "critical", c: "critical" });
    assert.equal(idsOf(judged.judge(bad, 10)), "abc");
    assert.equal(idsOf(judged.judge(bad, 10 + DOUBT_MS - 1)), "abc");
    assert.equal(idsOf(judged.judge(bad, 10 + DOUBT_MS)), "");
  });

  it("are kept critical just after Consul was away, but not when they were taken off", () => {
    const judged = view();
    judged.judge(answer(WELL), 0);
    judged.returned(5_000);
    const back = judged.judge(answer({ a: "passing", b: "critical" }), 5_000);
    assert.equal(idsOf(back), "ab");
    assert.equal(back.doubted, 1);
    assert.equal(idsOf(judged.judge(answer({ a: "passing", b: "critical" }), 6_000)), "a");
  });

  it("are kept though they are missing when Consul has lost what it knew", () => {
    const judged = view();
    judged.judge(answer(WELL), 0);
    judged.restored(5_000);
    assert.equal(idsOf(judged.judge(answer({}), 5_000)), "abc");
    const half = judged.judge(answer({ a: "passing", d: "passing" }), 5_500);
    assert.equal(idsOf(half), "abcd");
    assert.equal(idsOf(judged.judge(answer({ a: "passing", d: "passing" }), 6_000)), "ad");
  });

  it("never have one that was never vouched for", () => {
    const judged = view();
    judged.returned(0);
    assert.equal(idsOf(judged.judge(answer({ a: "critical" }), 0)), "");
  });

  it("follow Consul to the letter where there is no doubt allowed", () => {
    const judged = new InstanceView({ acceptWarning: true, doubtMs: 0 });
    judged.judge(answer(WELL), 0);
    judged.returned(10);
    judged.restored(10);
    assert.equal(idsOf(judged.judge(answer({ a: "critical", b: "passing" }), 10)), "b");
  });
});
