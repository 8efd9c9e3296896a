/** The public door of @holdfast/resilience. */
export type { CallKey, CallTraits } from "./call-traits.ts";
export * from "./circuit-breaker/breaker.ts";
export * from "./circuit-breaker/error.ts";
export * from "./circuit-breaker/filter.ts";
export * from "./circuit-breaker/judgement.ts";
export * from "./circuit-breaker/options.ts";
export * from "./circuit-breaker/table.ts";
export * from "./concurrency-limit/adaptive-filter.ts";
export * from "./concurrency-limit/error.ts";
export * from "./concurrency-limit/filter.ts";
export * from "./concurrency-limit/options.ts";
export type { SlotsSnapshot } from "./concurrency-limit/slots.ts";
export * from "./deadline/filter.ts";
export * from "./deadline/options.ts";
export * from "./guard/guard.ts";
export * from "./guard/guarded-call.ts";
export * from "./guard/options.ts";
export * from "./key-states.ts";
export * from "./load-shed/error.ts";
export * from "./load-shed/filter.ts";
export * from "./load-shed/options.ts";
export * from "./rate-limit/error.ts";
export * from "./rate-limit/filter.ts";
export type { MethodRateSnapshot } from "./rate-limit/method-rate.ts";
export * from "./rate-limit/options.ts";
export * from "./retry/budget-options.ts";
export * from "./retry/budget.ts";
export {
  Retry,
  type RetryMethodSnapshot,
  type RetryParts,
  type RetrySnapshot,
} from "./retry/filter.ts";
export * from "./retry/options.ts";
export { REFUSAL_TEXT, type RetryRefusal } from "./retry/safety.ts";
export {
  Hedge,
  type HedgeMethodSnapshot,
  type HedgeParts,
  type HedgeSnapshot,
} from "./hedge/filter.ts";
export * from "./hedge/options.ts";
export * from "./hedge/try-record.ts";
export type { DegradeCounts } from "./degrade/degraded-method.ts";
export {
  Degrade,
  type DegradeMethodSnapshot,
  type DegradeParts,
  type DegradeSnapshot,
} from "./degrade/filter.ts";
export * from "./degrade/options.ts";
export * from "./degrade/reply-marks.ts";
export type { FaultEffect, FaultMatch } from "./fault/effect.ts";
export { Fault, type FaultParts, type FaultSnapshot, type FaultState } from "./fault/filter.ts";
export {
  completeFaultOptions,
  FAULT_DEFAULTS,
  FAULT_LIVE,
  type FaultLiveOptions,
  type FaultOptions,
  type FaultRule,
} from "./fault/options.ts";
