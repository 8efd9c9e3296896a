/** How a call ended, for people (standard error) and for programs (standard output, exit code). */
import type { ErrorCode, ServiceError, WorkStarted } from "@holdfast/core";
import { type MethodSchema, structType, toJson } from "@holdfast/thrift";
import { CommandError, EXIT } from "../command.ts";
import type { Terminal } from "../terminal.ts";
import type { CallOutcome } from "./place-call.ts";

/** The exit code; throws a CommandError when the call failed. */
export function showOutcome(
  outcome: CallOutcome,
  method: MethodSchema,
  debug: boolean,
  terminal: Terminal,
): number {
  switch (outcome.kind) {
    case "reply":
      if (method.oneway) terminal.err("sent; a oneway method has no reply");
      else terminal.out(pretty(replyJson(method, outcome.value)));
      return EXIT.ok;
    case "exception": {
      const { exception } = outcome;
      const fields = toJson(structType(exception.schema), exception) as object;
      terminal.err(pretty({ exception: exception.name, ...fields }));
      if (debug) terminal.err(exception.stack ?? "");
      return EXIT.exception;
    }
    case "failed":
      throw new CommandError(
        EXIT.serviceError,
        `${outcome.error.code}: ${outcome.error.message}`,
        adviceFor(outcome.error),
        outcome.error,
      );
    case "not-connected":
      throw new CommandError(
        EXIT.cannotConnect,
        outcome.reason,
        "check that the service runs there, and the address; nothing was sent",
        outcome.error,
      );
  }
}

function replyJson({ result }: MethodSchema, value: unknown): unknown {
  return result === undefined ? null : toJson(result, value);
}

function pretty(json: unknown): string {
  return JSON.stringify(json, undefined, 2);
}

/** What somebody at a terminal can do about it. */
const ADVICE: Readonly<Record<ErrorCode, string>> = {
  cancelled: "the service gave the call up; call again",
  "deadline-exceeded":
    "allow more time with --deadline MS; services of Apache Thrift need another --framing",
  overloaded: "the service is at a limit; call again later",
  unavailable: "see whether the service still runs there, and whether it speaks this --framing",
  "breaker-open": "something that the service needs fails; call again later",
  degraded: "the service leaves this work out for now; call again later",
  "not-found": "see whether the service is the one of this IDL, and of the same version",
  invalid: "the request cannot succeed as it is; change what the message names",
  protocol: "see whether the IDL is the service's, and --framing and --protocol what it speaks",
  "too-large": "ask for less, or send less, at once",
  internal: "the fault is in the service: its log says more",
  draining: "the service is going away; call again, and its successor answers",
};

const WORK: Readonly<Record<WorkStarted, string>> = {
  no: "the work had not begun, so calling again is safe",
  maybe: "whether the work was done is not known",
  yes: "the work had begun",
};

function adviceFor(error: ServiceError): string {
  const { retryAfterMs } = error;
  const wait = retryAfterMs === undefined ? [] : [`wait ${Math.ceil(retryAfterMs)} ms first`];
  return [ADVICE[error.code], ...wait, WORK[error.workStarted]].join("\n");
}
