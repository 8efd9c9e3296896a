/** When a failed call may be sent again without doing harm: the rules, and nothing else. */
import type { ServiceError } from "@holdfast/core";

/** Why a call is not tried again; what the counters are called. */
export type RetryRefusal =
  /** The same call would fail the same way, or the caller has given up. */
  | "useless"
  /** Work may have begun, and doing it twice is not doing it once. */
  | "unsafe"
  /** It is a retry already, of somebody further up. */
  | "chain"
  | "tries"
  | "time"
  | "budget";

/**
 * Whether the error, and how far the work got, allow another try.
 *
 * `retriesAbove`: tries before this call further up. When there are any, this level does not try
 * again, or three levels of three tries would be 27 (Kitex calls it chain stop). With one
 * exception: the try went to an instance that is not there (`unavailable` or `draining`, and
 * nothing begun). No callee did any work for it, so trying another instance multiplies nothing,
 * and without it the retry of somebody further up is lost when it meets an instance that has just
 * gone. `overloaded` is no exception though nothing began: refusing is work too, and it is work of
 * those who have too much of it.
 */
export function refusalOf(
  failure: ServiceError,
  isIdempotent: boolean,
  retriesAbove: number,
): RetryRefusal | undefined {
  const { code, workStarted } = failure;
  if (!mayHelp(failure)) return "useless";
  if (workStarted !== "no" && !isIdempotent) return "unsafe";
  if (retriesAbove > 0) {
    const isElsewhere = code === "unavailable" || code === "draining";
    if (!isElsewhere || workStarted !== "no") return "chain";
  }
  return undefined;
}

/** The call itself has time left here, so a deadline that passed was that of one try. */
function mayHelp({ code, retryable, instanceId }: ServiceError): boolean {
  // A breaker that is open now is open after a back-off too, and closes by probes, not by tries.
  if (code === "breaker-open") return false;
  // The mistake of one instance need not be that of the next one: its disk may be full, or it runs
  // a build that is bad. Where nobody knows which instance it was, the next one may be the same.
  if (code === "internal") return retryable || instanceId !== undefined;
  return retryable || code === "deadline-exceeded";
}

/** For the message of an error: why it was not tried again. */
export const REFUSAL_TEXT: Record<RetryRefusal, string> = {
  useless: "trying again would not help",
  unsafe: "work may have begun and the method is not idempotent",
  chain: "it is a retry of somebody further up",
  tries: "no more tries",
  time: "too little time left",
  budget: "the retry budget is empty",
};
