/** The public door of @holdfast/ops. */
export { createPinoLogger, type PinoLoggerOptions, type ProcessLogger } from "./log/pino-logger.ts";
export * from "./metrics/process-stats.ts";
export * from "./metrics/render-metrics.ts";
export * from "./ops-options.ts";
export { createOpsServer, type OpsServer } from "./ops-server.ts";
export type { OpsSources } from "./ops-view.ts";
export { ROUTES } from "./routes.ts";
export { describeVersion, gitIn, type RunGit } from "./version.ts";
