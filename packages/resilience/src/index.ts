/** The public door of @holdfast/resilience. */
export type { CallKey, CallTraits } from "./call-traits.ts";
export * from "./concurrency-limit/error.ts";
export * from "./concurrency-limit/filter.ts";
export * from "./concurrency-limit/options.ts";
export * from "./deadline/filter.ts";
