/** The public door of @holdfast/ops. */
export { formatUptime } from "./endpoint/info.ts";
export { jsonReply, type OpsReply, type OpsRequest, textReply } from "./http/reply.ts";
export { type ChainProblem, ChainVerifier } from "./log/chain-verifier.ts";
export * from "./log/hash-chain.ts";
export { createPinoLogger, type PinoLoggerOptions, type ProcessLogger } from "./log/pino-logger.ts";
export * from "./metrics/process-stats.ts";
export * from "./metrics/render-metrics.ts";
export * from "./ops-options.ts";
export { createOpsServer, type OpsServer } from "./ops-server.ts";
export type { Endpoint, OpsRoute, OpsSources, OpsView } from "./ops-view.ts";
export { ROUTES } from "./routes.ts";
export { describeVersion, gitIn, type RunGit } from "./version.ts";
