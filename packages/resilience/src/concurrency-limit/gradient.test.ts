/** Where the gradient finds the knee, and what Gradient2 of Netflix does in the same place. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { SeededRandom } from "@holdfast/core";
import { Gradient } from "./gradient.ts";
import { ADAPTIVE_CONCURRENCY_LIMIT_DEFAULTS } from "./options.ts";
import { Gradient2, WindowedGradient2 } from "./testing/gradient2.ts";
import { type ComparedScenario, SCENARIOS } from "./testing/limit-scenarios.ts";
import { type LimitUnderTest, simulateLimit } from "./testing/limit-simulation.ts";

const SEED = 7;

describe("the gradient", () => {
  it("grows while more calls are more throughput, and only while they are there", () => {
    const gradient = new Gradient(ADAPTIVE_CONCURRENCY_LIMIT_DEFAULTS);
    const busy = new Clocked(gradient);
    busy.sampleFor(1_000, 10, () => gradient.limit);
    assert.ok(gradient.limit > 25, `${gradient.limit}`);
    busy.sampleFor(6_000, 10, () => gradient.limit);
    // The window that was half over still counts.
    busy.sampleFor(1_000, 10, () => 10);
    const grown = gradient.limit;
    assert.ok(grown > 100, `${grown}`);
    busy.sampleFor(5_000, 10, () => 10);
    assert.equal(gradient.limit, grown);
  });

  it("falls to what is worth having when work becomes slower with the number of calls", () => {
    const gradient = new Gradient(ADAPTIVE_CONCURRENCY_LIMIT_DEFAULTS);
    const service = new Clocked(gradient);
    service.sampleFor(
      10_000,
      (calls) => Math.max(10, calls),
      () => gradient.limit,
    );
    assert.ok(gradient.limit >= 10 && gradient.limit <= 14, `${gradient.limit}`);
    assert.ok(Math.abs(gradient.baseMs - 10) < 1, `${gradient.baseMs}`);
  });

  it("never leaves its range", () => {
    const options = { ...ADAPTIVE_CONCURRENCY_LIMIT_DEFAULTS, callsMin: 6, callsMax: 30 };
    const gradient = new Gradient(options);
    const service = new Clocked(gradient);
    service.sampleFor(5_000, 10, () => gradient.limit);
    assert.equal(gradient.limit, 30);
    service.sampleFor(
      20_000,
      (calls) => 20 * calls,
      () => gradient.limit,
    );
    assert.ok(gradient.limit >= 6 && gradient.limit <= 8, `${gradient.limit}`);
  });

  it("survives work that takes no time at all", () => {
    const gradient = new Gradient(ADAPTIVE_CONCURRENCY_LIMIT_DEFAULTS);
    new Clocked(gradient).sampleFor(1_000, 0, () => gradient.limit);
    assert.ok(gradient.limit >= 20);
  });

  it("probes with half of the limit, seldom while nothing is new", () => {
    const gradient = new Gradient(ADAPTIVE_CONCURRENCY_LIMIT_DEFAULTS);
    const service = new Clocked(gradient);
    const limits = new Set<number>();
    const latency = (calls: number): number => Math.max(10, calls / 4);
    service.sampleFor(60_000, latency, () => {
      limits.add(gradient.limit);
      return gradient.limit;
    });
    assert.ok(Math.min(...limits) < 30 && Math.max(...limits) >= 40);
    assert.ok(gradient.probes >= 6 && gradient.probes <= 20, `${gradient.probes}`);
  });
});

/** Calls of one latency after another, as many at once as the limit allows. */
class Clocked {
  private nowMs = 0;
  private readonly gradient: Gradient;

  constructor(gradient: Gradient) {
    this.gradient = gradient;
  }

  sampleFor(
    forMs: number,
    latency: number | ((calls: number) => number),
    callsAtWork: () => number,
  ): void {
    const endMs = this.nowMs + forMs;
    while (this.nowMs < endMs) {
      const calls = callsAtWork();
      const latencyMs = typeof latency === "number" ? latency : latency(calls);
      this.nowMs += Math.max(0.01, latencyMs / calls);
      this.gradient.sample(this.nowMs, latencyMs, calls);
    }
  }
}

class Ours implements LimitUnderTest {
  private readonly gradient = new Gradient(ADAPTIVE_CONCURRENCY_LIMIT_DEFAULTS);

  get limit(): number {
    return this.gradient.limit;
  }

  sample(nowMs: number, latencyMs: number, _callsAtStart: number, callsAtEnd: number): void {
    this.gradient.sample(nowMs, latencyMs, callsAtEnd);
  }
}

/** Parts of the ideal. */
interface Relative {
  readonly limit: number;
  readonly goodput: number;
  readonly p99: number;
}

function run(limit: LimitUnderTest, scenario: ComparedScenario, seed = SEED): Relative {
  const result = simulateLimit(limit, scenario, new SeededRandom(seed));
  return {
    limit: result.limit / scenario.idealLimit,
    goodput: result.goodputPerSecond / scenario.idealPerSecond,
    p99: result.p99Ms / scenario.unloadedP99Ms,
  };
}

function cells({ limit, goodput, p99 }: Relative): string {
  return `${limit.toFixed(2)} / ${(goodput * 100).toFixed(0)} % / ${p99.toFixed(2)}`;
}

describe("the gradient beside Gradient2: limit / goodput / p99, as parts of the ideal", () => {
  const lines = ["scenario | ours | Gradient2 | Gradient2, windows of 1 s"];
  for (const scenario of SCENARIOS) {
    it(`${scenario.name}: all the throughput at the latency of a service without load`, (test) => {
      const ours = run(new Ours(), scenario);
      const theirs = run(new Gradient2(), scenario);
      const windowed = run(new WindowedGradient2(), scenario);
      lines.push([scenario.name, cells(ours), cells(theirs), cells(windowed)].join(" | "));
      test.diagnostic(lines.at(-1)!);
      assert.ok(ours.goodput >= 0.93, `goodput ${ours.goodput}`);
      assert.ok(ours.p99 <= 1.5, `p99 ${ours.p99}`);
      assert.ok(ours.limit >= 1 && ours.limit <= 1.5, `limit ${ours.limit}`);
      // The comparison is with a thing that works: it finds throughput, too.
      assert.ok(theirs.goodput >= 0.6 && windowed.goodput >= 0.6);
    });
  }

  it("holds its bounds with other seeds", () => {
    for (const scenario of SCENARIOS) {
      for (const seed of [1, 2, 3]) {
        const { limit, goodput, p99 } = run(new Ours(), scenario, seed);
        const what = `${scenario.name}, seed ${seed}: ${limit}, ${goodput}, ${p99}`;
        assert.ok(goodput >= 0.93 && p99 <= 1.5 && limit >= 1 && limit <= 1.5, what);
      }
    }
  });

  it("where Gradient2 takes a lasting overload for normal, ours does not", () => {
    const scenario = SCENARIOS.find(({ name }) => name === "overload, 2")!;
    assert.ok(run(new Gradient2(), scenario).p99 > 2.5);
    assert.ok(run(new Ours(), scenario).p99 < 1.3);
  });
});
