/**
 * What the end of a call says about the callee. Only what the callee is to blame for opens a
 * breaker: who counts everything cuts off a healthy callee because its callers ask nonsense.
 */
import { type ErrorCode, ServiceError } from "@holdfast/core";

/** `ignored`: it says nothing about the callee, neither good nor bad. */
export type Judgement = "success" | "failure" | "timeout" | "ignored";

/** The README shows this table with the reasons; a test compares the two. */
export const JUDGEMENT_OF_CODE: Readonly<Record<ErrorCode, Judgement>> = {
  cancelled: "ignored",
  "deadline-exceeded": "timeout",
  // The callee protects itself, and well: whoever then stays away for seconds wastes what it
  // could still do.
  overloaded: "ignored",
  unavailable: "failure",
  "breaker-open": "ignored",
  degraded: "ignored",
  "not-found": "success",
  invalid: "success",
  protocol: "failure",
  "too-large": "success",
  internal: "failure",
  draining: "ignored",
};

/** Of a call that ended with `error`. What is no ServiceError is judged as `from` makes one. */
export function judgeError(error: unknown): Judgement {
  const { code, workStarted } = ServiceError.from(error);
  const judgement = JUDGEMENT_OF_CODE[code];
  // An answer comes from the callee; refused before anything was sent, it is none.
  return judgement === "success" && workStarted === "no" ? "ignored" : judgement;
}
