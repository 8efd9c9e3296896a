/**
 * Time as everything in Holdfast sees it. The system clock and the simulator's virtual clock are
 * the two implementations; nothing outside this folder touches Date, performance or setTimeout.
 */
import type { TimerEntry } from "./timer-wheel.ts";

export interface Clock {
  /** Milliseconds since some fixed moment, with fractions; never goes back. For durations. */
  nowMs(): number;
  /** Milliseconds since the Unix epoch, UTC. For people and for storage. */
  epochMs(): number;
  /**
   * Calls `entry.onDue()` once `nowMs()` has reached `dueMs`; late by at most one tick, never
   * early. An entry that is already scheduled is moved. O(1), no allocation.
   */
  schedule(entry: TimerEntry, dueMs: number): void;
  /** Takes the entry back; no effect when it is not scheduled. O(1). */
  unschedule(entry: TimerEntry): void;
  /**
   * Calls `callback` when all that is ready in this turn of the event loop has run: what many
   * calls write in one turn leaves in one piece. Time does not pass in between.
   */
  afterTurn(callback: () => void): void;
}

/** Calls `callback` after `delayMs`; the returned function takes it back. */
export function after(clock: Clock, delayMs: number, callback: () => void): () => void {
  const entry = new CallbackEntry(callback);
  clock.schedule(entry, clock.nowMs() + delayMs);
  return () => clock.unschedule(entry);
}

/** Calls `callback` every `periodMs` until what it returns is called. Ticks do not pile up. */
export function every(clock: Clock, periodMs: number, callback: () => void): () => void {
  const entry = new CallbackEntry(() => {
    clock.schedule(entry, clock.nowMs() + periodMs);
    callback();
  });
  clock.schedule(entry, clock.nowMs() + periodMs);
  return () => clock.unschedule(entry);
}

/** Resolves after `delayMs`. */
export function sleep(clock: Clock, delayMs: number): Promise<void> {
  return new Promise((resolve) => {
    after(clock, delayMs, resolve);
  });
}

class CallbackEntry implements TimerEntry {
  timerPrevious: TimerEntry | undefined = undefined;
  timerNext: TimerEntry | undefined = undefined;
  timerSlot = -1;
  dueTick = 0;
  readonly onDue: () => void;

  constructor(callback: () => void) {
    this.onDue = callback;
  }
}
