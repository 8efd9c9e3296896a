/**
 * ④ ⑥ The client's default filters, in the order a call meets them; its reply meets them upwards.
 * The order is part of what they do: each line says why it stands where it stands.
 */
import {
  type AccessLog,
  type CallRecords,
  type Clock,
  directFilter,
  type Filter,
  type LiveOptions,
  type Stack,
} from "@holdfast/core";
import type { DeadlineLiveOptions } from "@holdfast/resilience";
import { recordFilter, statsFilter } from "../observe/observing-filters.ts";
import type { ClientCall } from "./client-call.ts";
import type { ClientPolicies } from "./client-policies.ts";

export interface ClientStackParts {
  readonly clock: Clock;
  readonly records: CallRecords;
  readonly accessLog: AccessLog;
  readonly policies: ClientPolicies;
}

export function clientStack(parts: ClientStackParts): Stack<ClientCall, unknown> {
  const { policies } = parts;
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
      role: "degrade",
      why: "above the deadline, so that a callee that is late can be done without as well",
      filter: policies.degrade.filter,
    },
    {
      role: "deadline",
      why: "above all that may try again, so that all tries together keep to it",
      filter: timeoutFilter(policies.deadline),
    },
    {
      role: "retry",
      why: "below the deadline, and above the choice of an instance, so that it may be another one",
      filter: policies.retry.filter,
    },
    {
      role: "hedge",
      why: "below the retries, so that each try may be doubled, out of the budget they share",
      filter: policies.hedge.filter,
    },
    {
      role: "circuit-breaker",
      why: "below what tries again, so that it judges every try and refuses every one in vain",
      filter: policies.breaker.filter,
    },
    {
      role: "fault",
      why: "last, so that what is put on trial is all of the above",
      filter: policies.fault.filter,
    },
  ];
}

/** The connection settles a try when its context is over; here the context gets its end. */
function timeoutFilter(options: LiveOptions<DeadlineLiveOptions>): Filter<ClientCall, unknown> {
  return directFilter((context, call, next, settler) => {
    const { callTimeoutMs } = options.of(call.method.key);
    next(context.withDeadline(call.startMs + callTimeoutMs), call, settler);
  });
}
