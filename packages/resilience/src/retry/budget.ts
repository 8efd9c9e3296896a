/**
 * The budget of what a client sends beside first tries: a token bucket that retries and hedges of
 * one client draw from together. Every call puts a part of a token in, every second some whole
 * ones, every second try takes one out.
 *
 * Why a budget and not a maximum of tries? Three tries are harmless while one call in a thousand
 * fails, and three times the load when all fail, which is when the callee can bear it least. A
 * budget lets the rare failure have its tries and the outage only a fifth more load.
 *
 * Why do tokens fade? A bucket with a fixed top is too small for a busy client that loses an
 * instance with all its calls in flight, or too large for a quiet one. Here what is saved up fades
 * over `windowMs`, so the bucket holds what the calls of about that long have put in, whatever the
 * traffic. It is brought up to date when somebody draws from it, by a formula: no timer, and a call
 * that needs no second try costs one addition and does not look at the clock.
 */
import { type Clock, type ConfigKey, fixedOptions, type LiveOptions } from "@holdfast/core";
import {
  completeRetryBudgetOptions,
  type RetryBudgetLiveOptions,
  type RetryBudgetOptions,
} from "./budget-options.ts";

export interface RetryBudgetParts {
  readonly clock: Clock;
  readonly live?: LiveOptions<RetryBudgetLiveOptions>;
  /** What the live options are asked for; a budget is of all methods of a client. */
  readonly key?: ConfigKey;
}

export interface RetryBudgetSnapshot extends RetryBudgetOptions {
  /** Tries that could be sent now. */
  readonly balance: number;
  /** Tries that were paid for. */
  readonly spent: number;
  /** Tries that were not sent because nothing was left. */
  readonly denied: number;
}

/** Fields of `amounts`: doubles in an array change in place, those of an object may not. */
const BALANCE = 0;
/** Calls since the balance was brought up to date. */
const CALLS = 1;
/** When that was, on the clock's `nowMs()` scale. */
const SINCE_MS = 2;

const WHOLE_CLIENT: ConfigKey = { caller: "", callee: "", method: "" };

export class RetryBudget {
  private readonly clock: Clock;
  private readonly options: RetryBudgetOptions;
  private readonly live: LiveOptions<RetryBudgetLiveOptions>;
  private readonly key: ConfigKey;
  private current: RetryBudgetLiveOptions;
  private readonly amounts = new Float64Array(3);
  private spent = 0;
  private denied = 0;

  constructor(parts: RetryBudgetParts, options: Partial<RetryBudgetOptions> = {}) {
    this.clock = parts.clock;
    this.options = completeRetryBudgetOptions(options);
    this.live = parts.live ?? fixedOptions<RetryBudgetLiveOptions>(this.options);
    this.key = parts.key ?? WHOLE_CLIENT;
    this.current = this.live.of(this.key);
    this.amounts[BALANCE] = Math.min(this.options.startTokens, this.current.tokensMax);
    this.amounts[SINCE_MS] = this.clock.nowMs();
  }

  /** A call begins. Once for each call, by whoever stands highest in the stack. */
  deposit(): void {
    this.amounts[CALLS]!++;
  }

  /** Whether one more try may be sent; it is paid for then. */
  withdraw(): boolean {
    this.bringUpToDate();
    if (this.amounts[BALANCE]! < 1) {
      this.denied++;
      return false;
    }
    this.amounts[BALANCE]! -= 1;
    this.spent++;
    return true;
  }

  snapshot(): RetryBudgetSnapshot {
    this.bringUpToDate();
    const { options, spent, denied } = this;
    const { tokensPerCall, tokensPerSecond, tokensMax } = this.current;
    const live = { tokensPerCall, tokensPerSecond, tokensMax };
    return { ...options, ...live, balance: this.amounts[BALANCE]!, spent, denied };
  }

  /**
   * Takes the calls since the last time to have come evenly, and the options of that time to have
   * held until now.
   */
  private bringUpToDate(): void {
    const { amounts } = this;
    const { windowMs } = this.options;
    const { tokensPerCall, tokensPerSecond } = this.current;
    this.current = this.live.of(this.key);
    const nowMs = this.clock.nowMs();
    const passedMs = Math.max(0, nowMs - amounts[SINCE_MS]!);
    const windows = passedMs / windowMs;
    // The part that is left of what came in evenly: 1 at once, windowMs / passedMs in the end.
    const left = windows > 0 ? -Math.expm1(-windows) / windows : 1;
    const came = amounts[CALLS]! * tokensPerCall + (passedMs / 1000) * tokensPerSecond;
    amounts[BALANCE] = Math.min(
      this.current.tokensMax,
      amounts[BALANCE]! * Math.exp(-windows) + came * left,
    );
    amounts[CALLS] = 0;
    amounts[SINCE_MS] = nowMs;
  }
}
