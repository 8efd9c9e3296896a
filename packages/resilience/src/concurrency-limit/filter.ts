/**
 * The concurrency limit: so many calls at work at once, so many waiting, the rest refused. A slot
 * is freed when the work ends, whoever has given up meanwhile; a call that waits gives up when its
 * context is over. For a number that finds itself, see `AdaptiveConcurrencyLimit`.
 */
import { bracketFilter, type Filter } from "@holdfast/core";
import {
  completeConcurrencyLimitOptions,
  type ConcurrencyLimitLiveOptions,
  type ConcurrencyLimitOptions,
} from "./options.ts";
import { Slots, type SlotsSnapshot } from "./slots.ts";

export interface ConcurrencyLimitSnapshot extends ConcurrencyLimitOptions, SlotsSnapshot {}

export class ConcurrencyLimit<Call, Reply> {
  private current: ConcurrencyLimitOptions;
  private readonly slots: Slots;
  readonly filter: Filter<Call, Reply>;

  constructor(options: Partial<ConcurrencyLimitOptions> = {}) {
    this.current = completeConcurrencyLimitOptions(options);
    this.slots = new Slots(this.current.callsMax, this.current);
    // The slots are the bracket themselves: nothing stands between a call and its slot.
    this.filter = bracketFilter<Call, Reply>(this.slots);
  }

  /** In effect now. */
  get options(): ConcurrencyLimitOptions {
    return this.current;
  }

  /** Changes what is given. Calls at work stay at work; those who wait come in if there is room. */
  configure(change: Partial<ConcurrencyLimitLiveOptions>): void {
    this.current = completeConcurrencyLimitOptions({ ...this.current, ...change });
    this.slots.setOptions(this.current);
    this.slots.setSlotsMax(this.current.callsMax);
  }

  /** How long there has been somebody waiting, in ms; 0 while nobody is. A signal of overload. */
  queueAgeMs(): number {
    return this.slots.queueAgeMs();
  }

  snapshot(): ConcurrencyLimitSnapshot {
    return { ...this.current, ...this.slots.snapshot() };
  }
}
