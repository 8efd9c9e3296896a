/**
 * What the end of a try says of the instance that had it. Only what the instance is to blame for
 * counts against it; an error that its handler answers is an answer.
 */
import { ServiceError } from "@holdfast/core";
import type { Judgement } from "@holdfast/resilience";

/** `answer`: it did what it should. `given-up`: its caller did not wait for it any more. */
export type Blame =
  "answer" | "time-out" | "given-up" | "unreachable" | "refusal" | "failure" | "nobody";

/**
 * `answered`: the error came over the wire, as the instance's own word. `waited`: the try had to
 * wait for a connection to it.
 */
export function blameFor(error: unknown, answered: boolean, waited: boolean): Blame {
  if (!(error instanceof ServiceError)) return "answer";
  switch (error.code) {
    case "deadline-exceeded":
      // Its word for it is an answer; silence is not.
      if (answered) return "answer";
      // Its time was over before anything was asked of the instance.
      return error.workStarted === "no" && !waited ? "nobody" : "time-out";
    case "unavailable":
      // What the instance itself cannot reach is somebody else's.
      return answered ? "failure" : "unreachable";
    case "overloaded":
    case "draining":
      return "refusal";
    case "internal":
    case "protocol":
      return "failure";
    case "cancelled":
      if (answered) return "answer";
      return error.workStarted === "no" ? "nobody" : "given-up";
    case "breaker-open":
    case "degraded":
      return "answer";
    case "not-found":
    case "invalid":
    case "too-large":
      // Without an answer it was never sent.
      return answered ? "answer" : "nobody";
  }
}

/**
 * What the instance's breaker hears. A handler that fails is a matter of the method, on whichever
 * instance; a refusal is an instance that protects itself.
 */
export const JUDGEMENT_OF_BLAME: Readonly<Record<Blame, Judgement>> = {
  answer: "success",
  "time-out": "timeout",
  unreachable: "failure",
  // A caller may have any reason, such as that another instance was faster.
  "given-up": "ignored",
  refusal: "ignored",
  failure: "ignored",
  nobody: "ignored",
};

/** The same error with the instance that failed the call. */
export function withInstance(error: ServiceError, instanceId: string): ServiceError {
  if (error.instanceId === instanceId) return error;
  const { code, message, cause, retryable, workStarted, retryAfterMs } = error;
  return new ServiceError(code, message, {
    retryable,
    workStarted,
    instanceId,
    ...(cause === undefined ? {} : { cause }),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  });
}
