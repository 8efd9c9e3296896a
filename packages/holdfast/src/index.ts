/** The door for service authors: everything a service is written with. */
export * from "@holdfast/core";
export * from "@holdfast/ops";
export * from "@holdfast/resilience";
export * from "@holdfast/rpc";
export * from "@holdfast/thrift";
// The IDL's model has a Service too; to a service author the word means the function.
export { type Service } from "@holdfast/core";
export { LIVE_SCHEMAS } from "./live-schemas.ts";
export { openConfig, openRegistrar, openResolver, type SourceSecrets } from "./open-source.ts";
export { type RegisterAt } from "./registration-part.ts";
export { openLog } from "./open-log.ts";
export {
  type RunningService,
  startService,
  type StartService,
  type StartServiceOptions,
} from "./start-service.ts";
export { systemRuntime, type SystemRuntimeOptions } from "./system-runtime.ts";
export {
  type GenerationStatus,
  parseUpgradeStatus,
  processStart,
  type UpgradeOutcome,
  type UpgradeReport,
  type UpgradeStatus,
  upgradeStatusFile,
} from "./command/up/upgrade-status.ts";
