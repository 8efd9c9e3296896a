/**
 * How late the process is: a timer that should come at a known time, and when it came. What makes
 * it late makes every call late by as much. The clock's own tick is in it: up to 4 ms.
 */
import type { Clock, TimerEntry } from "@holdfast/core";

/** How much one sample counts: a single pause of the collector is no overload. */
const SMOOTHING = 0.3;

export class LoopDelay implements TimerEntry {
  timerPrevious: TimerEntry | undefined = undefined;
  timerNext: TimerEntry | undefined = undefined;
  timerSlot = -1;
  dueTick = 0;
  private readonly clock: Clock;
  private readonly periodMs: number;
  private readonly onSample: (nowMs: number) => void;
  private dueMs = 0;
  private smoothedMs = 0;

  /** `onSample` is called after each sample; it may stop the sampling. */
  constructor(clock: Clock, periodMs: number, onSample: (nowMs: number) => void) {
    this.clock = clock;
    this.periodMs = periodMs;
    this.onSample = onSample;
  }

  /** The mean delay lately, in ms. */
  get delayMs(): number {
    return this.smoothedMs;
  }

  get isSampling(): boolean {
    return this.timerSlot >= 0;
  }

  start(): void {
    this.smoothedMs = 0;
    this.schedule(this.clock.nowMs());
  }

  stop(): void {
    this.clock.unschedule(this);
  }

  onDue(): void {
    const nowMs = this.clock.nowMs();
    this.smoothedMs += (Math.max(0, nowMs - this.dueMs) - this.smoothedMs) * SMOOTHING;
    this.schedule(nowMs);
    this.onSample(nowMs);
  }

  private schedule(nowMs: number): void {
    this.dueMs = nowMs + this.periodMs;
    this.clock.schedule(this, this.dueMs);
  }
}
