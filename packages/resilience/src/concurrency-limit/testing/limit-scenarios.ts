/** What the limits are compared in: a service of 40 workers and 10 ms, and what may befall it. */
import type { Random } from "@holdfast/core";
import type { LimitScenario } from "./limit-simulation.ts";

/** With it a service of 10 ms does 4,000 calls a second. */
export const WORKERS = 40;
export const WORK_MS = 10;
const CAPACITY = (WORKERS / WORK_MS) * 1000;

export interface ComparedScenario extends LimitScenario {
  /** Workers while it is measured: the limit that gives all throughput and no waiting. */
  readonly idealLimit: number;
  /** Throughput that was to be had while it was measured, per second. */
  readonly idealPerSecond: number;
  /** The 99th percentile of a service that nobody waits for, in ms. */
  readonly unloadedP99Ms: number;
}

/** 8 to 12 ms. */
function steadyWork(random: Random): number {
  return WORK_MS * (0.8 + 0.4 * random.next());
}

/** Log-normal, sigma 0.6, mean 10 ms: one in eight takes twice the median or more. */
function noisyWork(random: Random): number {
  const normal =
    Math.sqrt(-2 * Math.log(1 - random.next())) * Math.cos(2 * Math.PI * random.next());
  return WORK_MS * Math.exp(0.6 * normal - 0.18);
}

/** Nine in ten take 5 ms, one 55 ms: a cache. */
function bimodalWork(random: Random): number {
  return random.next() < 0.9 ? 5 : 55;
}

const STEADY_P99_MS = 11.96;
const NOISY_P99_MS = WORK_MS * Math.exp(0.6 * 2.326 - 0.18);

function scenario(name: string, change: Partial<ComparedScenario>): ComparedScenario {
  const idealLimit = change.idealLimit ?? WORKERS;
  return {
    name,
    forMs: 40_000,
    measuredFromMs: 20_000,
    workers: () => WORKERS,
    callsPerSecond: () => 2 * CAPACITY,
    workMs: steadyWork,
    idealLimit,
    idealPerSecond: CAPACITY,
    unloadedP99Ms: STEADY_P99_MS,
    ...change,
  };
}

/** The step comes at 20 s, and what is measured begins 3 s later. */
const STEP_MS = 20_000;
const AFTER_STEP_MS = 23_000;

export const SCENARIOS: readonly ComparedScenario[] = [
  scenario("steady, 0.7 of capacity", {
    callsPerSecond: () => 0.7 * CAPACITY,
    idealPerSecond: 0.7 * CAPACITY,
  }),
  scenario("overload, 1.2", { callsPerSecond: () => 1.2 * CAPACITY }),
  scenario("overload, 2", {}),
  scenario("overload, 5", { callsPerSecond: () => 5 * CAPACITY }),
  scenario("a quarter of the workers is left", {
    workers: (nowMs) => (nowMs < STEP_MS ? WORKERS : WORKERS / 4),
    idealLimit: WORKERS / 4,
    idealPerSecond: CAPACITY / 4,
    measuredFromMs: AFTER_STEP_MS,
  }),
  scenario("four times the workers", {
    workers: (nowMs) => (nowMs < STEP_MS ? WORKERS / 4 : WORKERS),
    measuredFromMs: AFTER_STEP_MS,
  }),
  scenario("work takes twice as long", {
    workMs: (random, nowMs) => steadyWork(random) * (nowMs < STEP_MS ? 1 : 2),
    measuredFromMs: AFTER_STEP_MS,
    idealPerSecond: CAPACITY / 2,
    unloadedP99Ms: 2 * STEADY_P99_MS,
  }),
  scenario("work takes half as long", {
    workMs: (random, nowMs) => steadyWork(random) / (nowMs < STEP_MS ? 1 : 2),
    measuredFromMs: AFTER_STEP_MS,
    idealPerSecond: CAPACITY * 2,
    callsPerSecond: () => 4 * CAPACITY,
    unloadedP99Ms: STEADY_P99_MS / 2,
  }),
  scenario("noise, overload 2", { workMs: noisyWork, unloadedP99Ms: NOISY_P99_MS }),
  scenario("bimodal, overload 2", { workMs: bimodalWork, unloadedP99Ms: 55 }),
];
