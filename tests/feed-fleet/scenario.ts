/**
 * One scenario: a steady load, a fault in the middle of it, and what became of the load, in
 * numbers.
 */
import { type Clock, silentLogger, sleep, systemRuntime } from "holdfast";
import type { Feed } from "./history.ts";
import { Load, type Refresh } from "./load.ts";
import { type Sent, sentBetween } from "./metrics.ts";

/** Code is compiled, and hedges learn when a call is late. */
const WARM_UP_MS = 2_000;
const WINDOW_MS = 500;
/** The fault comes after so many calm windows in a row. */
const CALM_WINDOWS = 3;
/** When the machine is too busy for that, the fault comes all the same. */
const CALM_WITHIN_MS = 6_000;
/** So long after the fault p99 must be what it was. */
const SETTLED_AFTER_MS = 2_000;
/** An odd number. */
const SETTLED_WINDOWS = 3;
/** Below this nothing is slow on a machine that does other things as well. */
const NORMAL_LEAST_MS = 50;

export interface Report {
  /** Those that ended after the fault. */
  readonly refreshes: number;
  readonly failed: readonly Refresh[];
  /** Why, as the feed has it. */
  readonly complaints: readonly string[];
  /** 0 to 1. */
  readonly success: number;
  /** From the fault on. */
  readonly sent: Sent;
  /** What p99 may be, in ms. */
  readonly normalMs: number;
  /** p99 of the windows before the fault, from its begin to two seconds after it, and since. */
  readonly before: readonly number[];
  readonly during: readonly number[];
  readonly settled: readonly number[];
  /** How late the load was at most, in ms. */
  readonly loadLateMs: number;
}

/** The fault is there when `fault` has ended, and stays; whoever made it takes it away. */
export async function runScenario(feed: Feed, fault: () => unknown): Promise<Report> {
  const runtime = systemRuntime({ logger: silentLogger });
  const { clock } = runtime;
  const load = new Load(runtime, feed.address);
  await sleep(clock, WARM_UP_MS);
  await untilCalm(clock, load);
  const metricsBefore = await feed.metrics();
  const faultMs = clock.nowMs();
  await fault();
  const settledMs = clock.nowMs() + SETTLED_AFTER_MS;
  await sleep(clock, SETTLED_AFTER_MS + SETTLED_WINDOWS * WINDOW_MS);
  await load.stop();
  const sent = sentBetween(metricsBefore, await feed.metrics());
  const { ended } = load;
  const counted = ended.filter((each) => each.startMs + each.durationMs >= faultMs);
  const failed = counted.filter(({ outcome }) => outcome !== "ok");
  const before = p99s(ended, faultMs - CALM_WINDOWS * WINDOW_MS, faultMs);
  return {
    refreshes: counted.length,
    failed,
    complaints: feed.complaints(),
    success: 1 - failed.length / counted.length,
    sent,
    normalMs: Math.max(NORMAL_LEAST_MS, 2 * median(before)),
    before,
    during: p99s(ended, faultMs, settledMs),
    settled: p99s(ended, settledMs, settledMs + SETTLED_WINDOWS * WINDOW_MS),
    loadLateMs: Math.round(load.latestMs),
  };
}

async function untilCalm(clock: Clock, load: Load): Promise<void> {
  const startMs = clock.nowMs();
  for (let calm = 0; calm < CALM_WINDOWS;) {
    // One window after the other.
    // oxlint-disable-next-line no-await-in-loop
    await sleep(clock, WINDOW_MS);
    const nowMs = clock.nowMs();
    const [p99Ms] = p99s(load.ended, nowMs - WINDOW_MS, nowMs);
    calm = p99Ms! <= NORMAL_LEAST_MS ? calm + 1 : 0;
    if (nowMs >= startMs + CALM_WITHIN_MS) return;
  }
}

/** Of each whole window from one time to another, by when a refresh began; in ms. */
function p99s(refreshes: readonly Refresh[], fromMs: number, toMs: number): number[] {
  const windows: number[] = [];
  for (let atMs = fromMs; atMs + WINDOW_MS <= toMs; atMs += WINDOW_MS) {
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
