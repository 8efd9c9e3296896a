/**
 * The circuit breaker as a filter: a breaker for each (caller, callee, method) that refuses calls
 * for which there is no hope. It costs a call one settler and one look at the clock.
 */
import {
  type Clock,
  type Context,
  type DirectFilter,
  type DirectService,
  type Filter,
  fixedOptions,
  type LiveOptions,
  type Random,
  type Service,
  type ServiceError,
  type Settler,
} from "@holdfast/core";
import type { CallKey, CallTraits } from "../call-traits.ts";
import { type Breaker, type Permit, REFUSED } from "./breaker.ts";
import { breakerOpen } from "./error.ts";
import { judgeError, type Judgement } from "./judgement.ts";
import {
  type CircuitBreakerLiveOptions,
  type CircuitBreakerOptions,
  completeCircuitBreakerOptions,
} from "./options.ts";
import { BreakerTable } from "./table.ts";

/** What a failed call says about the callee; `judgeError` unless the caller knows better. */
export type Judge<Call> = (error: unknown, call: Call) => Judgement;

export interface CircuitBreakerParts<Call> {
  readonly clock: Clock;
  /** For the jitter. */
  readonly random: Random;
  readonly traits: CallTraits<Call>;
  /** Default `judgeError`. Whoever has exceptions that are answers must say so here. */
  readonly judge?: Judge<Call>;
  /** Where the breakers show, one for the whole process; default one of its own. */
  readonly table?: BreakerTable;
  /** What may change while it runs; default: the options, for ever. */
  readonly live?: LiveOptions<CircuitBreakerLiveOptions>;
}

export interface CircuitBreakerSnapshot {
  readonly options: CircuitBreakerOptions;
  /** Keys that have a breaker; the table shows each. */
  readonly keys: number;
  /** Calls that passed without a breaker because there were too many keys. */
  readonly unguarded: number;
}

export class CircuitBreaker<Call, Reply> {
  readonly filter: Filter<Call, Reply>;
  readonly table: BreakerTable;
  private readonly options: CircuitBreakerOptions;
  private readonly judge: Judge<Call>;
  private readonly live: LiveOptions<CircuitBreakerLiveOptions>;
  /** By identity for the calls, by name for keys that say the same. */
  private readonly byKey = new WeakMap<CallKey, Breaker>();
  private readonly byName = new Map<string, Breaker>();
  private unguarded = 0;

  constructor(parts: CircuitBreakerParts<Call>, options: Partial<CircuitBreakerOptions> = {}) {
    const { clock, random, traits } = parts;
    this.options = completeCircuitBreakerOptions(options);
    this.live = parts.live ?? fixedOptions<CircuitBreakerLiveOptions>(this.options);
    this.judge = parts.judge ?? judgeError;
    this.table = parts.table ?? new BreakerTable({ clock, random });
    const direct: DirectFilter<Call, Reply> = (context, call, next, settler) =>
      this.runDirect(traits.keyOf(context, call), context, call, next, settler);
    const alone: Filter<Call, Reply> = (context, call, next) =>
      this.runAlone(traits.keyOf(context, call), context, call, next);
    this.filter = Object.assign(alone, { direct });
  }

  /**
   * The breaker of a key, made when it has none yet; undefined when there are too many keys. They
   * share none: one sick method would take all the others with it.
   */
  breakerOf(key: CallKey): Breaker | undefined {
    const found = this.byKey.get(key);
    if (found !== undefined) return found;
    const name = JSON.stringify([key.caller, key.callee, key.method]);
    let breaker = this.byName.get(name);
    if (breaker === undefined) {
      if (this.byName.size >= this.options.keysMax) return undefined;
      breaker = this.table.create(key, this.live.of(key));
      this.byName.set(name, breaker);
    }
    this.byKey.set(key, breaker);
    return breaker;
  }

  snapshot(): CircuitBreakerSnapshot {
    return { options: this.options, keys: this.byName.size, unguarded: this.unguarded };
  }

  private runDirect(
    key: CallKey,
    context: Context,
    call: Call,
    next: DirectService<Call, Reply>,
    settler: Settler<Reply>,
  ): void {
    const breaker = this.guarding(key);
    if (breaker === undefined) {
      next(context, call, settler);
      return;
    }
    const permit = acquire(breaker);
    if (permit === REFUSED) settler.fail(refusal(breaker));
    else next(context, call, new Settling(breaker, permit, this.judge, call, settler));
  }

  /** Without a stack: one derived promise, where the direct form would need two more. */
  private runAlone(
    key: CallKey,
    context: Context,
    call: Call,
    next: Service<Call, Reply>,
  ): Promise<Reply> {
    const breaker = this.guarding(key);
    if (breaker === undefined) return next(context, call);
    const permit = acquire(breaker);
    if (permit === REFUSED) return Promise.reject(refusal(breaker));
    const { judge } = this;
    const onError = (error: unknown): never => {
      breaker.settle(permit, judge(error, call));
      throw error;
    };
    let working: Promise<Reply>;
    try {
      working = next(context, call);
    } catch (error) {
      return new Promise(() => onError(error));
    }
    return working.then((reply) => {
      breaker.settle(permit, "success");
      return reply;
    }, onError);
  }

  /** The breaker whose word counts for this call, with the options of this moment. */
  private guarding(key: CallKey): Breaker | undefined {
    const breaker = this.byKey.get(key) ?? this.breakerOf(key);
    if (breaker === undefined) {
      this.unguarded++;
      return undefined;
    }
    const { live } = this;
    if (breaker.optionsVersion !== live.version) breaker.configure(live.of(key), live.version);
    return breaker.options.mode === "off" ? undefined : breaker;
  }
}

/** REFUSED only when the breaker may refuse: in the dark, what it would refuse passes. */
function acquire(breaker: Breaker): Permit {
  const permit = breaker.tryAcquire();
  return permit === REFUSED && breaker.options.mode === "dark" ? breaker.passUnjudged() : permit;
}

function refusal(breaker: Breaker): ServiceError {
  const why = breaker.lastTransition?.why ?? "";
  return breakerOpen(breaker.site, why, breaker.retryAfterMs());
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
