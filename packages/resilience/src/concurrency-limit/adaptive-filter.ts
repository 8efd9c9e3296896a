/**
 * The concurrency limit that finds its number: as many calls at work as make the service faster and
 * no more, with the queue of the fixed limit in front. It stands where the fixed one stands. It
 * reads the clock twice for each call, which the fixed one does not; where the right number is
 * known, that one is cheaper.
 */
import {
  type Clock,
  type Context,
  directFilter,
  type DirectService,
  type Filter,
  ServiceError,
  type Settler,
} from "@holdfast/core";
import { Gradient } from "./gradient.ts";
import {
  type AdaptiveConcurrencyLimitLiveOptions,
  type AdaptiveConcurrencyLimitOptions,
  completeAdaptiveConcurrencyLimitOptions,
} from "./options.ts";
import { Slots, type SlotsSnapshot } from "./slots.ts";

export interface AdaptiveConcurrencyLimitSnapshot
  extends AdaptiveConcurrencyLimitOptions, SlotsSnapshot {
  /** Calls that may be at work now. */
  readonly limit: number;
  /** The latency without load, as far as it is known, in ms. */
  readonly baseMs: number;
  /** The mean latency of the last window, in ms. */
  readonly latencyMs: number;
  readonly probes: number;
}

export class AdaptiveConcurrencyLimit<Call, Reply> {
  private current: AdaptiveConcurrencyLimitOptions;
  private readonly gradient: Gradient;
  private readonly slots: Slots;
  readonly filter: Filter<Call, Reply>;

  constructor(options: Partial<AdaptiveConcurrencyLimitOptions> = {}) {
    this.current = completeAdaptiveConcurrencyLimitOptions(options);
    this.gradient = new Gradient(gradientOptions(this.current));
    this.slots = new Slots(this.gradient.limit, this.current);
    this.filter = directFilter((context, call, next, settler) => {
      this.run(context, call, next, settler);
    });
  }

  /** In effect now. */
  get options(): AdaptiveConcurrencyLimitOptions {
    return this.current;
  }

  /** Changes what is given; what was learnt stays. */
  configure(change: Partial<AdaptiveConcurrencyLimitLiveOptions>): void {
    const { callsInitial } = this.current;
    const { callsMin = this.current.callsMin, callsMax = this.current.callsMax } = change;
    this.current = completeAdaptiveConcurrencyLimitOptions({
      ...this.current,
      ...change,
      // It was of use once; it must not stand in the way of a new range.
      callsInitial: Math.min(callsMax, Math.max(callsMin, callsInitial)),
    });
    this.gradient.setOptions(gradientOptions(this.current));
    this.slots.setOptions(this.current);
    this.slots.setSlotsMax(this.gradient.limit);
  }

  /** How long there has been somebody waiting, in ms; 0 while nobody is. A signal of overload. */
  queueAgeMs(): number {
    return this.slots.queueAgeMs();
  }

  snapshot(): AdaptiveConcurrencyLimitSnapshot {
    const { limit, baseMs, latencyMs, probes } = this.gradient;
    const slots = this.slots.snapshot();
    return { ...this.current, ...slots, limit, baseMs, latencyMs, probes };
  }

  /** Work that began at `startMs` has come to an end. For the filter. */
  ended(clock: Clock, startMs: number, measured: boolean): void {
    if (measured) {
      const before = this.gradient.limit;
      const nowMs = clock.nowMs();
      this.gradient.sample(nowMs, nowMs - startMs, this.slots.callsAtWork);
      const { limit } = this.gradient;
      if (limit !== before) this.slots.setSlotsMax(limit);
    }
    this.slots.exit();
  }

  private run(
    context: Context,
    call: Call,
    next: DirectService<Call, Reply>,
    settler: Settler<Reply>,
  ): void {
    let waiting: Promise<void> | undefined;
    try {
      waiting = this.slots.enter(context);
    } catch (error) {
      settler.fail(error);
      return;
    }
    if (waiting === undefined) {
      this.work(context, call, next, settler);
      return;
    }
    waiting.then(
      () => this.work(context, call, next, settler),
      (error: unknown) => settler.fail(error),
    );
  }

  private work(
    context: Context,
    call: Call,
    next: DirectService<Call, Reply>,
    settler: Settler<Reply>,
  ): void {
    next(context, call, new Work(this, context.clock, settler));
  }
}

/** Work that holds a slot until it ends. */
class Work<Call, Reply> implements Settler<Reply> {
  private readonly limit: AdaptiveConcurrencyLimit<Call, Reply>;
  private readonly clock: Clock;
  private readonly startMs: number;
  private readonly settler: Settler<Reply>;

  constructor(limit: AdaptiveConcurrencyLimit<Call, Reply>, clock: Clock, settler: Settler<Reply>) {
    this.limit = limit;
    this.clock = clock;
    this.startMs = clock.nowMs();
    this.settler = settler;
  }

  succeed(reply: Reply): void {
    this.limit.ended(this.clock, this.startMs, true);
    this.settler.succeed(reply);
  }

  fail(error: unknown): void {
    this.limit.ended(this.clock, this.startMs, tookItsTime(error));
    this.settler.fail(error);
  }
}

/** Most failures are faster than work and say nothing of it; one that took all its time does. */
function tookItsTime(error: unknown): boolean {
  return error instanceof ServiceError && error.code === "deadline-exceeded";
}

/** Where nothing is refused a probe would halve nothing, and take the load for its absence. */
function gradientOptions(options: AdaptiveConcurrencyLimitOptions) {
  return options.mode === "on" ? options : { ...options, probeIntervalMs: Infinity };
}
