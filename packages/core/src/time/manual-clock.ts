/** A clock that stands still until it is told to move: for tests, in one thread and one step. */
import type { Clock } from "./clock.ts";
import { type TimerEntry, TimerWheel } from "./timer-wheel.ts";

/** 2026-01-01T00:00:00Z: any moment would do, a fixed one repeats. */
const START_EPOCH_MS = 1_767_225_600_000;

export class ManualClock implements Clock {
  /** A tick is a millisecond here. */
  private readonly wheel = new TimerWheel(0);
  private readonly startEpochMs: number;
  private currentMs = 0;

  constructor(startEpochMs: number = START_EPOCH_MS) {
    this.startEpochMs = startEpochMs;
  }

  nowMs(): number {
    return this.currentMs;
  }

  epochMs(): number {
    return this.startEpochMs + this.currentMs;
  }

  schedule(entry: TimerEntry, dueMs: number): void {
    this.wheel.add(entry, Math.ceil(dueMs));
  }

  unschedule(entry: TimerEntry): void {
    this.wheel.remove(entry);
  }

  afterTurn(callback: () => void): void {
    setImmediate(callback);
  }

  /** How many entries are scheduled: a leak shows here. */
  get scheduledCount(): number {
    return this.wheel.size;
  }

  /** Moves on and calls what is due on the way; every entry sees the time at which it was due. */
  advance(byMs: number): void {
    const targetMs = this.currentMs + byMs;
    while (this.step(targetMs));
  }

  /**
   * The same, but lets everything that waits for a promise go on before the next moment. Use it
   * where what is due schedules more after an await.
   */
  async advanceAndSettle(byMs: number): Promise<void> {
    const targetMs = this.currentMs + byMs;
    do await settled();
    while (this.step(targetMs));
    await settled();
  }

  /** One moment further; false when `targetMs` is reached and nothing is left to do there. */
  private step(targetMs: number): boolean {
    const nextMs = Math.min(this.wheel.nextWorkTick(), targetMs);
    if (nextMs > this.currentMs) this.currentMs = nextMs;
    const before = this.wheel.tick;
    this.wheel.advance(Math.floor(this.currentMs));
    return this.wheel.tick > before || this.currentMs < targetMs;
  }
}

/** All promises that can go on have gone on: the event loop gets to its next round only then. */
function settled(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
