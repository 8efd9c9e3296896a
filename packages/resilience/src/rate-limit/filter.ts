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
import { type Bracket, bracketFilter, type Clock, type Context, type Filter } from "@holdfast/core";
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
  /** What holds for one method beside the options; asked once for each, and again at `reload`. */
  readonly live?: (key: CallKey) => Partial<RateLimitLiveOptions>;
}

export interface RateLimitSnapshot {
  readonly options: RateLimitOptions;
  readonly methods: readonly (CallKey & MethodRateSnapshot)[];
}

export class RateLimit<Call, Reply> implements Bracket<Call, Reply> {
  private readonly parts: RateLimitParts<Call>;
  private current: RateLimitOptions;
  private readonly methods: KeyStates<MethodRate>;
  private readonly callerOf: (context: Context, call: Call) => string;
  readonly filter: Filter<Call, Reply>;

  constructor(parts: RateLimitParts<Call>, options: Partial<RateLimitOptions> = {}) {
    this.parts = parts;
    this.current = completeRateLimitOptions(options);
    this.callerOf = parts.callerOf ?? ((context) => context.caller);
    const { callersMax, methodsMax } = this.current;
    this.methods = new KeyStates((key) => new MethodRate(this.liveOf(key), callersMax), methodsMax);
    this.filter = bracketFilter(this);
  }

  /** In effect now, where `live` says nothing else. */
  get options(): RateLimitOptions {
    return this.current;
  }

  enter(context: Context, call: Call): undefined {
    const key = this.parts.traits.keyOf(context, call);
    const method = this.methods.of(key);
    if (method.isOpen) return undefined;
    const nowMs = this.parts.clock.nowMs();
    const caller = method.limitsCallers ? this.callerOf(context, call) : "";
    const waitMs = method.take(caller, nowMs);
    if (waitMs > 0 && method.live.mode === "on") {
      const { blamesCaller, callsPerSecond } = method.refusal;
      const who = blamesCaller ? `${key.method} by this caller` : key.method;
      throw rateExceeded(who, callsPerSecond, Math.ceil(waitMs));
    }
    return undefined;
  }

  /** Changes what is given, for all methods; tokens that are spent stay spent. */
  configure(change: Partial<RateLimitLiveOptions>): void {
    const before = this.current;
    this.current = completeRateLimitOptions({ ...before, ...change });
    try {
      this.reload();
    } catch (error) {
      this.current = before;
      throw error;
    }
  }

  /** Asks for the live options of every method again. Changes nothing when one is out of range. */
  reload(): void {
    const changes = [...this.methods].map(([key, method]) => ({ method, live: this.liveOf(key) }));
    const nowMs = this.parts.clock.nowMs();
    for (const { method, live } of changes) method.configure(live, nowMs);
  }

  snapshot(): RateLimitSnapshot {
    const methods = [...this.methods].map(([key, method]) => ({ ...key, ...method.snapshot() }));
    return { options: this.current, methods };
  }

  private liveOf(key: CallKey): RateLimitLiveOptions {
    return completeRateLimitOptions({ ...this.current, ...this.parts.live?.(key) });
  }
}
