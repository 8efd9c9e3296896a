/**
 * Retries: sends a failed call again when that is safe, can help, is in time and is paid for. It
 * refuses nothing itself: what it does not try again fails as it failed. Stands above what chooses
 * an instance, so that each try may go to another one, and below the call's deadline, so that all
 * tries together keep to it.
 */
import {
  avoidedInstancesKey,
  type Clock,
  type Context,
  directFilter,
  type DirectService,
  type Filter,
  fixedOptions,
  type LiveOptions,
  type Random,
  retriesKey,
  type ServiceError,
  type Settler,
  type StatsRegistry,
  type WorkStarted,
} from "@holdfast/core";
import type { CallKey, CallTraits } from "../call-traits.ts";
import { KeyStates } from "../key-states.ts";
import { Tally } from "../tally.ts";
import { Attempt } from "./attempt.ts";
import { backoffMs } from "./backoff.ts";
import { RetryBudget, type RetryBudgetSnapshot } from "./budget.ts";
import { afterTries, failureOf, furtherOf } from "./error.ts";
import { completeRetryOptions, type RetryLiveOptions, type RetryOptions } from "./options.ts";
import { REFUSAL_TEXT, refusalOf, type RetryRefusal } from "./safety.ts";

export interface RetryParts<Call> {
  readonly clock: Clock;
  /** For the jitter. */
  readonly random: Random;
  readonly traits: CallTraits<Call>;
  /** Give the hedge of the same client the same one. Default: one of its own. */
  readonly budget?: RetryBudget;
  readonly stats?: StatsRegistry;
  /** What may change while it runs; default: the options, for ever. */
  readonly live?: LiveOptions<RetryLiveOptions>;
}

export interface RetrySnapshot {
  readonly options: RetryOptions;
  readonly budget: RetryBudgetSnapshot;
  readonly methods: readonly RetryMethodSnapshot[];
}

export interface RetryMethodSnapshot extends CallKey {
  readonly live: RetryLiveOptions;
  readonly calls: number;
  /** Tries sent after the first. */
  readonly retries: number;
  /** Calls that a later try has saved. */
  readonly recovered: number;
  /** Failed calls that were not tried again, by reason. */
  readonly refused: Readonly<Record<RetryRefusal, number>>;
}

export class Retry<Call, Reply> {
  readonly filter: Filter<Call, Reply>;
  readonly budget: RetryBudget;
  private readonly parts: RetryParts<Call>;
  private readonly options: RetryOptions;
  private readonly live: LiveOptions<RetryLiveOptions>;
  private readonly methods: KeyStates<RetryMethod>;

  constructor(parts: RetryParts<Call>, options: Partial<RetryOptions> = {}) {
    this.parts = parts;
    this.options = completeRetryOptions(options);
    this.live = parts.live ?? fixedOptions<RetryLiveOptions>(this.options);
    this.budget = parts.budget ?? new RetryBudget({ clock: parts.clock });
    this.methods = new KeyStates((key) => new RetryMethod(key, parts.stats), this.options.keysMax);
    this.filter = directFilter((context, call, next, settler) => {
      const key = parts.traits.keyOf(context, call);
      const method = this.methods.of(key);
      method.calls++;
      this.budget.deposit();
      const live = this.live.of(key);
      const tried = new TriedCall(this, method, live, context, call, next, settler);
      if (live.tryTimeoutMs === undefined) next(context, call, tried);
      else new Attempt(tried, context).send();
    });
  }

  snapshot(): RetrySnapshot {
    const methods = [...this.methods].map(([key, method]) => {
      const { caller, callee, method: name } = key;
      const live = liveOnly(this.live.of(key));
      return { caller, callee, method: name, live, ...method.snapshot() };
    });
    return { options: this.options, budget: this.budget.snapshot(), methods };
  }

  /** How long to wait before the next try, in ms, or why there is none. */
  plan(tried: TriedCall<Call, Reply>, failure: ServiceError): number | RetryRefusal {
    const { live, context, call, tries } = tried;
    const isIdempotent = this.parts.traits.isIdempotent(call);
    const refusal = refusalOf(failure, isIdempotent, context.get(retriesKey));
    if (refusal !== undefined) return refusal;
    if (tries >= live.triesMax) return "tries";
    const retryAfterMs = failure.retryAfterMs ?? 0;
    if (retryAfterMs > live.retryAfterMaxMs) return "time";
    const waitMs = backoffMs(live, tries, retryAfterMs, this.parts.random);
    // Asked last: it takes from the budget.
    if (context.remainingMs() < waitMs + live.usefulMinMs) return "time";
    return this.budget.withdraw() ? waitMs : "budget";
  }
}

/** What is kept for one method. */
class RetryMethod {
  calls = 0;
  readonly retries: Tally;
  readonly recovered: Tally;
  readonly refused: Readonly<Record<RetryRefusal, Tally>>;

  constructor(key: CallKey, stats: StatsRegistry | undefined) {
    const family = stats?.counter({
      name: "holdfast_retries",
      help: "Further tries sent, calls they saved, and failed calls not tried again, by why",
      labels: ["service", "method", "result"],
    });
    const tallyOf = (result: string): Tally =>
      new Tally(family?.of(key.callee, key.method, result));
    this.retries = tallyOf("sent");
    this.recovered = tallyOf("recovered");
    this.refused = {
      useless: tallyOf("useless"),
      unsafe: tallyOf("unsafe"),
      chain: tallyOf("chain"),
      tries: tallyOf("tries"),
      time: tallyOf("time"),
      budget: tallyOf("budget"),
    };
  }

  snapshot(): Omit<RetryMethodSnapshot, keyof CallKey | "live"> {
    const { calls, retries, recovered, refused } = this;
    const { useless, unsafe, chain, tries, time, budget } = refused;
    return {
      calls,
      retries: retries.value,
      recovered: recovered.value,
      refused: {
        useless: useless.value,
        unsafe: unsafe.value,
        chain: chain.value,
        tries: tries.value,
        time: time.value,
        budget: budget.value,
      },
    };
  }
}

/** One call with all its tries. It is the settler of the first one, which costs nothing else. */
export class TriedCall<Call, Reply> implements Settler<Reply> {
  private readonly policy: Retry<Call, Reply>;
  readonly method: RetryMethod;
  readonly live: RetryLiveOptions;
  /** The caller's. */
  readonly context: Context;
  readonly call: Call;
  readonly next: DirectService<Call, Reply>;
  readonly settler: Settler<Reply>;
  /** Sent so far. */
  tries = 1;
  private workStarted: WorkStarted = "no";
  private avoided: readonly string[] = NONE;

  constructor(
    policy: Retry<Call, Reply>,
    method: RetryMethod,
    live: RetryLiveOptions,
    context: Context,
    call: Call,
    next: DirectService<Call, Reply>,
    settler: Settler<Reply>,
  ) {
    this.policy = policy;
    this.method = method;
    this.live = live;
    this.context = context;
    this.call = call;
    this.next = next;
    this.settler = settler;
  }

  succeed(reply: Reply): void {
    if (this.tries > 1) this.method.recovered.add();
    this.settler.succeed(reply);
  }

  /** A try has failed; at most one is under way at any time. */
  fail(error: unknown): void {
    const failure = failureOf(error);
    if (failure === undefined) {
      // An exception of the IDL is an answer.
      this.settler.fail(error);
      return;
    }
    this.workStarted = furtherOf(this.workStarted, failure.workStarted);
    // Nobody waits for a call that is over.
    const isOver = this.context.cancelled !== undefined;
    const planned = isOver ? "time" : this.policy.plan(this, failure);
    if (typeof planned === "number") {
      new Attempt(this, this.contextAfter(failure)).wait(planned);
      return;
    }
    this.method.refused[planned].add();
    const { tries, workStarted } = this;
    const isFirst = tries === 1;
    this.settler.fail(
      isFirst ? error : afterTries(failure, tries, workStarted, REFUSAL_TEXT[planned]),
    );
  }

  /** For the next try: marked as a retry, and away from every instance that has failed the call. */
  private contextAfter({ instanceId }: ServiceError): Context {
    const { context } = this;
    if (this.tries === 1) this.avoided = context.get(avoidedInstancesKey);
    if (instanceId !== undefined && !this.avoided.includes(instanceId)) {
      this.avoided = [...this.avoided, instanceId];
    }
    const marked = context.withValue(retriesKey, context.get(retriesKey) + this.tries);
    return this.avoided.length === 0 ? marked : marked.withValue(avoidedInstancesKey, this.avoided);
  }
}

const NONE: readonly string[] = [];

function liveOnly(live: RetryLiveOptions): RetryLiveOptions {
  const { triesMax, backoffMinMs, backoffMaxMs, retryAfterMaxMs, usefulMinMs, tryTimeoutMs } = live;
  return { triesMax, backoffMinMs, backoffMaxMs, retryAfterMaxMs, usefulMinMs, tryTimeoutMs };
}
