/**
 * ④ ⑥ The client's default filters, in the order a call meets them; its reply meets them upwards.
 */
import {
  type AccessLog,
  bracketFilter,
  type CallRecords,
  type Clock,
  directFilter,
  type Filter,
  OUTCOME_EXCEPTION,
  OUTCOME_OK,
  outcomeOf,
  ServiceError,
  type Stack,
} from "@holdfast/core";
import type { ClientCall } from "./client-call.ts";

export interface ClientStackParts {
  readonly clock: Clock;
  readonly records: CallRecords;
  readonly accessLog: AccessLog;
  readonly callTimeoutMs: number;
}

export function clientStack(parts: ClientStackParts): Stack<ClientCall, unknown> {
  return [
    {
      role: "record",
      why: "first, so that every call has a start and an end on record, whatever happens to it",
      filter: recordFilter(parts),
    },
    {
      role: "stats",
      why: "above all that may try again, so that it counts calls and not tries",
      filter: statsFilter(parts.clock),
    },
    {
      role: "deadline",
      why: "above all that may try again, so that all tries together keep to it",
      filter: timeoutFilter(parts.callTimeoutMs),
    },
  ];
}

function recordFilter(parts: ClientStackParts): Filter<ClientCall, unknown> {
  const { clock, records, accessLog } = parts;
  return bracketFilter({
    enter(context, call) {
      const { method, startMs } = call;
      const id = context.compactRequestId;
      call.recordTicket = records.begin(method.recordId, id, context.caller, "", startMs);
      return undefined;
    },
    exit(_context, call, _reply, error) {
      const durationMs = durationOf(call, clock);
      const outcome = outcomeOfCall(call, error);
      accessLog.ended(records.end(call.recordTicket, outcome, durationMs), outcome, durationMs);
    },
  });
}

function statsFilter(clock: Clock): Filter<ClientCall, unknown> {
  return bracketFilter({
    enter(_context, call) {
      call.method.stats.begin();
      return undefined;
    },
    exit(_context, call, _reply, error) {
      call.method.stats.end(outcomeOfCall(call, error), durationOf(call, clock));
    },
  });
}

/** The connection settles a try when its context is over; here the context gets its end. */
function timeoutFilter(callTimeoutMs: number): Filter<ClientCall, unknown> {
  return directFilter((context, call, next, settler) =>
    next(context.withDeadline(call.startMs + callTimeoutMs), call, settler),
  );
}

function durationOf(call: ClientCall, clock: Clock): number {
  if (call.durationMs < 0) call.durationMs = clock.nowMs() - call.startMs;
  return call.durationMs;
}

function outcomeOfCall(call: ClientCall, error: unknown): number {
  if (error === undefined) return OUTCOME_OK;
  const { exceptions } = call.method.definition;
  if (exceptions.some((exception) => exception.is(error))) return OUTCOME_EXCEPTION;
  return outcomeOf(ServiceError.from(error).code);
}
