/** What becomes of errors on their way through tries. Retries refuse nothing themselves. */
import { ServiceError, type WorkStarted } from "@holdfast/core";

/** A try was cut off while its call has time left. */
export function tryTimedOut(tryTimeoutMs: number | undefined): ServiceError {
  return new ServiceError(
    "deadline-exceeded",
    `no answer within ${tryTimeoutMs} ms, one try's time`,
  );
}

/**
 * The last error of a call that was tried several times. It says how far the work got in any of
 * the tries: when one may have begun, "not begun" of the last one would be a lie, and whoever
 * stands above would send the call once more.
 */
export function afterTries(
  error: ServiceError,
  tries: number,
  workStarted: WorkStarted,
  why: string,
): ServiceError {
  const { code, message, retryable, retryAfterMs, instanceId } = error;
  return new ServiceError(code, `${message} (tried ${tries} times; ${why})`, {
    cause: error,
    retryable,
    workStarted,
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    ...(instanceId === undefined ? {} : { instanceId }),
  });
}

const ORDER: readonly WorkStarted[] = ["no", "maybe", "yes"];

/** How far the work got in either of two tries. */
export function furtherOf(one: WorkStarted, other: WorkStarted): WorkStarted {
  return ORDER.indexOf(one) > ORDER.indexOf(other) ? one : other;
}

/**
 * What was thrown as a `ServiceError`, or undefined when it is an answer of the application, such
 * as an exception that the IDL declares, and not a failure of the call.
 */
export function failureOf(thrown: unknown): ServiceError | undefined {
  if (thrown instanceof ServiceError) return thrown;
  if (!(thrown instanceof Error)) return undefined;
  const isOfSystem =
    typeof (thrown as NodeJS.ErrnoException).code === "string" ||
    thrown.name === "TimeoutError" ||
    thrown.name === "AbortError";
  return isOfSystem ? ServiceError.from(thrown) : undefined;
}
