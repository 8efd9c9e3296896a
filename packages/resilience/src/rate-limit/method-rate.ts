/** The buckets of one method: its own, and one for each caller of it. */
import { CallerBuckets } from "./caller-buckets.ts";
import type { RateLimitLiveOptions } from "./options.ts";
import { TokenBuckets, type TokenRate, tokenRate } from "./token-buckets.ts";

export interface MethodRateSnapshot {
  readonly live: RateLimitLiveOptions;
  readonly admitted: number;
  /** For want of a token of the method, and of one of its caller. */
  readonly refused: number;
  readonly refusedCallers: number;
  /** In dark mode: what would have been refused, for either reason. */
  readonly wouldRefuse: number;
  /** Callers that are told apart now. */
  readonly callers: number;
  /** Calls of callers that had no bucket of their own. */
  readonly sharedCalls: number;
}

interface Refusal {
  readonly blamesCaller: boolean;
  readonly callsPerSecond: number;
}

export class MethodRate {
  private current: RateLimitLiveOptions;
  private readonly callersMax: number;
  private readonly own = new TokenBuckets(1);
  private callers: CallerBuckets | undefined = undefined;
  private ownRate: TokenRate;
  private callerRate: TokenRate;
  private admitted = 0;
  private refusedOwn = 0;
  private refusedCallers = 0;
  private wouldRefuse = 0;
  private lastRefusal: Refusal = { blamesCaller: false, callsPerSecond: Infinity };

  constructor(live: RateLimitLiveOptions, callersMax: number) {
    this.current = live;
    this.callersMax = callersMax;
    this.ownRate = tokenRate(live.methodCallsPerSecond, live.methodBurst);
    this.callerRate = tokenRate(live.callerCallsPerSecond, live.callerBurst);
  }

  /** In effect now. */
  get live(): RateLimitLiveOptions {
    return this.current;
  }

  /** Whether there is nothing to ask. */
  get isOpen(): boolean {
    const { mode, methodCallsPerSecond } = this.live;
    return mode === "off" || (methodCallsPerSecond === undefined && !this.limitsCallers);
  }

  get limitsCallers(): boolean {
    return this.live.callerCallsPerSecond !== undefined;
  }

  /** Why the last call was refused. */
  get refusal(): Refusal {
    return this.lastRefusal;
  }

  /** Takes a token of the method and one of the caller, or neither; how long to wait for both. */
  take(caller: string, nowMs: number): number {
    const { own, ownRate, callerRate } = this;
    const callers = this.limitsCallers ? this.callerBuckets() : undefined;
    const ownMs = own.waitMs(0, nowMs, ownRate);
    const index = callers === undefined ? 0 : callers.indexOf(caller, nowMs);
    const callerMs = callers === undefined ? 0 : callers.buckets.waitMs(index, nowMs, callerRate);
    if (ownMs > 0 || callerMs > 0) {
      this.refuse(ownMs, callerMs);
      return Math.max(ownMs, callerMs);
    }
    own.take(0, nowMs, ownRate);
    callers?.buckets.take(index, nowMs, callerRate);
    this.admitted++;
    return 0;
  }

  /** Tokens that are spent stay spent. */
  configure(live: RateLimitLiveOptions, nowMs: number): void {
    const { ownRate, callerRate } = this;
    this.current = live;
    this.ownRate = tokenRate(live.methodCallsPerSecond, live.methodBurst);
    this.callerRate = tokenRate(live.callerCallsPerSecond, live.callerBurst);
    this.own.changeRate(nowMs, ownRate, this.ownRate);
    this.callers?.changeRate(nowMs, callerRate, this.callerRate);
  }

  snapshot(): MethodRateSnapshot {
    const { live, admitted, refusedOwn, refusedCallers, wouldRefuse, callers } = this;
    return {
      live,
      admitted,
      refused: refusedOwn,
      refusedCallers,
      wouldRefuse,
      callers: callers?.count ?? 0,
      sharedCalls: callers?.sharedCalls ?? 0,
    };
  }

  private refuse(ownMs: number, callerMs: number): void {
    if (this.live.mode !== "on") {
      this.wouldRefuse++;
      return;
    }
    // The longer wait is the one that keeps it out.
    const blamesCaller = callerMs > ownMs;
    if (blamesCaller) this.refusedCallers++;
    else this.refusedOwn++;
    const { callsPerSecond } = blamesCaller ? this.callerRate : this.ownRate;
    this.lastRefusal = { blamesCaller, callsPerSecond };
  }

  private callerBuckets(): CallerBuckets {
    this.callers ??= new CallerBuckets(this.callersMax);
    return this.callers;
  }
}
