/**
 * ④ ⑥ The two filters that watch a call, the same on both sides: its start and end on record, and
 * its outcome and duration in the books of its method.
 */
import {
  type AccessLog,
  bracketFilter,
  type CallRecords,
  type Clock,
  type Filter,
  OUTCOME_EXCEPTION,
  OUTCOME_OK,
  outcomeOf,
  ServiceError,
} from "@holdfast/core";
import type { MethodStats } from "./method-stats.ts";

/** What these filters need of a call, and note on it. */
export interface ObservedCall {
  readonly method: {
    readonly recordId: number;
    readonly stats: MethodStats;
    readonly definition: {
      readonly exceptions: readonly { is(thrown: unknown): boolean }[];
    };
  };
  /** The address of the other side; "" while nobody knows it. */
  readonly peer: string;
  /** On the clock's `nowMs()` scale. */
  readonly startMs: number;
  /** -1 until the outcome is known. */
  durationMs: number;
  recordTicket: number;
}

export interface RecordFilterParts {
  readonly clock: Clock;
  readonly records: CallRecords;
  readonly accessLog: AccessLog;
}

/** Start and end of every call, in the ring from which log lines are made. */
export function recordFilter<Call extends ObservedCall>(
  parts: RecordFilterParts,
): Filter<Call, unknown> {
  const { clock, records, accessLog } = parts;
  return bracketFilter({
    enter(context, call) {
      const id = context.compactRequestId;
      const { method, peer, startMs } = call;
      call.recordTicket = records.begin(method.recordId, id, context.caller, peer, startMs);
      return undefined;
    },
    exit(_context, call, _reply, error) {
      const durationMs = durationOf(call, clock);
      const outcome = outcomeOfCall(call, error);
      const ticket = records.end(call.recordTicket, outcome, durationMs);
      accessLog.ended(ticket, outcome, durationMs);
    },
  });
}

/** Calls at work, outcomes and durations, by method. */
export function statsFilter<Call extends ObservedCall>(clock: Clock): Filter<Call, unknown> {
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

/** Whether the IDL declares it: then it is an answer, not a failure. */
export function isDeclared(call: Pick<ObservedCall, "method">, error: unknown): boolean {
  return call.method.definition.exceptions.some((exception) => exception.is(error));
}

/** The first to ask settles it for all. */
function durationOf(call: ObservedCall, clock: Clock): number {
  if (call.durationMs < 0) call.durationMs = clock.nowMs() - call.startMs;
  return call.durationMs;
}

function outcomeOfCall(call: ObservedCall, error: unknown): number {
  if (error === undefined) return OUTCOME_OK;
  if (isDeclared(call, error)) return OUTCOME_EXCEPTION;
  return outcomeOf(ServiceError.from(error).code);
}
