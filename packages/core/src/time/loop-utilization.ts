/** How busy the event loop is: a signal of overload that no queue shows. */
import { type EventLoopUtilization, performance } from "node:perf_hooks";

/** Answers the part of time since it was last asked in which the event loop had work, 0 to 1. */
export function loopUtilizationProbe(): () => number {
  let last: EventLoopUtilization = performance.eventLoopUtilization();
  return () => {
    const now = performance.eventLoopUtilization();
    const { utilization } = performance.eventLoopUtilization(now, last);
    last = now;
    return utilization;
  };
}
