/** What a call is told that was dropped so that those who matter more are served. */
import { ServiceError } from "@holdfast/core";

export function shedError(
  priority: string,
  shareRatio: number,
  retryAfterMs: number,
): ServiceError {
  const percent = Math.round(shareRatio * 100);
  const message = `overloaded: ${percent} % of the calls of priority ${priority} are dropped`;
  return new ServiceError("overloaded", message, { workStarted: "no", retryAfterMs });
}
