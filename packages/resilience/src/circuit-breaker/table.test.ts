import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  ManualClock,
  MemoryLogger,
  SeededRandom,
  STATE_KIND,
  StateRegistry,
  StatsRegistry,
} from "@holdfast/core";
import { type Breaker, REFUSED } from "./breaker.ts";
import { completeCircuitBreakerLiveOptions } from "./options.ts";
import { BreakerTable } from "./table.ts";

describe("the table of breakers", () => {
  it("shows every breaker, closed ones too, with what it has counted", () => {
    const { clock, table, create } = rig();
    const [healthy, sick] = [create("get"), create("put", "10.0.0.7:9090")];
    clock.advance(1_000);
    healthy.settle(healthy.tryAcquire(), "success");
    healthy.settle(healthy.tryAcquire(), "success");
    healthy.settle(healthy.tryAcquire(), "timeout");
    healthy.tryAcquire();
    trip(sick);
    assert.equal(sick.tryAcquire(), REFUSED);
    const shared = { caller: "feed", callee: "history", mode: "on", probes: 0 };
    const [first, second, ...more] = table.rows();
    assert.deepEqual(more, []);
    assert.deepEqual(first, {
      ...shared,
      ...{ method: "get", instance: "", state: "closed", concurrency: 1 },
      ...{ successes: 2, failures: 0, timeouts: 1, consecutiveErrors: 1, errorRate: 0.3333 },
      ...{ refused: 0, openUntilEpochMs: null, lastTransition: null },
    });
    const nowEpochMs = clock.epochMs();
    const { openUntilEpochMs, ...rest } = second!;
    assert.ok(openUntilEpochMs! > nowEpochMs && openUntilEpochMs! <= nowEpochMs + 7_500);
    const why = "20 failures and 0 timeouts in 20 calls";
    assert.deepEqual(rest, {
      ...shared,
      ...{ method: "put", instance: "10.0.0.7:9090", state: "open", concurrency: 0 },
      ...{ successes: 0, failures: 20, timeouts: 0, consecutiveErrors: 20, errorRate: 1 },
      ...{ refused: 1, lastTransition: { from: "closed", to: "open", atEpochMs: nowEpochMs, why } },
    });
  });

  it("forgets by itself, though no call comes", () => {
    const { clock, table, create } = rig();
    const breaker = create("get");
    breaker.settle(breaker.tryAcquire(), "success");
    clock.advance(10_000);
    assert.equal(table.rows()[0]?.successes, 0);
  });

  it("stands in the state registry until it is closed", () => {
    const { registry, table, create } = rig();
    create("get");
    const [shown] = registry.snapshots(STATE_KIND.breakers);
    assert.deepEqual(shown, { name: "breakers", kind: "breakers", state: table.rows() });
    table.close();
    assert.deepEqual(registry.snapshots(), []);
  });

  it("says in the metrics how many there are in which state", () => {
    const { stats, clock, table, numbers, create } = rig();
    create("get");
    create("put");
    const scan = create("scan");
    trip(scan);
    assert.deepEqual(numbers("holdfast_breakers"), { closed: 2, "half-open": 0, open: 1 });
    clock.advance(10_000);
    scan.tryAcquire();
    assert.deepEqual(numbers("holdfast_breakers"), { closed: 2, "half-open": 1, open: 0 });
    const other = new BreakerTable({ clock, random: new SeededRandom(1), stats });
    other.create(scan.site, scan.options);
    assert.deepEqual(numbers("holdfast_breakers"), { closed: 3, "half-open": 1, open: 0 });
    table.remove(scan);
    table.remove(scan);
    assert.deepEqual(numbers("holdfast_breakers"), { closed: 3, "half-open": 0, open: 0 });
    table.close();
    assert.deepEqual(numbers("holdfast_breakers"), { closed: 1, "half-open": 0, open: 0 });
  });

  it("gives a breaker metrics of its own once it changes", () => {
    const { clock, numbers, create } = rig();
    create("put");
    const breaker = create("get");
    trip(breaker);
    breaker.tryAcquire();
    assert.deepEqual(numbers("holdfast_breaker_state"), { "feed history get ": 2 });
    assert.deepEqual(numbers("holdfast_breaker_refused"), { "feed history get ": 1 });
    clock.advance(10_000);
    breaker.tryAcquire();
    assert.deepEqual(numbers("holdfast_breaker_state"), { "feed history get ": 1 });
    assert.deepEqual(numbers("holdfast_breaker_transitions"), {
      "feed history get  open": 1,
      "feed history get  half-open": 1,
    });
  });

  it("writes every change into the log, an opening as a warning", () => {
    const { clock, logger, create } = rig();
    const breaker = create("get");
    trip(breaker);
    clock.advance(10_000);
    for (let probe = 0; probe < 3; probe++) {
      breaker.settle(breaker.tryAcquire(), "success");
      clock.advance(200);
    }
    assert.deepEqual(
      logger.lines.map(({ level, message }) => `${level} ${message}`),
      ["warn circuit breaker opened", "info circuit breaker probes", "info circuit breaker closed"],
    );
    const { method, why } = logger.lines[0]!.fields;
    assert.deepEqual([method, why], ["get", "20 failures and 0 timeouts in 20 calls"]);
  });

  it("forgets a breaker that is taken away, metrics and all", () => {
    const { table, numbers, create } = rig();
    const breaker = create("get");
    trip(breaker);
    table.remove(breaker);
    assert.deepEqual(table.rows(), []);
    for (const name of ["state", "refused", "transitions"]) {
      assert.deepEqual(numbers(`holdfast_breaker_${name}`), {}, name);
    }
    breaker.reset("still usable");
    assert.deepEqual(numbers("holdfast_breaker_transitions"), {}, "and stays forgotten");
  });

  it("has a bound, beyond which breakers work unseen", () => {
    const { table, create } = rig(2);
    create("get");
    create("put");
    const unseen = create("scan");
    trip(unseen);
    assert.equal(unseen.tryAcquire(), REFUSED);
    assert.equal(table.rows().length, 2);
    assert.equal(table.unlisted, 1);
    assert.throws(() => rig(0), /rowsMax is 0; it must be a whole number from 1/);
  });
});

interface Rig {
  readonly clock: ManualClock;
  readonly registry: StateRegistry;
  readonly stats: StatsRegistry;
  readonly logger: MemoryLogger;
  readonly table: BreakerTable;
  readonly create: (method: string, instance?: string) => Breaker;
  /** What a metric says, by its labels. */
  readonly numbers: (name: string) => Record<string, number>;
}

function rig(rowsMax?: number): Rig {
  const clock = new ManualClock();
  const registry = new StateRegistry();
  const stats = new StatsRegistry();
  const logger = new MemoryLogger();
  const bound = rowsMax === undefined ? {} : { rowsMax };
  const random = new SeededRandom(1);
  const table = new BreakerTable({ clock, random, registry, stats, logger, ...bound });
  const options = completeCircuitBreakerLiveOptions();
  const create = (method: string, instance?: string): Breaker => {
    const site = { caller: "feed", callee: "history", method };
    return table.create(instance === undefined ? site : { ...site, instance }, options);
  };
  const numbers = (name: string): Record<string, number> => {
    const found: Record<string, number> = {};
    for (const family of stats.families()) {
      if (family.name !== name) continue;
      for (const { labelValues, metric } of family) {
        if ("value" in metric) found[labelValues.join(" ")] = metric.value;
      }
    }
    return found;
  };
  return { clock, registry, stats, logger, table, create, numbers };
}

function trip(breaker: Breaker): void {
  for (let index = 0; index < 20; index++) breaker.settle(breaker.tryAcquire(), "failure");
  assert.equal(breaker.stateKind, "open");
}
