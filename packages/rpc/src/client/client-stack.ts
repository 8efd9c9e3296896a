/**
 * ④ ⑥ The client's default filters, in the order a call meets them; its reply meets them upwards.
 */
import {
  type AccessLog,
  type CallRecords,
  type Clock,
  directFilter,
  type Filter,
  type Stack,
} from "@holdfast/core";
import { recordFilter, statsFilter } from "../observe/observing-filters.ts";
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

/** The connection settles a try when its context is over; here the context gets its end. */
function timeoutFilter(callTimeoutMs: number): Filter<ClientCall, unknown> {
  return directFilter((context, call, next, settler) =>
    next(context.withDeadline(call.startMs + callTimeoutMs), call, settler),
  );
}
