/** The public door of @holdfast/core. */
export type {
  AcceptedRevision,
  FieldChange,
  RefusedRevision,
  RuleChange,
} from "./config/change-log.ts";
export type { ConfigSnapshot, ConfigSource, ConfigWatch } from "./config/config-source.ts";
export type * from "./config/config-view.ts";
export {
  CHANGE_FIELD,
  type ConfigChange,
  type ConfigDocument,
  type ConfigProblem,
  type DocumentLimits,
  readDocument,
} from "./config/document.ts";
export type { LiveOwner } from "./config/live-binding.ts";
export { type LiveCheck, liveCheck } from "./config/live-check.ts";
export { LiveConfig, type LiveConfigParts } from "./config/live-config.ts";
export { LIVE_CONFIG_DEFAULTS, type LiveConfigOptions } from "./config/live-config-options.ts";
export { fixedOptions, type LiveOptions } from "./config/live-options.ts";
export * from "./config/live-schema.ts";
export { type ConfigDocuments, MemoryConfigSource } from "./config/memory-source.ts";
export { complaintAboutPath, type ConfigKey, pathsFor } from "./config/rule-path.ts";
export {
  type CompiledRules,
  compileRules,
  type ConfigRule,
  type ConfigRules,
  formatConfigProblem,
  type RulesLimits,
  type SourceRules,
  type RuledValue,
  valuesFor,
} from "./config/rules.ts";
export * from "./context/call-marks.ts";
export * from "./context/context.ts";
export { CancelScope } from "./context/cancel-scope.ts";
export * from "./context/request-ids.ts";
export * from "./discovery/balancer.ts";
export type { Instance } from "./discovery/instance.ts";
export type { Registrar, Registration } from "./discovery/registrar.ts";
export type { Resolution, Resolver, ResolverWatch } from "./discovery/resolver.ts";
export * from "./discovery/static-resolver.ts";
export * from "./error/service-error.ts";
export * from "./lifecycle/lifecycle.ts";
export * from "./lifecycle/part.ts";
export * from "./lifecycle/signals.ts";
export * from "./log/access-log.ts";
export * from "./log/call-records.ts";
export * from "./log/escape.ts";
export * from "./log/logger.ts";
export { MemoryLogger, type MemoryLogLine } from "./log/memory-logger.ts";
export * from "./network/network.ts";
export * from "./random/random.ts";
export * from "./registry/state-registry.ts";
export * from "./runtime.ts";
export * from "./service/bracket.ts";
export * from "./service/direct.ts";
export * from "./service/service.ts";
export * from "./service/stack.ts";
export { Counter } from "./stats/counter.ts";
export { Gauge } from "./stats/gauge.ts";
export { HistogramSnapshot } from "./stats/histogram-snapshot.ts";
export { Histogram, type HistogramOptions } from "./stats/histogram.ts";
export * from "./stats/metric-family.ts";
export * from "./stats/stats-registry.ts";
export * from "./time/clock.ts";
export * from "./time/keep-alive.ts";
export * from "./time/loop-utilization.ts";
export { ManualClock } from "./time/manual-clock.ts";
export * from "./time/measure.ts";
export { SystemClock } from "./time/system-clock.ts";
export * from "./time/timer-wheel.ts";
