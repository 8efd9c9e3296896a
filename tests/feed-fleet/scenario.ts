/**
 * One scenario: a steady load, a fault in the middle of it, and what is promised of the time
 * before and after, in numbers.
 */
import { sleep, silentLogger, systemRuntime } from "holdfast";
import type { FeedFleet } from "./feed-fleet.ts";
import { Load, type Refresh } from "./load.ts";
import { Metrics, type Sent, sentBetween } from "./metrics.ts";

/** Until calls take what they take: code is compiled, hedges know when a call is late. */
const WARM_UP_MS = 2_500;
const BEFORE_MS = 1_500;
const AFTER_MS = 4_500;
const WINDOW_MS = 500;
/** By then p99 must be what it was. */
const SETTLED_AFTER_MS = 2_000;
/** Below this nothing is slow on a machine that does other things as well. */
const NORMAL_LEAST_MS = 50;

export interface Report {
  readonly refreshes: number;
  readonly failed: readonly Refresh[];
  /** 0 to 1. */
  readonly success: number;
  readonly sent: Sent;
  /** What p99 may be, in ms. */
  readonly normalMs: number;
  /** p99 of the windows before the fault, from the fault to two seconds after it, and since. */
  readonly before: readonly number[];
  readonly during: readonly number[];
  readonly settled: readonly number[];
  /** Refreshes that were under way in the moment of the fault. */
  readonly outstanding: number;
  /** How late the load was at most, in ms. */
  readonly loadLateMs: number;
}

/** The fault is there when `fault` has ended, and stays; whoever made it takes it away. */
export async function runScenario(
  fleet: FeedFleet,
  fault: (load: Load) => unknown,
): Promise<Report> {
  const runtime = systemRuntime({ logger: silentLogger });
  const { clock } = runtime;
  const load = new Load(runtime, fleet.address);
  await sleep(clock, WARM_UP_MS);
  const metricsBefore = await Metrics.read(fleet.ops);
  const startMs = clock.nowMs();
  await sleep(clock, BEFORE_MS);
  const faultMs = clock.nowMs();
  await fault(load);
  const { outstanding } = load;
  await sleep(clock, AFTER_MS);
  const endMs = clock.nowMs();
  await load.stop();
  const sent = sentBetween(metricsBefore, await Metrics.read(fleet.ops));
  const counted = load.ended.filter((each) => each.startMs >= startMs);
  const failed = counted.filter(({ outcome }) => outcome !== "ok");
  const before = p99s(counted, startMs, faultMs);
  const settledMs = faultMs + SETTLED_AFTER_MS;
  return {
    refreshes: counted.length,
    failed,
    success: 1 - failed.length / counted.length,
    sent,
    normalMs: Math.max(NORMAL_LEAST_MS, 2 * median(before)),
    before,
    during: p99s(counted, faultMs, settledMs),
    settled: p99s(counted, settledMs, endMs),
    outstanding,
    loadLateMs: load.latestMs,
  };
}

/** Of each whole window from one time to another, by when a refresh began; in ms. */
function p99s(refreshes: readonly Refresh[], fromMs: number, toMs: number): number[] {
  const windows: number[] = [];
  for (let atMs = fromMs; atMs + WINDOW_MS <= toMs + 1; atMs += WINDOW_MS) {
    const durations = refreshes
      .filter(({ startMs }) => startMs >= atMs && startMs < atMs + WINDOW_MS)
      .map(({ durationMs }) => durationMs)
      .toSorted((one, two) => one - two);
    windows.push(Math.round(durations[Math.ceil(durations.length * 0.99) - 1] ?? Infinity));
  }
  return windows;
}

/** Of an odd number of values. */
export function median(values: readonly number[]): number {
  return values.toSorted((one, two) => one - two)[Math.floor(values.length / 2)]!;
}
