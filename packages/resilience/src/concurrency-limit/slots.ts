/**
 * The slots of a concurrency limit and the queue in front of them: what the fixed and the adaptive
 * limit share. A slot is freed when the work ends, whoever has given up meanwhile.
 */
import type { Context } from "@holdfast/core";
import { queueFull } from "./error.ts";
import type { LimitMode, WaitingQueueOptions } from "./options.ts";
import { WaitingQueue } from "./waiting-queue.ts";

/** What the snapshots of both limits say of their calls. */
export interface SlotsSnapshot {
  /** At work now. */
  readonly calls: number;
  /** Waiting now. */
  readonly queued: number;
  /** Whether the queue has not been empty for so long that the newest goes first. */
  readonly queueStanding: boolean;
  /** For lack of room, and for having waited too long. */
  readonly refused: number;
  /** In dark mode: what would have been refused for lack of room. */
  readonly wouldRefuse: number;
}

export interface SlotsOptions extends WaitingQueueOptions {
  readonly mode: LimitMode;
}

export class Slots {
  private slotsMax: number;
  private options: SlotsOptions;
  private calls = 0;
  private refused = 0;
  private wouldRefuse = 0;
  private readonly queue: WaitingQueue;

  constructor(slotsMax: number, options: SlotsOptions) {
    this.slotsMax = slotsMax;
    this.options = options;
    this.queue = new WaitingQueue(options);
  }

  /** Takes a slot: at once, or when the promise resolves. Throws when there is no room. */
  enter(context: Context): Promise<void> | undefined {
    if (this.calls < this.slotsMax) {
      this.calls++;
      return undefined;
    }
    return this.enterFull(context);
  }

  exit(): void {
    if (this.queue.length === 0 || this.calls > this.slotsMax) {
      this.calls--;
      return;
    }
    // The slot goes straight to one who waits: nobody can slip in between.
    this.queue.admit(this.slotsMax);
  }

  /** Calls that have a slot. */
  get callsAtWork(): number {
    return this.calls;
  }

  /** How long there has been somebody waiting, in ms; 0 while nobody is. */
  queueAgeMs(): number {
    return this.queue.ageMs();
  }

  /** Fewer than are at work: the rest is not cut off, but nobody follows them. */
  setSlotsMax(slotsMax: number): void {
    this.slotsMax = slotsMax;
    this.admitWaiting();
  }

  setOptions(options: SlotsOptions): void {
    this.options = options;
    this.queue.setOptions(options);
    this.admitWaiting();
  }

  snapshot(): SlotsSnapshot {
    const { calls, queue, refused, wouldRefuse } = this;
    return {
      calls,
      queued: queue.length,
      queueStanding: queue.isStanding,
      refused: refused + queue.refusedLate,
      wouldRefuse,
    };
  }

  private enterFull(context: Context): Promise<void> | undefined {
    const { slotsMax, options } = this;
    if (options.mode !== "on") {
      // Those above the limit stand for the queue there would be.
      const isFull = this.calls - slotsMax >= options.queueMax;
      if (isFull && options.mode === "dark") this.wouldRefuse++;
      this.calls++;
      return undefined;
    }
    const waiting = this.queue.wait(context);
    if (waiting !== undefined) return waiting;
    this.refused++;
    throw queueFull(slotsMax, options.queueMax);
  }

  /** There is more room than there was, or nobody has to wait any more. */
  private admitWaiting(): void {
    const roomFor = this.options.mode === "on" ? this.slotsMax : Infinity;
    while (this.queue.length > 0 && this.calls < roomFor) {
      this.calls++;
      this.queue.admit(this.slotsMax);
    }
  }
}
