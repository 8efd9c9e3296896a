/**
 * The real clock. One native timer serves the whole wheel, armed for the next tick with work and
 * never for a single entry, so a million deadlines cost no timers of their own.
 */
import type { Clock } from "./clock.ts";
import { type TimerEntry, TimerWheel } from "./timer-wheel.ts";

/** 4 ms: a deadline may be late by this much; a smaller tick buys little and wakes more often. */
const TICK_MS = 4;
/** The longest delay that Node's timers take; a wake before its time only arms again. */
const DELAY_MAX_MS = 0x7fff_ffff;

export class SystemClock implements Clock {
  private readonly wheel: TimerWheel;
  private armedTick = Infinity;
  private nativeTimer: NodeJS.Timeout | undefined = undefined;
  private readonly wake = (): void => this.onWake();

  constructor() {
    this.wheel = new TimerWheel(Math.floor(performance.now() / TICK_MS));
  }

  nowMs(): number {
    return performance.now();
  }

  epochMs(): number {
    return Date.now();
  }

  schedule(entry: TimerEntry, dueMs: number): void {
    if (this.wheel.size === 0) this.wheel.advance(Math.floor(performance.now() / TICK_MS));
    this.wheel.add(entry, Math.ceil(dueMs / TICK_MS));
    if (entry.dueTick < this.armedTick) this.arm();
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

  private onWake(): void {
    this.armedTick = Infinity;
    try {
      this.wheel.advance(Math.floor(performance.now() / TICK_MS));
    } finally {
      // An entry that throws must not take the others with it.
      this.arm();
    }
  }

  private arm(): void {
    const tick = this.wheel.nextWorkTick();
    if (tick >= this.armedTick) return;
    clearTimeout(this.nativeTimer);
    this.armedTick = tick;
    if (tick === Infinity) return;
    const delayMs = Math.max(1, Math.ceil(tick * TICK_MS - performance.now()));
    this.nativeTimer = setTimeout(this.wake, Math.min(delayMs, DELAY_MAX_MS));
    // What keeps a process alive is its sockets and its lifecycle, not a deadline.
    this.nativeTimer.unref();
  }
}
