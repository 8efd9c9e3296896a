/**
 * What guards the calls of one client: its retries and hedges, which share a budget, its breakers,
 * its degradation and its faults. The place of each in a call's way is in client-stack.ts.
 */
import {
  type Context,
  fixedOptions,
  type LiveConfig,
  type LiveOptions,
  type LiveSchema,
  type Runtime,
} from "@holdfast/core";
import {
  type BreakerTable,
  type CallTraits,
  checkHedgeFits,
  checkRetryFits,
  CIRCUIT_BREAKER_LIVE,
  CircuitBreaker,
  type CircuitBreakerOptions,
  completeCircuitBreakerOptions,
  completeDegradeOptions,
  completeFaultOptions,
  completeHedgeOptions,
  completeRetryBudgetOptions,
  completeRetryOptions,
  DEADLINE_LIVE,
  type DeadlineLiveOptions,
  Degrade,
  DEGRADE_LIVE,
  type DegradeOptions,
  type DegradeParts,
  Fault,
  FAULT_LIVE,
  type FaultOptions,
  Hedge,
  HEDGE_LIVE,
  type HedgeOptions,
  judgeError,
  Retry,
  RETRY_BUDGET_LIVE,
  RETRY_LIVE,
  RetryBudget,
  type RetryBudgetOptions,
  type RetryOptions,
} from "@holdfast/resilience";
import { isDeclared } from "../observe/observing-filters.ts";
import type { Observers } from "../observe/observers.ts";
import type { ClientCall } from "./client-call.ts";
import type { ClientOptions } from "./options.ts";

/** Each in part; the defaults are those of the policy. */
export interface ClientPolicyInput {
  readonly retry?: Partial<RetryOptions>;
  readonly retryBudget?: Partial<RetryBudgetOptions>;
  readonly hedge?: Partial<HedgeOptions>;
  readonly breaker?: Partial<CircuitBreakerOptions>;
  readonly degrade?: Partial<DegradeOptions>;
  readonly fault?: Partial<FaultOptions>;
  /** For degradation: what to answer instead, and which replies are the same. */
  readonly degraded?: Pick<
    DegradeParts<ClientCall, unknown>,
    "fallback" | "lastGoodKey" | "readValue"
  >;
  /**
   * Methods for which doing it twice is doing it once, beside those of which the IDL says so
   * (`holdfast.idempotent = "true"`).
   */
  readonly idempotentMethods?: readonly string[];
}

export interface ClientPolicyParts {
  readonly service: string;
  readonly runtime: Runtime;
  readonly observers: Observers;
  readonly breakers: BreakerTable;
  readonly options: ClientOptions;
  readonly policies: ClientPolicyInput;
  /** Default: nothing changes while it runs. */
  readonly config: Pick<LiveConfig, "options"> | undefined;
}

const TRAITS: CallTraits<ClientCall> = {
  keyOf: (_context: Context, call) => call.method.key,
  isIdempotent: ({ method }) => method.idempotent,
};

export class ClientPolicies {
  readonly deadline: LiveOptions<DeadlineLiveOptions>;
  readonly budget: RetryBudget;
  readonly retry: Retry<ClientCall, unknown>;
  readonly hedge: Hedge<ClientCall, unknown>;
  readonly breaker: CircuitBreaker<ClientCall, unknown>;
  readonly degrade: Degrade<ClientCall, unknown>;
  readonly fault: Fault<ClientCall, unknown>;

  /** Throws a RangeError, with both numbers, when options do not fit together. */
  constructor(parts: ClientPolicyParts) {
    const { service, runtime, observers, breakers, policies, config, options } = parts;
    const { clock } = runtime;
    const { stats } = observers;
    const random = runtime.random.stream(`policies of ${service}`);
    const owner = { name: `client of ${service}`, caller: options.name, callee: service };
    const live = <Live extends object>(schema: LiveSchema<Live>, base: Live): LiveOptions<Live> =>
      config?.options(schema, base, owner) ?? fixedOptions(base);
    const shared = { clock, random, traits: TRAITS, stats };

    this.deadline = live(DEADLINE_LIVE, { callTimeoutMs: options.callTimeoutMs });
    const budget = completeRetryBudgetOptions(policies.retryBudget ?? {});
    const key = { caller: options.name, callee: service, method: "" };
    this.budget = new RetryBudget({ clock, live: live(RETRY_BUDGET_LIVE, budget), key }, budget);

    const retry = completeRetryOptions(policies.retry ?? {});
    checkRetryFits(retry, options.callTimeoutMs);
    const retryParts = { ...shared, budget: this.budget, live: live(RETRY_LIVE, retry) };
    this.retry = new Retry(retryParts, retry);

    const hedge = completeHedgeOptions(policies.hedge ?? {});
    checkHedgeFits(hedge, options.callTimeoutMs);
    const hedgeParts = { ...shared, budget: this.budget, live: live(HEDGE_LIVE, hedge) };
    this.hedge = new Hedge(hedgeParts, hedge);

    const breaker = completeCircuitBreakerOptions(policies.breaker ?? {});
    const breakerParts = { clock, random, traits: TRAITS, table: breakers, judge: judgeCall };
    this.breaker = new CircuitBreaker(
      { ...breakerParts, live: live(CIRCUIT_BREAKER_LIVE, breaker) },
      breaker,
    );

    const degrade = completeDegradeOptions(policies.degrade ?? {});
    const degradeParts = { ...shared, ...policies.degraded, live: live(DEGRADE_LIVE, degrade) };
    this.degrade = new Degrade(degradeParts, degrade);

    const fault = completeFaultOptions(policies.fault ?? {});
    this.fault = new Fault({ ...shared, live: live(FAULT_LIVE, fault) }, fault);
  }

  /** As the ops port shows it; the breakers show in their table. */
  snapshot(): Record<string, unknown> {
    return {
      retry: this.retry.snapshot(),
      hedge: this.hedge.snapshot(),
      breaker: this.breaker.snapshot(),
      degrade: this.degrade.snapshot(),
      fault: this.fault.snapshot(),
    };
  }
}

/** What the IDL declares is an answer: the callee is well. */
function judgeCall(error: unknown, call: ClientCall): ReturnType<typeof judgeError> {
  return isDeclared(call, error) ? "success" : judgeError(error);
}
