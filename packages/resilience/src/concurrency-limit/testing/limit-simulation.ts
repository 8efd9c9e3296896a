/**
 * A service of so many workers behind a limit, in virtual time: calls come at random, are refused
 * above the limit, wait in the service for a worker, and tell the limit how long they took. A queue
 * of events and no promises, so that a minute of thousands of calls a second takes a moment.
 */
import type { Random } from "@holdfast/core";

export interface LimitUnderTest {
  readonly limit: number;
  /** `callsAtStart`: at work when it began, itself included; `callsAtEnd` the same at its end. */
  sample(nowMs: number, latencyMs: number, callsAtStart: number, callsAtEnd: number): void;
}

export interface LimitScenario {
  readonly name: string;
  readonly forMs: number;
  /** What is measured comes after this; before it the limit finds its place. */
  readonly measuredFromMs: number;
  /** Workers at a time; those who are busy when their number falls finish first. */
  readonly workers: (nowMs: number) => number;
  /** Calls that come, per second. */
  readonly callsPerSecond: (nowMs: number) => number;
  /** How long one worker works on one call, in ms. */
  readonly workMs: (random: Random, nowMs: number) => number;
}

export interface LimitResult {
  /** Means over the time that was measured. */
  readonly limit: number;
  readonly goodputPerSecond: number;
  readonly p99Ms: number;
  readonly refusedRatio: number;
}

interface Work {
  readonly endMs: number;
  readonly startMs: number;
  readonly callsAtStart: number;
}

export function simulateLimit(
  limit: LimitUnderTest,
  scenario: LimitScenario,
  random: Random,
): LimitResult {
  return new LimitSimulation(limit, scenario, random).run();
}

class LimitSimulation {
  private readonly limit: LimitUnderTest;
  private readonly scenario: LimitScenario;
  private readonly arrivals: Random;
  private readonly working: Random;
  /** Calls that have a worker, the first to end first. */
  private readonly busy: Work[] = [];
  /** Calls in the service that have none, the oldest first. */
  private waiting: { readonly startMs: number; readonly callsAtStart: number }[] = [];
  private waitingFrom = 0;
  private readonly latencies: number[] = [];
  private arrived = 0;
  private refused = 0;
  private limitArea = 0;
  private lastMs: number;

  constructor(limit: LimitUnderTest, scenario: LimitScenario, random: Random) {
    this.limit = limit;
    this.scenario = scenario;
    this.arrivals = random.stream("arrivals");
    this.working = random.stream("work");
    this.lastMs = scenario.measuredFromMs;
  }

  run(): LimitResult {
    const { forMs, measuredFromMs } = this.scenario;
    let nextMs = 0;
    for (;;) {
      const endMs = this.busy[0]?.endMs ?? Infinity;
      const nowMs = Math.min(nextMs, endMs);
      if (nowMs >= forMs) break;
      this.measureLimit(nowMs);
      if (endMs <= nextMs) this.end(nowMs);
      else {
        this.arrive(nowMs);
        nextMs = nowMs - Math.log(1 - this.arrivals.next()) * (1000 / this.rate(nowMs));
      }
    }
    this.measureLimit(forMs);
    const sorted = Float64Array.from(this.latencies).sort();
    const measuredMs = forMs - measuredFromMs;
    return {
      limit: this.limitArea / measuredMs,
      goodputPerSecond: (sorted.length / measuredMs) * 1000,
      p99Ms: sorted[Math.floor(sorted.length * 0.99)] ?? 0,
      refusedRatio: this.refused / Math.max(1, this.arrived),
    };
  }

  private rate(nowMs: number): number {
    return this.scenario.callsPerSecond(nowMs);
  }

  private get calls(): number {
    return this.busy.length + this.waiting.length - this.waitingFrom;
  }

  private arrive(nowMs: number): void {
    const isMeasured = nowMs >= this.scenario.measuredFromMs;
    if (isMeasured) this.arrived++;
    if (this.calls >= this.limit.limit) {
      if (isMeasured) this.refused++;
      return;
    }
    this.waiting.push({ startMs: nowMs, callsAtStart: this.calls + 1 });
    this.startWork(nowMs);
  }

  private end(nowMs: number): void {
    const { startMs, callsAtStart } = takeFirst(this.busy);
    const latencyMs = nowMs - startMs;
    if (nowMs >= this.scenario.measuredFromMs) this.latencies.push(latencyMs);
    this.limit.sample(nowMs, latencyMs, callsAtStart, this.calls + 1);
    this.startWork(nowMs);
  }

  private startWork(nowMs: number): void {
    while (
      this.waitingFrom < this.waiting.length &&
      this.busy.length < this.scenario.workers(nowMs)
    ) {
      const { startMs, callsAtStart } = this.waiting[this.waitingFrom++]!;
      const endMs = nowMs + this.scenario.workMs(this.working, nowMs);
      insert(this.busy, { endMs, startMs, callsAtStart });
    }
    if (this.waitingFrom > 1_000) {
      this.waiting = this.waiting.slice(this.waitingFrom);
      this.waitingFrom = 0;
    }
  }

  private measureLimit(nowMs: number): void {
    if (nowMs <= this.lastMs) return;
    this.limitArea += this.limit.limit * (nowMs - this.lastMs);
    this.lastMs = nowMs;
  }
}

/** A heap: no element ends before its parent. */
function insert(heap: Work[], work: Work): void {
  let index = heap.length;
  heap.push(work);
  while (index > 0) {
    const parent = (index - 1) >> 1;
    if (heap[parent]!.endMs <= work.endMs) break;
    heap[index] = heap[parent]!;
    index = parent;
  }
  heap[index] = work;
}

function takeFirst(heap: Work[]): Work {
  const first = heap[0]!;
  const moved = heap.pop()!;
  if (heap.length === 0) return first;
  let index = 0;
  for (;;) {
    let child = index * 2 + 1;
    if (child >= heap.length) break;
    if (child + 1 < heap.length && heap[child + 1]!.endMs < heap[child]!.endMs) child++;
    if (heap[child]!.endMs >= moved.endMs) break;
    heap[index] = heap[child]!;
    index = child;
  }
  heap[index] = moved;
  return first;
}
