/** What of the policies that come with Holdfast may change while a process runs. */
import type { AnyLiveSchema } from "@holdfast/core";
import {
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
  RATE_LIMIT_LIVE,
  LOAD_SHED_LIVE,
];
