/**
 * So many key exchanges at once, the others wait in the order in which they came. It is what keeps
 * a flood of strangers from taking all the computing from running sessions.
 *
 * Why a limit on how long a slot is held? An exchange costs computing when the peer's half comes;
 * before that it waits for the peer. Peers that begin and fall silent would hold every slot for the
 * whole time of a login. So while others wait, a slot that was held for too long goes to the next.
 */
import type { Clock, TimerEntry } from "holdfast";

export interface HandshakeSlotsParts {
  readonly clock: Clock;
  readonly slotsMax: number;
  readonly waitingMax: number;
  readonly slotMs: number;
}

/** A place that was asked for. */
export interface HandshakePlace {
  /** Resolves with true when it may begin, with false when it was given up before. */
  readonly begin: Promise<boolean>;
  /** It is over, or not wanted any more. Idempotent. */
  release(): void;
}

interface Place extends HandshakePlace {
  readonly answer: (begin: boolean) => void;
  sinceMs: number;
}

export class HandshakeSlots implements TimerEntry {
  timerPrevious: TimerEntry | undefined = undefined;
  timerNext: TimerEntry | undefined = undefined;
  timerSlot = -1;
  dueTick = 0;
  /** How many slots were taken back because their exchanges took too long. */
  overdueCount = 0;
  private readonly parts: HandshakeSlotsParts;
  /** Both in the order in which they came in. */
  private readonly running = new Set<Place>();
  private readonly waiting = new Set<Place>();

  constructor(parts: HandshakeSlotsParts) {
    this.parts = parts;
  }

  get runningCount(): number {
    return this.running.size;
  }

  get waitingCount(): number {
    return this.waiting.size;
  }

  /** Undefined when too many wait already. */
  acquire(): HandshakePlace | undefined {
    const { slotsMax, waitingMax } = this.parts;
    const free = this.running.size < slotsMax;
    if (!free && this.waiting.size >= waitingMax) return undefined;
    const { promise: begin, resolve: answer } = Promise.withResolvers<boolean>();
    const place: Place = { begin, answer, sinceMs: 0, release: () => this.release(place) };
    if (free) this.run(place);
    else {
      this.waiting.add(place);
      this.arm();
    }
    return place;
  }

  /** Called by the clock: somebody waits, and a slot may have been held for too long. */
  onDue(): void {
    const { clock, slotMs } = this.parts;
    const heldSinceMs = clock.nowMs() - slotMs;
    for (const place of this.running) {
      if (place.sinceMs > heldSinceMs || this.waiting.size === 0) break;
      this.running.delete(place);
      this.overdueCount++;
      this.runNext();
    }
    this.arm();
  }

  private release(place: Place): void {
    if (this.running.delete(place)) this.runNext();
    else if (this.waiting.delete(place)) place.answer(false);
    if (this.waiting.size === 0) this.parts.clock.unschedule(this);
  }

  private runNext(): void {
    for (const place of this.waiting) {
      this.waiting.delete(place);
      this.run(place);
      return;
    }
  }

  private run(place: Place): void {
    place.sinceMs = this.parts.clock.nowMs();
    this.running.add(place);
    place.answer(true);
  }

  private arm(): void {
    const { clock, slotMs } = this.parts;
    for (const oldest of this.running) {
      if (this.waiting.size > 0) clock.schedule(this, oldest.sinceMs + slotMs);
      return;
    }
  }
}
