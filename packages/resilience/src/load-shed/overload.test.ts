/**
 * Twice the load that a service can bear, behind the filters of a server as they stand by default:
 * what it still does, and what becomes of it without them. Eight workers, 10 ms (8 to 12), 800
 * calls a second; a second until callers give up.
 */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  type Filter,
  PRIORITY,
  type Random,
  SeededRandom,
  type Stack,
  stack,
} from "@holdfast/core";
import { VirtualClock } from "@holdfast/sim";
import { AdaptiveConcurrencyLimit } from "../concurrency-limit/adaptive-filter.ts";
import { ConcurrencyLimit } from "../concurrency-limit/filter.ts";
import { deadlineFilter } from "../deadline/filter.ts";
import { LoadShed } from "./filter.ts";
import {
  FixedCapacity,
  type LoadedCall,
  type LoadResult,
  runLoad,
} from "./testing/loaded-service.ts";

const WORKERS = 8;
const WORK_MS = 10;
const CAPACITY_PER_SECOND = (WORKERS / WORK_MS) * 1000;
const TIMEOUT_MS = 1_000;

interface Guard {
  readonly filter: Filter<LoadedCall, string>;
  queueAgeMs(): number;
}

/** The limits that a server can have; `none` leaves everything but the deadline out. */
const LIMITS = {
  none: undefined,
  fixed: () => new ConcurrencyLimit<LoadedCall, string>({ callsMax: WORKERS }),
  adaptive: () => new AdaptiveConcurrencyLimit<LoadedCall, string>(),
} as const satisfies Record<string, (() => Guard) | undefined>;

describe("twice the load that a service can bear", () => {
  for (const name of ["fixed", "adaptive"] as const) {
    it(`costs a tenth of the peak at most, and no latency: ${name} limit`, async (test) => {
      const unloaded = await run("none", 0.3);
      const peak = Math.max(
        ...(await Promise.all([0.9, 1].map((load) => run(name, load)))).map(goodput),
      );
      const loaded = await run(name, 2);
      const what = describeRun(loaded);
      test.diagnostic(`${name}: ${what}; peak ${peak}, p99 without load ${unloaded.p99Ms}`);
      assert.ok(loaded.goodputPerSecond >= 0.9 * CAPACITY_PER_SECOND, what);
      assert.ok(loaded.goodputPerSecond >= 0.9 * peak, `${what}; the peak is ${peak}`);
      assert.ok(loaded.p99Ms <= 2 * unloaded.p99Ms, `${what}; without load ${unloaded.p99Ms}`);
      assert.equal(loaded.late, 0, what);
      assert.ok(loaded.refusedP99Ms <= 2 * WORK_MS, `${what}: who is refused, is at once`);
    });

    it(`falls on those who matter least: ${name} limit`, async (test) => {
      const { servedRatio } = await run(name, 2, mixed);
      test.diagnostic(`${name}: served ${servedRatio.map((ratio) => ratio.toFixed(2)).join(", ")}`);
      const [sheddable, normal, important, critical] = servedRatio as [
        number,
        number,
        number,
        number,
      ];
      assert.ok(sheddable < 0.1, `sheddable ${sheddable}`);
      assert.ok(normal > sheddable && normal < important, `normal ${normal}`);
      assert.ok(important > 0.7 && critical > 0.9, `important ${important}, critical ${critical}`);
    });
  }

  it("is the end of it without them: all are served, and all too late", async (test) => {
    const result = await run("none", 2);
    test.diagnostic(describeRun(result));
    assert.ok(result.goodputPerSecond < 0.02 * CAPACITY_PER_SECOND, describeRun(result));
    assert.ok(result.late > 0.98 * result.calls, describeRun(result));
  });

  it("holds whatever the seed", async () => {
    for (const seed of [11, 12]) {
      for (const name of ["fixed", "adaptive"] as const) {
        const loaded = await run(name, 2, undefined, seed);
        const what = `${name}, seed ${seed}: ${describeRun(loaded)}`;
        assert.ok(loaded.goodputPerSecond >= 0.9 * CAPACITY_PER_SECOND, what);
        assert.ok(loaded.p99Ms <= 2 * (WORK_MS * 1.2), what);
      }
    }
  });
});

function goodput({ goodputPerSecond }: LoadResult): number {
  return goodputPerSecond;
}

/** One in ten is sheddable, four normal, three important, two critical. */
function mixed(random: Random): LoadedCall {
  const kind = random.below(10);
  const priority =
    kind < 1
      ? PRIORITY.sheddable
      : kind < 5
        ? PRIORITY.normal
        : kind < 8
          ? PRIORITY.important
          : PRIORITY.critical;
  return { priority, retries: random.next() < 0.2 ? 1 : 0 };
}

/** `load` is a part of the capacity. The first two seconds are not measured. */
function run(
  name: keyof typeof LIMITS,
  load: number,
  callOf?: (random: Random) => LoadedCall,
  seed = 5,
): Promise<LoadResult> {
  const clock = new VirtualClock();
  const random = new SeededRandom(seed);
  const work = random.stream("work");
  const far = new FixedCapacity(clock, WORKERS, () => WORK_MS * (0.8 + 0.4 * work.next()));
  const limit = LIMITS[name]?.();
  const entries = limit === undefined ? [DEADLINE] : guarded(clock, random, limit);
  return runLoad(
    clock,
    stack(entries, far.service),
    {
      callsPerSecond: load * CAPACITY_PER_SECOND,
      timeoutMs: TIMEOUT_MS,
      forMs: 6_000,
      measuredFromMs: 2_000,
      ...(callOf === undefined ? {} : { callOf }),
    },
    random.stream("load"),
  );
}

const DEADLINE = { role: "deadline", why: "", filter: deadlineFilter<LoadedCall, string>() };

function guarded(clock: VirtualClock, random: Random, limit: Guard): Stack<LoadedCall, string> {
  const shed = new LoadShed<LoadedCall, string>({
    clock,
    random: random.stream("shed"),
    queueAgeMs: () => limit.queueAgeMs(),
  });
  return [
    DEADLINE,
    { role: "load-shed", why: "", filter: shed.filter },
    { role: "concurrency-limit", why: "", filter: limit.filter },
  ];
}

function describeRun({ goodputPerSecond, p99Ms, late, refusedP99Ms }: LoadResult): string {
  return `goodput ${goodputPerSecond}, p99 ${p99Ms}, late ${late}, refused after ${refusedP99Ms}`;
}
