/**
 * The rate limit: so many calls a second of each method, and of each caller of it; what comes too
 * soon is refused, and told when there will be room. It allocates nothing for a call that it
 * admits, and has no timer. It stands above the concurrency limit, so that what is refused here
 * takes no place in the queue.
 *
 * It needs a number that somebody has to know. Against more load than the process can bear the
 * concurrency limit and the load shedder are the better means: they find theirs. This one is for
 * fairness between callers, for contracts, and for what costs more than time.
 */
import {
  type Bracket,
  bracketFilter,
  type Clock,
  type Context,
  type Filter,
  fixedOptions,
  type LiveOptions,
} from "@holdfast/core";
import type { CallKey, CallTraits } from "../call-traits.ts";
import { KeyStates } from "../key-states.ts";
import { rateExceeded } from "./error.ts";
import { MethodRate, type MethodRateSnapshot } from "./method-rate.ts";
import {
  completeRateLimitOptions,
  type RateLimitLiveOptions,
  type RateLimitOptions,
} from "./options.ts";

export interface RateLimitParts<Call> {
  readonly clock: Clock;
  readonly traits: Pick<CallTraits<Call>, "keyOf">;
  /**
   * Who calls. Default: the context's caller, which is what a caller says of itself; where callers
   * do not trust each other, give what they cannot choose, such as the subject of a certificate.
   */
  readonly callerOf?: (context: Context, call: Call) => string;
  /** What may change, from the next call of a method on; default: the options, for ever. */
  readonly live?: LiveOptions<RateLimitLiveOptions>;
}

export interface RateLimitSnapshot {
  readonly options: RateLimitOptions;
  readonly methods: readonly (CallKey & MethodRateSnapshot)[];
}

export class RateLimit<Call, Reply> implements Bracket<Call, Reply> {
  private readonly parts: RateLimitParts<Call>;
  private readonly options: RateLimitOptions;
  private readonly live: LiveOptions<RateLimitLiveOptions>;
  private readonly methods: KeyStates<MethodRate>;
  private readonly callerOf: (context: Context, call: Call) => string;
  readonly filter: Filter<Call, Reply>;

  constructor(parts: RateLimitParts<Call>, options: Partial<RateLimitOptions> = {}) {
    this.parts = parts;
    this.options = completeRateLimitOptions(options);
    this.live = parts.live ?? fixedOptions<RateLimitLiveOptions>(this.options);
    this.callerOf = parts.callerOf ?? ((context) => context.caller);
    const { callersMax, keysMax } = this.options;
    this.methods = new KeyStates((key) => new MethodRate(this.live.of(key), callersMax), keysMax);
    this.filter = bracketFilter(this);
  }

  enter(context: Context, call: Call): undefined {
    const { parts, live } = this;
    const key = parts.traits.keyOf(context, call);
    const method = this.methods.of(key);
    const options = live.of(key);
    if (options !== method.live) method.configure(options, parts.clock.nowMs());
    if (method.isOpen) return undefined;
    const caller = method.limitsCallers ? this.callerOf(context, call) : "";
    const waitMs = method.take(caller, parts.clock.nowMs());
    if (waitMs > 0 && options.mode === "on") {
      const { blamesCaller, callsPerSecond } = method.refusal;
      const who = blamesCaller ? `${key.method} by this caller` : key.method;
      throw rateExceeded(who, callsPerSecond, Math.ceil(waitMs));
    }
    return undefined;
  }

  snapshot(): RateLimitSnapshot {
    const methods = [...this.methods].map(([{ caller, callee, method }, state]) => {
      return { caller, callee, method, ...state.snapshot() };
    });
    return { options: this.options, methods };
  }
}
