/** What a call is told that came too soon. No work began, and it says when to come again. */
import { ServiceError } from "@holdfast/core";

/** `who` has spent its tokens: the method, or one caller of it. */
export function rateExceeded(
  who: string,
  callsPerSecond: number,
  retryAfterMs: number,
): ServiceError {
  const message = `more than ${callsPerSecond} calls a second of ${who}`;
  return new ServiceError("overloaded", message, { workStarted: "no", retryAfterMs });
}
