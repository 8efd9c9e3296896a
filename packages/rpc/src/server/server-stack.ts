/**
 * ④ ⑥ The server's default filters, in the order a request meets them; its answer meets them
 * upwards. The order is part of what they do: each line says why it stands where it stands.
 */
import {
  type AccessLog,
  bracketFilter,
  type CallRecords,
  type Clock,
  type Filter,
  type Logger,
  ServiceError,
  type Stack,
} from "@holdfast/core";
import { deadlineFilter } from "@holdfast/resilience";
import { isDeclared, recordFilter, statsFilter } from "../observe/observing-filters.ts";
import { failedMessage } from "./reply-writer.ts";
import type { ServerCall } from "./server-call.ts";
import type { ServerPolicies } from "./server-policies.ts";

export interface ServerStackParts<Handler> {
  readonly clock: Clock;
  readonly records: CallRecords;
  readonly accessLog: AccessLog;
  readonly logger: Logger;
  readonly draining: () => boolean;
  readonly policies: ServerPolicies<Handler>;
}

export function serverStack<Handler>(
  parts: ServerStackParts<Handler>,
): Stack<ServerCall<Handler>, unknown> {
  return [
    {
      role: "record",
      why: "first, so that every call has a start and an end on record, refused ones too",
      filter: recordFilter(parts),
    },
    {
      role: "stats",
      why: "above all that refuses, so that refusals are counted",
      filter: statsFilter(parts.clock),
    },
    {
      role: "drain",
      why: "above all that costs, so that a draining server spends nothing on new calls",
      filter: drainFilter(parts.draining),
    },
    {
      role: "load-shed",
      why: "above all that waits, so that in an overload the least important costs nearly nothing",
      filter: parts.policies.loadShed.filter,
    },
    {
      role: "rate-limit",
      why: "above the queue, so that a caller above its rate takes no place from the others",
      filter: parts.policies.rateLimit.filter,
    },
    {
      role: "deadline",
      why: "above the limit, so that a caller whose time is up is answered while it still waits",
      filter: deadlineFilter(),
    },
    {
      role: "concurrency-limit",
      why: "below the deadline, so that a slot is held until the work ends, not the waiting",
      filter: parts.policies.limit.filter,
    },
    {
      role: "fault",
      why: "below the limit, so that what is slowed down on purpose holds its slot like real work",
      filter: parts.policies.fault.filter,
    },
    {
      role: "recover",
      why: "last, so that all above see one kind of error, and no stack leaves the process",
      filter: recoverFilter(parts.logger),
    },
  ];
}

function drainFilter<Handler>(draining: () => boolean): Filter<ServerCall<Handler>, unknown> {
  return bracketFilter({
    enter() {
      if (!draining()) return undefined;
      throw new ServiceError("draining", "the server is going away and takes no new calls", {
        workStarted: "no",
      });
    },
  });
}

/**
 * What a handler throws beyond what its IDL declares is a mistake of the service: its caller gets
 * an id, the log gets the id with the stack.
 */
function recoverFilter<Handler>(logger: Logger): Filter<ServerCall<Handler>, unknown> {
  return bracketFilter({
    rescue(context, call, error) {
      if (error instanceof ServiceError || isDeclared(call, error)) return error;
      const { requestId, caller } = context;
      const { name } = call.method.definition;
      logger.error("handler failed", { requestId, caller, method: name, peer: call.peer, error });
      const message = failedMessage(name, requestId);
      return new ServiceError("internal", message, { cause: error, workStarted: "yes" });
    },
  });
}
