/** What is said of hedged calls. Hedges refuse nothing themselves. */
import { type ErrorCode, ServiceError } from "@holdfast/core";
import { afterTries, failureOf, furtherOf } from "../retry/error.ts";

/** Why the slower try is given up. */
export function loserCancelled(): ServiceError {
  return new ServiceError("cancelled", "another try of the same call was faster");
}

/** What any instance would say to this call, so that waiting for another one is of no use. */
const ANSWERS: ReadonlySet<ErrorCode> = new Set(["invalid", "not-found", "too-large"]);

export function isAnswer(error: unknown): boolean {
  const failure = failureOf(error);
  return failure === undefined || ANSWERS.has(failure.code);
}

/** The first try's error, which says how far the work got in either. */
export function bothFailed(first: unknown, second: unknown): unknown {
  const [one, other] = [failureOf(first), failureOf(second)];
  if (one === undefined || other === undefined) return first;
  const further = furtherOf(one.workStarted, other.workStarted);
  return further === one.workStarted
    ? first
    : afterTries(one, 2, further, "the second one failed as well");
}
