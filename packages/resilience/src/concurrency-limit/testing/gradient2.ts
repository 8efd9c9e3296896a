/**
 * Gradient2 of Netflix' concurrency-limits, written from its description for comparison: the ratio
 * of a long exponential average to the latency of each call, with its default numbers.
 */
import type { LimitUnderTest } from "./limit-simulation.ts";

const INITIAL = 20;
const MIN = 20;
const MAX = 200;
const SMOOTHING = 0.2;
const QUEUE = 4;
const LONG_WINDOW = 600;
const WARM_UP = 10;
const TOLERANCE = 1.5;

export class Gradient2 implements LimitUnderTest {
  private estimate = INITIAL;
  private seen = 0;
  private longMs = 0;

  get limit(): number {
    return Math.floor(this.estimate);
  }

  sample(_nowMs: number, latencyMs: number, callsAtStart: number): void {
    this.average(latencyMs);
    // After an overload the long average comes down faster than it went up.
    if (this.longMs / latencyMs > 2) this.longMs *= 0.95;
    if (callsAtStart < this.estimate / 2) return;
    const gradient = Math.max(0.5, Math.min(1, (TOLERANCE * this.longMs) / latencyMs));
    const aim = this.estimate * gradient + QUEUE;
    const next = this.estimate * (1 - SMOOTHING) + aim * SMOOTHING;
    this.estimate = Math.max(MIN, Math.min(MAX, next));
  }

  private average(latencyMs: number): void {
    if (this.seen < WARM_UP) {
      this.longMs = (this.longMs * this.seen + latencyMs) / (this.seen + 1);
      this.seen++;
      return;
    }
    this.longMs += (latencyMs - this.longMs) * (2 / (LONG_WINDOW + 1));
  }
}

/** The same behind windows of a second, their mean latency and most calls: `WindowedLimit`. */
export class WindowedGradient2 implements LimitUnderTest {
  private readonly inner = new Gradient2();
  private nextMs = 0;
  private count = 0;
  private sumMs = 0;
  private callsMax = 0;

  get limit(): number {
    return this.inner.limit;
  }

  sample(nowMs: number, latencyMs: number, callsAtStart: number): void {
    this.count++;
    this.sumMs += latencyMs;
    this.callsMax = Math.max(this.callsMax, callsAtStart);
    if (nowMs <= this.nextMs) return;
    this.nextMs = nowMs + 1_000;
    if (this.count >= 10) this.inner.sample(nowMs, this.sumMs / this.count, this.callsMax);
    this.count = 0;
    this.sumMs = 0;
    this.callsMax = 0;
  }
}
