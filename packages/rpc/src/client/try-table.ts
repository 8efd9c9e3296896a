/**
 * The tries at work on one connection, by sequence id. An id is a slot and a generation, so that
 * finding one is an array access, and a reply that comes late or twice finds nothing.
 */
import type { Try } from "./client-call.ts";

const SLOT_BITS = 16;
const SLOT_MASK = (1 << SLOT_BITS) - 1;
/** 15 bits, so that ids are positive; generation 0 is left out, so that id 0 is nobody's. */
const GENERATIONS = 0x7fff;

export class TryTable {
  private readonly capacity: number;
  private readonly tries: (Try | undefined)[] = [];
  private readonly generations: number[] = [];
  private readonly free: number[] = [];
  private count = 0;

  constructor(capacity: number) {
    this.capacity = capacity;
  }

  get size(): number {
    return this.count;
  }

  get full(): boolean {
    return this.count >= this.capacity;
  }

  /** Gives the try a sequence id; the table must not be full. */
  add(attempt: Try): void {
    const slot = this.free.pop() ?? this.newSlot();
    this.tries[slot] = attempt;
    this.count++;
    attempt.sequenceId = (this.generations[slot]! << SLOT_BITS) | slot;
  }

  /** Takes the try out; undefined when no such try is at work. */
  take(sequenceId: number): Try | undefined {
    const slot = sequenceId & SLOT_MASK;
    const attempt = this.tries[slot];
    if (attempt === undefined || attempt.sequenceId !== sequenceId) return undefined;
    this.tries[slot] = undefined;
    attempt.sequenceId = 0;
    this.generations[slot] = (this.generations[slot]! % GENERATIONS) + 1;
    this.free.push(slot);
    this.count--;
    return attempt;
  }

  /** Takes all of them out. */
  takeAll(): Try[] {
    const all = this.tries.filter((attempt) => attempt !== undefined);
    for (const attempt of all) this.take(attempt.sequenceId);
    return all;
  }

  private newSlot(): number {
    this.generations.push(1);
    return this.tries.push(undefined) - 1;
  }
}
