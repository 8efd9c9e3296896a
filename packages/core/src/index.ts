/** The public door of @holdfast/core. */
export * from "./context/context.ts";
export { CancelScope } from "./context/cancel-scope.ts";
export * from "./context/request-ids.ts";
export * from "./error/service-error.ts";
export * from "./network/network.ts";
export * from "./random/random.ts";
export * from "./service/bracket.ts";
export * from "./service/service.ts";
export * from "./service/stack.ts";
export * from "./time/clock.ts";
export { SystemClock } from "./time/system-clock.ts";
export * from "./time/timer-wheel.ts";
