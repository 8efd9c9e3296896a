/**
 * A hierarchical timing wheel: pure bookkeeping of what is due at which tick, O(1) to add and to
 * take back, no allocation. Clocks drive it; it knows no time of its own.
 *
 * Source: Varghese and Lauck, "Hashed and Hierarchical Timing Wheels", SOSP 1987.
 */

/** What can be scheduled: the links live in the object itself, so scheduling allocates nothing. */
export interface TimerEntry {
  timerPrevious: TimerEntry | undefined;
  timerNext: TimerEntry | undefined;
  /** The slot it stands in, or -1 when it is not scheduled. */
  timerSlot: number;
  dueTick: number;
  onDue(): void;
}

const SLOT_BITS = 8;
const SLOTS = 1 << SLOT_BITS;
const SLOT_MASK = SLOTS - 1;
/** 256 ^ 4 ticks: 198 days of 4 ms; what is due later is looked at again then. */
const LEVELS = 4;
const WIDTH_2 = SLOTS ** 2;
const WIDTH_3 = SLOTS ** 3;
const HORIZON = SLOTS ** LEVELS;

export class TimerWheel {
  /** Everything due at or before this tick has been called. */
  private currentTick: number;
  private readonly slots: (TimerEntry | undefined)[] = Array.from(
    { length: LEVELS * SLOTS },
    () => undefined,
  );
  private readonly levelCounts = new Int32Array(LEVELS);
  private entryCount = 0;
  private advancing = false;

  constructor(startTick: number) {
    this.currentTick = startTick;
  }

  get size(): number {
    return this.entryCount;
  }

  get tick(): number {
    return this.currentTick;
  }

  /** Due ticks that have passed are due at the next tick. */
  add(entry: TimerEntry, dueTick: number): void {
    if (entry.timerSlot >= 0) this.remove(entry);
    entry.dueTick = Math.max(dueTick, this.currentTick + 1);
    this.link(entry);
    this.entryCount++;
  }

  remove(entry: TimerEntry): void {
    if (entry.timerSlot < 0) return;
    this.unlink(entry);
    this.entryCount--;
  }

  /** Moves to `toTick` and calls what is due on the way, in order of tick. */
  advance(toTick: number): void {
    // An entry that is due may schedule and so get here again: the outer loop has it in hand.
    if (this.advancing) return;
    this.advancing = true;
    try {
      // What is left of a tick in which an entry threw.
      this.callDue();
      while (this.currentTick < toTick) {
        this.currentTick = Math.min(this.nextWorkTick(), toTick);
        this.cascade();
        this.callDue();
      }
    } finally {
      this.advancing = false;
    }
  }

  /**
   * The next tick at which there is something to do: an entry is due, or entries move to a finer
   * level. Infinity when the wheel is empty.
   */
  nextWorkTick(): number {
    if (this.entryCount === 0) return Infinity;
    let next = Infinity;
    for (let level = 0; level < LEVELS; level++) {
      if (this.levelCounts[level] === 0) continue;
      next = Math.min(next, this.nextTickOfLevel(level));
    }
    return next;
  }

  private nextTickOfLevel(level: number): number {
    const width = SLOTS ** level;
    const base = Math.floor(this.currentTick / width);
    // Step 0 holds something at the finest level only, and only after an entry threw.
    for (let step = level === 0 ? 0 : 1; step <= SLOTS; step++) {
      const slot = level * SLOTS + ((base + step) & SLOT_MASK);
      if (this.slots[slot] !== undefined) return (base + step) * width;
    }
    return Infinity;
  }

  /** At the start of a coarse slot, its entries go to the finer levels. */
  private cascade(): void {
    for (let level = LEVELS - 1; level > 0; level--) {
      const width = SLOTS ** level;
      if (this.currentTick % width !== 0) continue;
      const slot = level * SLOTS + (Math.floor(this.currentTick / width) & SLOT_MASK);
      let entry = this.slots[slot];
      while (entry !== undefined) {
        const following: TimerEntry | undefined = entry.timerNext;
        this.unlink(entry);
        this.link(entry);
        entry = following;
      }
    }
  }

  private callDue(): void {
    const slot = this.currentTick & SLOT_MASK;
    for (;;) {
      const entry = this.slots[slot];
      if (entry === undefined) return;
      this.remove(entry);
      entry.onDue();
    }
  }

  private link(entry: TimerEntry): void {
    const slot = this.slotOf(entry.dueTick);
    const first = this.slots[slot];
    entry.timerSlot = slot;
    entry.timerPrevious = undefined;
    entry.timerNext = first;
    if (first !== undefined) first.timerPrevious = entry;
    this.slots[slot] = entry;
    this.levelCounts[slot >> SLOT_BITS]!++;
  }

  private unlink(entry: TimerEntry): void {
    const { timerPrevious: previous, timerNext: next, timerSlot: slot } = entry;
    if (previous === undefined) this.slots[slot] = next;
    else previous.timerNext = next;
    if (next !== undefined) next.timerPrevious = previous;
    entry.timerPrevious = undefined;
    entry.timerNext = undefined;
    entry.timerSlot = -1;
    this.levelCounts[slot >> SLOT_BITS]!--;
  }

  private slotOf(dueTick: number): number {
    const delta = dueTick - this.currentTick;
    if (delta < SLOTS) return dueTick & SLOT_MASK;
    if (delta < WIDTH_2) return SLOTS + (Math.floor(dueTick / SLOTS) & SLOT_MASK);
    if (delta < WIDTH_3) return SLOTS * 2 + (Math.floor(dueTick / WIDTH_2) & SLOT_MASK);
    const within = Math.min(dueTick, this.currentTick + HORIZON - WIDTH_3);
    return SLOTS * 3 + (Math.floor(within / WIDTH_3) & SLOT_MASK);
  }
}
