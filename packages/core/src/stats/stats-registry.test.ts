import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { StatsRegistry } from "./stats-registry.ts";
import type { AnyMetricFamily } from "./stats-registry.ts";

function family(stats: StatsRegistry, name: string): AnyMetricFamily {
  return [...stats.families()].find((one) => one.name === name)!;
}

function valuesOf(found: AnyMetricFamily): Record<string, number> {
  const values: Record<string, number> = {};
  for (const { labelValues, metric } of found) {
    values[labelValues.join()] = "value" in metric ? metric.value : metric.snapshot().count;
  }
  return values;
}

describe("StatsRegistry", () => {
  it("gives the same metric for the same name and labels", () => {
    const stats = new StatsRegistry();
    const calls = stats.counter({ name: "calls", help: "Calls", labels: ["method"] });
    calls.of("get").add();
    stats
      .counter({ name: "calls", help: "Calls", labels: ["method"] })
      .of("get")
      .add(2);
    calls.of("set").add(5);
    assert.deepEqual(valuesOf(family(stats, "calls")), { get: 3, set: 5 });
  });

  it("tells label values apart however they are cut", () => {
    const stats = new StatsRegistry();
    const calls = stats.counter({ name: "calls", help: "Calls", labels: ["left", "right"] });
    assert.notEqual(calls.of("a", "bc"), calls.of("ab", "c"));
    assert.notEqual(calls.of("1:a", ""), calls.of("1", ":a"));
  });

  it("counts label sets beyond the bound as one other, and says how often", () => {
    const stats = new StatsRegistry();
    const labels = ["method", "code"];
    const calls = stats.counter({ name: "calls", help: "Calls", labels, labelSetsMax: 2 });
    for (const method of ["a", "b", "c", "d", "a"]) calls.of(method, "ok").add();
    assert.deepEqual(valuesOf(family(stats, "calls")), { "a,ok": 2, "b,ok": 1, "other,other": 2 });
    assert.deepEqual(valuesOf(family(stats, "holdfast_stats_label_sets_refused")), { calls: 2 });
  });

  it("makes room again when a label set is removed", () => {
    const stats = new StatsRegistry();
    const open = stats.gauge({ name: "open", help: "Open", labels: ["peer"], labelSetsMax: 1 });
    open.of("a").set(3);
    open.remove("a");
    open.of("b").set(4);
    assert.deepEqual(valuesOf(family(stats, "open")), { b: 4 });
  });

  it("cuts label values that nobody would read to the end", () => {
    const stats = new StatsRegistry();
    const calls = stats.counter({ name: "calls", help: "Calls", labels: ["method"] });
    assert.equal(calls.of("x".repeat(1_000)), calls.of("x".repeat(2_000)));
  });

  it("counts values that are shown alike as one series", () => {
    const stats = new StatsRegistry();
    const calls = stats.counter({ name: "calls", help: "Calls", labels: ["method"] });
    assert.equal(calls.of("a\n"), calls.of("a\\u000a"));
    assert.equal(calls.of("\ud800"), calls.of("\ud801"));
    assert.equal([...calls].length, 2);
  });

  it("reads a computed value when it is read, and not after it was taken away", () => {
    const stats = new StatsRegistry();
    let queue = 1;
    const description = { name: "queue_length", help: "Waiting", labels: ["queue"] };
    const remove = stats.reading("gauge", description, () => queue, "first");
    queue = 7;
    assert.deepEqual(valuesOf(family(stats, "queue_length")), { first: 7 });
    remove();
    assert.deepEqual(valuesOf(family(stats, "queue_length")), {});
  });

  it("leaves a newer reading when an older one is taken away", () => {
    const stats = new StatsRegistry();
    const description = { name: "queue_length", help: "Waiting" };
    const removeOld = stats.reading("gauge", description, () => 1);
    stats.reading("gauge", description, () => 2);
    removeOld();
    assert.deepEqual(valuesOf(family(stats, "queue_length")), { "": 2 });
  });

  it("keeps readings within the bound too", () => {
    const stats = new StatsRegistry();
    const description = { name: "length", help: "Waiting", labels: ["queue"], labelSetsMax: 1 };
    stats.reading("gauge", description, () => 1, "a");
    const removeRefused = stats.reading("gauge", description, () => 2, "b");
    removeRefused();
    assert.deepEqual(valuesOf(family(stats, "length")), { a: 1 });
    assert.deepEqual(valuesOf(family(stats, "holdfast_stats_label_sets_refused")), { length: 1 });
  });

  it("records durations in milliseconds for a metric in seconds", () => {
    const stats = new StatsRegistry();
    const durations = stats.histogram({
      name: "duration_seconds",
      help: "Duration",
      unit: "seconds",
      recordedPerUnit: 1_000,
    });
    durations.of().record(250);
    assert.equal(durations.recordedPerUnit, 1_000);
    assert.equal(durations.of().snapshot().max, 250);
  });

  it("refuses one name in two shapes", () => {
    const stats = new StatsRegistry();
    stats.counter({ name: "calls", help: "Calls", labels: ["method"] });
    assert.throws(() => stats.gauge({ name: "calls", help: "Calls" }), /registered as counter/);
    assert.throws(() => stats.counter({ name: "calls", help: "Calls" }), /registered as counter/);
  });

  it("refuses names that a scraper would misread", () => {
    const stats = new StatsRegistry();
    const refused = [
      { name: "Calls", help: "x" },
      { name: "calls-in", help: "x" },
      { name: "calls_total", help: "x" },
      { name: "duration", help: "x", unit: "seconds" },
      { name: "calls", help: "" },
      { name: "calls", help: "x", labels: ["le"] },
      { name: "calls", help: "x", labels: ["not good"] },
    ];
    for (const description of refused) assert.throws(() => stats.counter(description), RangeError);
  });

  it("refuses a wrong number of label values", () => {
    const calls = new StatsRegistry().counter({ name: "calls", help: "x", labels: ["method"] });
    assert.throws(() => calls.of(), /has 1 labels, 0 values given/);
    assert.throws(() => calls.of("a", "b"), /has 1 labels, 2 values given/);
  });

  it("refuses metrics beyond its bound", () => {
    const stats = new StatsRegistry({ familiesMax: 2 });
    stats.counter({ name: "first", help: "x" });
    assert.throws(() => stats.counter({ name: "second", help: "x" }), /metric 3 of 2/);
  });
});
