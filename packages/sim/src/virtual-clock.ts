/**
 * Time that moves only when it is told to. The driver lets everything that can go on go on, then
 * moves to the next moment at which something is due; so code full of promises runs the same way
 * every time.
 */
import { type Clock, type TimerEntry, TimerWheel } from "@holdfast/core";

/** 1/64 ms: finer than any latency that matters, and exact in floating point. */
const TICKS_PER_MS = 64;
/** 2026-01-01T00:00:00Z: any moment would do, a fixed one repeats. */
const START_EPOCH_MS = 1_767_225_600_000;

export class VirtualClock implements Clock {
  private readonly wheel = new TimerWheel(0);
  private readonly startEpochMs: number;
  /** What `afterTurn` was given and nobody has called yet. */
  private turnCallbacks: (() => void)[] = [];

  constructor(startEpochMs: number = START_EPOCH_MS) {
    this.startEpochMs = startEpochMs;
  }

  nowMs(): number {
    return this.wheel.tick / TICKS_PER_MS;
  }

  epochMs(): number {
    return Math.floor(this.startEpochMs + this.nowMs());
  }

  schedule(entry: TimerEntry, dueMs: number): void {
    this.wheel.add(entry, Math.ceil(dueMs * TICKS_PER_MS));
  }

  unschedule(entry: TimerEntry): void {
    this.wheel.remove(entry);
  }

  afterTurn(callback: () => void): void {
    this.turnCallbacks.push(callback);
    // Also for whoever awaits something real without driving the clock.
    if (this.turnCallbacks.length === 1) setImmediate(() => this.runTurnCallbacks());
  }

  /** How many entries are scheduled: a leak shows here. */
  get scheduledCount(): number {
    return this.wheel.size;
  }

  /**
   * Moves on by `byMs` in one step and calls what is due on the way; each entry sees the time at
   * which it was due. Nothing that waits for a promise goes on meanwhile: for that use `run`.
   */
  advance(byMs: number): void {
    this.wheel.advance(this.wheel.tick + Math.ceil(byMs * TICKS_PER_MS));
  }

  /** Moves on by `byMs`; before every moment at which something is due, all promises go on. */
  async run(byMs: number): Promise<void> {
    await this.runUntil(() => false, byMs);
  }

  /**
   * Runs until nothing is scheduled any more. Throws when that is not so within `limitMs`: what
   * repeats for ever is never idle.
   */
  async runUntilIdle(limitMs: number): Promise<void> {
    const limitTick = this.wheel.tick + Math.ceil(limitMs * TICKS_PER_MS);
    for (;;) {
      await this.settle();
      if (this.wheel.size === 0) return;
      if (this.wheel.nextWorkTick() > limitTick) {
        throw new Error(`${this.wheel.size} timers are still scheduled after ${limitMs} ms`);
      }
      this.wheel.advance(this.wheel.nextWorkTick());
    }
  }

  /** Runs until `done()` or for `byMs`; whether it was done. Asks after every moment. */
  async runUntil(done: () => boolean, byMs: number): Promise<boolean> {
    const endTick = this.wheel.tick + Math.ceil(byMs * TICKS_PER_MS);
    for (;;) {
      await this.settle();
      if (done()) return true;
      const nextTick = this.wheel.nextWorkTick();
      if (nextTick > endTick) break;
      this.wheel.advance(nextTick);
    }
    this.wheel.advance(endTick);
    return false;
  }

  /** Everything that can go on without time passing has gone on. */
  async settle(): Promise<void> {
    // The event loop gets to its next round only when no promise can go on.
    do await loopTurn();
    while (this.turnCallbacks.length > 0);
  }

  private runTurnCallbacks(): void {
    const callbacks = this.turnCallbacks;
    this.turnCallbacks = [];
    for (const callback of callbacks) callback();
  }
}

function loopTurn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
