/** What of the policies that come with Holdfast may change while a process runs. */
import { type AnyLiveSchema, type LiveCheck, liveCheck } from "@holdfast/core";
import {
  ADAPTIVE_CONCURRENCY_LIMIT_LIVE,
  checkHedgeFits,
  checkRetryFits,
  CIRCUIT_BREAKER_LIVE,
  CONCURRENCY_LIMIT_LIVE,
  DEADLINE_LIVE,
  DEGRADE_LIVE,
  FAULT_LIVE,
  HEDGE_LIVE,
  LOAD_SHED_LIVE,
  RATE_LIMIT_LIVE,
  RETRY_BUDGET_LIVE,
  RETRY_LIVE,
} from "@holdfast/resilience";

export const LIVE_SCHEMAS: readonly AnyLiveSchema[] = [
  DEADLINE_LIVE,
  RETRY_LIVE,
  RETRY_BUDGET_LIVE,
  HEDGE_LIVE,
  CIRCUIT_BREAKER_LIVE,
  DEGRADE_LIVE,
  FAULT_LIVE,
  CONCURRENCY_LIMIT_LIVE,
  ADAPTIVE_CONCURRENCY_LIMIT_LIVE,
  RATE_LIMIT_LIVE,
  LOAD_SHED_LIVE,
];

/** Retries and hedges must fit into the time of a call, at the start and ever after. */
export const LIVE_CHECKS: readonly LiveCheck[] = [
  liveCheck([RETRY_LIVE, DEADLINE_LIVE], (retry, { callTimeoutMs }) =>
    complaintOf(() => checkRetryFits(retry, callTimeoutMs)),
  ),
  liveCheck([HEDGE_LIVE, DEADLINE_LIVE], (hedge, { callTimeoutMs }) =>
    complaintOf(() => checkHedgeFits(hedge, callTimeoutMs)),
  ),
];

function complaintOf(check: () => void): string | undefined {
  try {
    check();
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
