/** What a call is told that an open breaker refuses. */
import { ServiceError } from "@holdfast/core";
import type { CallKey } from "../call-traits.ts";

/** `retryAfterMs`: until the next probe may be sent; until then every try is refused. */
export function breakerOpen(
  { callee, method }: CallKey,
  why: string,
  retryAfterMs: number,
): ServiceError {
  const wait = Math.ceil(retryAfterMs);
  const name = method === "" ? callee : `${callee}.${method}`;
  const message = `the breaker of ${name} is open (${why}); next probe in ${wait} ms`;
  return new ServiceError("breaker-open", message, { workStarted: "no", retryAfterMs });
}
