/**
 * The circuit breaker as a filter: a breaker for each (caller, callee, method) that refuses calls
 * for which there is no hope. It costs a call one settler and one look at the clock.
 */
import {
  type Clock,
  type DirectService,
  directFilter,
  type Filter,
  type Random,
  type Settler,
} from "@holdfast/core";
import type { CallKey, CallTraits } from "../call-traits.ts";
import { type Breaker, type Permit, REFUSED } from "./breaker.ts";
import { breakerOpen } from "./error.ts";
import { judgeError, type Judgement } from "./judgement.ts";
import {
  type CircuitBreakerLiveOptions,
  type CircuitBreakerOptions,
  completeCircuitBreakerLiveOptions,
  completeCircuitBreakerOptions,
} from "./options.ts";
import { BreakerTable } from "./table.ts";

/** What a failed call says about the callee; `judgeError` unless the caller knows better. */
export type Judge<Call> = (error: unknown, call: Call) => Judgement;

export interface CreateCircuitBreaker<Call> {
  readonly clock: Clock;
  readonly random: Random;
  readonly traits: CallTraits<Call>;
  readonly options?: Partial<CircuitBreakerOptions>;
  /** Default `judgeError`. Whoever has exceptions that are answers must say so here. */
  readonly judge?: Judge<Call>;
  /** Where the breakers show; default a table of its own, which `rows` shows. */
  readonly table?: BreakerTable;
}

export class CircuitBreaker<Call, Reply> {
  readonly filter: Filter<Call, Reply>;
  readonly table: BreakerTable;
  private readonly judge: Judge<Call>;
  private readonly breakersMax: number;
  private optionsOf: (key: CallKey) => CircuitBreakerLiveOptions;
  /** By identity for the calls, by name for keys that say the same. */
  private readonly byKey = new WeakMap<CallKey, Breaker>();
  private readonly byName = new Map<string, Breaker>();
  private unguardedCount = 0;

  constructor(input: CreateCircuitBreaker<Call>) {
    const { clock, random, traits } = input;
    const { breakersMax, ...live } = completeCircuitBreakerOptions(input.options);
    this.breakersMax = breakersMax;
    this.optionsOf = () => live;
    this.judge = input.judge ?? judgeError;
    this.table = input.table ?? new BreakerTable({ clock, random });
    this.filter = directFilter((context, call, next, settler) => {
      const key = traits.keyOf(context, call);
      const breaker = this.byKey.get(key) ?? this.find(key);
      if (breaker === undefined || breaker.options.mode === "off") next(context, call, settler);
      else this.guard(breaker, context, call, next, settler);
    });
  }

  /** Calls that passed without a breaker because there were too many keys. */
  get unguarded(): number {
    return this.unguardedCount;
  }

  /** The breaker of a key, made when it has none yet; undefined when there are too many. */
  breakerOf(key: CallKey): Breaker | undefined {
    const found = this.byKey.get(key);
    if (found !== undefined) return found;
    const name = JSON.stringify([key.caller, key.callee, key.method]);
    let breaker = this.byName.get(name);
    if (breaker === undefined) {
      if (this.byName.size >= this.breakersMax) return undefined;
      breaker = this.table.create(key, this.optionsOf(key));
      this.byName.set(name, breaker);
    }
    this.byKey.set(key, breaker);
    return breaker;
  }

  /**
   * New live options, for every breaker there is and will be. They are asked for once a key; what
   * they leave out is the default. Throws a RangeError, and then nothing has changed.
   */
  configure(optionsOf: (key: CallKey) => Partial<CircuitBreakerLiveOptions>): void {
    const complete = (key: CallKey): CircuitBreakerLiveOptions =>
      completeCircuitBreakerLiveOptions(optionsOf(key));
    const breakers = [...this.byName.values()];
    const options = breakers.map(({ site }) => complete(site));
    this.optionsOf = complete;
    for (const [index, breaker] of breakers.entries()) {
      const before = breaker.options.mode;
      breaker.configure(options[index]!);
      if (options[index]!.mode === "off" && before !== "off") breaker.reset("switched off");
    }
  }

  private find(key: CallKey): Breaker | undefined {
    const breaker = this.breakerOf(key);
    if (breaker === undefined) this.unguardedCount++;
    return breaker;
  }

  private guard(
    breaker: Breaker,
    context: Parameters<DirectService<Call, Reply>>[0],
    call: Call,
    next: DirectService<Call, Reply>,
    settler: Settler<Reply>,
  ): void {
    let permit = breaker.tryAcquire();
    if (permit === REFUSED) {
      if (breaker.options.mode === "on") {
        const why = breaker.lastTransition?.why ?? "";
        settler.fail(breakerOpen(breaker.site, why, breaker.retryAfterMs()));
        return;
      }
      permit = breaker.passUnjudged();
    }
    next(context, call, new Settling(breaker, permit, this.judge, call, settler));
  }
}

/** Gives the permit back when the call ends, before anybody above hears of it. */
class Settling<Call, Reply> implements Settler<Reply> {
  private readonly breaker: Breaker;
  private readonly permit: Permit;
  private readonly judge: Judge<Call>;
  private readonly call: Call;
  private readonly settler: Settler<Reply>;

  constructor(
    breaker: Breaker,
    permit: Permit,
    judge: Judge<Call>,
    call: Call,
    settler: Settler<Reply>,
  ) {
    this.breaker = breaker;
    this.permit = permit;
    this.judge = judge;
    this.call = call;
    this.settler = settler;
  }

  succeed(reply: Reply): void {
    this.breaker.settle(this.permit, "success");
    this.settler.succeed(reply);
  }

  fail(error: unknown): void {
    this.breaker.settle(this.permit, this.judge(error, this.call));
    this.settler.fail(error);
  }
}
