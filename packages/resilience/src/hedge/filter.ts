/**
 * Hedges: when an idempotent call has not answered in the time in which most of its method do, it
 * is sent a second time, to another instance, and whichever answers first counts. It cuts the tail
 * that one slow instance makes, for a few more tries out of the budget that retries live on too.
 * Stands below retries (a retry is not hedged) and above what chooses an instance.
 */
import {
  type Clock,
  type Context,
  directFilter,
  type DirectService,
  type Filter,
  fixedOptions,
  type LiveOptions,
  retriesKey,
  type Settler,
  type StatsRegistry,
} from "@holdfast/core";
import type { CallKey, CallTraits } from "../call-traits.ts";
import { KeyStates } from "../key-states.ts";
import { RetryBudget, type RetryBudgetSnapshot } from "../retry/budget.ts";
import { isAnswer } from "./error.ts";
import { HedgedMethod } from "./hedged-method.ts";
import { completeHedgeOptions, type HedgeLiveOptions, type HedgeOptions } from "./options.ts";
import { HedgeRace } from "./race.ts";

export interface HedgeParts<Call> {
  readonly clock: Clock;
  readonly traits: CallTraits<Call>;
  /**
   * That of the retries above, which put calls into it. Default: one of its own, which the hedge
   * puts calls into itself.
   */
  readonly budget?: RetryBudget;
  readonly stats?: StatsRegistry;
  /** What may change while it runs; default: the options, for ever. */
  readonly live?: LiveOptions<HedgeLiveOptions>;
}

export interface HedgeSnapshot {
  readonly options: HedgeOptions;
  readonly budget: RetryBudgetSnapshot;
  readonly methods: readonly HedgeMethodSnapshot[];
}

export interface HedgeMethodSnapshot extends CallKey {
  /** When a second try is sent, in ms after the first; undefined while too little is known. */
  readonly delayMs: number | undefined;
  /** Calls in the window. */
  readonly samples: number;
  readonly sent: number;
  /** Second tries that were faster than the first. */
  readonly won: number;
  /** Second tries that were not sent, by reason. */
  readonly refused: { readonly time: number; readonly budget: number };
}

export class Hedge<Call, Reply> {
  readonly filter: Filter<Call, Reply>;
  readonly budget: RetryBudget;
  private readonly clock: Clock;
  private readonly options: HedgeOptions;
  private readonly live: LiveOptions<HedgeLiveOptions>;
  private readonly methods: KeyStates<HedgedMethod>;
  private readonly ownsBudget: boolean;

  constructor(parts: HedgeParts<Call>, options: Partial<HedgeOptions> = {}) {
    const { clock, traits, stats } = parts;
    this.clock = clock;
    this.options = completeHedgeOptions(options);
    this.live = parts.live ?? fixedOptions<HedgeLiveOptions>(this.options);
    this.ownsBudget = parts.budget === undefined;
    this.budget = parts.budget ?? new RetryBudget({ clock });
    const { windowMs, keysMax } = this.options;
    this.methods = new KeyStates(
      (key) => new HedgedMethod(key, stats, windowMs, clock.nowMs()),
      keysMax,
    );
    this.filter = directFilter((context, call, next, settler) => {
      if (this.ownsBudget) this.budget.deposit();
      const key = traits.keyOf(context, call);
      const live = this.live.of(key);
      const isFirstTry = context.get(retriesKey) === 0;
      if (!live.enabled || !isFirstTry || !traits.isIdempotent(call)) next(context, call, settler);
      else this.run(this.methods.of(key), live, context, call, next, settler);
    });
  }

  snapshot(): HedgeSnapshot {
    const nowMs = this.clock.nowMs();
    const methods = [...this.methods].map(([key, method]) => ({
      caller: key.caller,
      callee: key.callee,
      method: key.method,
      delayMs: method.delayAt(nowMs, this.live.of(key)),
      samples: method.samples,
      sent: method.sent.value,
      won: method.won.value,
      refused: { time: method.refused.time.value, budget: method.refused.budget.value },
    }));
    return { options: this.options, budget: this.budget.snapshot(), methods };
  }

  private run(
    method: HedgedMethod,
    live: HedgeLiveOptions,
    context: Context,
    call: Call,
    next: DirectService<Call, Reply>,
    settler: Settler<Reply>,
  ): void {
    const startMs = this.clock.nowMs();
    const delayMs = method.delayAt(startMs, live);
    // Nobody would wait for it: the call is over by then.
    if (delayMs === undefined || context.deadlineMs - startMs < delayMs + live.usefulMinMs) {
      next(context, call, new TimedCall(method, this.clock, startMs, settler));
      return;
    }
    const { budget } = this;
    const hedged = { method, live, budget, context, call, next, settler, startMs };
    new HedgeRace(hedged).start(delayMs);
  }
}

/** A call that is only measured. */
class TimedCall<Reply> implements Settler<Reply> {
  private readonly method: HedgedMethod;
  private readonly clock: Clock;
  private readonly startMs: number;
  private readonly settler: Settler<Reply>;

  constructor(method: HedgedMethod, clock: Clock, startMs: number, settler: Settler<Reply>) {
    this.method = method;
    this.clock = clock;
    this.startMs = startMs;
    this.settler = settler;
  }

  succeed(reply: Reply): void {
    this.method.record(this.clock.nowMs(), this.startMs);
    this.settler.succeed(reply);
  }

  fail(error: unknown): void {
    if (isAnswer(error)) this.method.record(this.clock.nowMs(), this.startMs);
    this.settler.fail(error);
  }
}
