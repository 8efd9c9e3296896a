/** One call on the client, as its filters see it, and one try of it on a connection. */
import {
  type CancelListener,
  type CallRecords,
  type CancelScope,
  type Context,
  ServiceError,
  type Settler,
  type StatsRegistry,
  type WorkStarted,
} from "@holdfast/core";
import type { CallKey } from "@holdfast/resilience";
import { fieldKey, type MethodDefinition } from "@holdfast/thrift";
import { MethodStats } from "../observe/method-stats.ts";
import { fixedCallInfo } from "../wire/ttheader.ts";

/** A method and what the client keeps about it. */
export class ClientMethod {
  readonly definition: MethodDefinition;
  readonly service: string;
  readonly nameBytes: Uint8Array;
  /** The field of the result struct that carries the result; 0 for void. */
  readonly resultKey: number;
  /** Caller, callee and method as they stand in each TTHeader. */
  readonly fixedInfo: Uint8Array;
  readonly stats: MethodStats;
  readonly recordId: number;
  /** Doing it twice is doing it once: the IDL says so, or whoever calls it. */
  readonly idempotent: boolean;
  /** What policies know its calls by: one object, so that they may keep state by identity. */
  readonly key: CallKey;

  constructor(
    definition: MethodDefinition,
    service: string,
    caller: string,
    idempotent: boolean,
    stats: StatsRegistry,
    records: CallRecords,
  ) {
    this.definition = definition;
    this.idempotent = idempotent;
    this.service = service;
    this.nameBytes = Buffer.from(definition.name);
    this.resultKey = definition.result === undefined ? 0 : fieldKey(definition.result.type, 0);
    this.fixedInfo = fixedCallInfo(caller, service, definition.name);
    this.stats = new MethodStats(stats, "client", service, definition.name);
    this.recordId = records.methodId(`to ${service}.${definition.name}`);
    this.key = { caller, callee: service, method: definition.name };
  }
}

export class ClientCall {
  readonly method: ClientMethod;
  readonly args: object;
  /** On the clock's `nowMs()` scale. */
  readonly startMs: number;
  /** The address that the last try went to. */
  peer = "";
  recordTicket = -1;
  /** -1 until the outcome is known. */
  durationMs = -1;

  constructor(method: ClientMethod, args: object, startMs: number) {
    this.method = method;
    this.args = args;
    this.startMs = startMs;
  }
}

/** What gives a try up when its context is over. */
export interface TryOwner {
  onTryCancelled(attempt: Try, reason: ServiceError): void;
}

/** One try on one connection. Settles once: whoever takes it out of its table may settle it. */
export class Try implements CancelListener, Settler<unknown> {
  listenerPrevious: CancelListener | undefined = undefined;
  listenerNext: CancelListener | undefined = undefined;
  listening = false;
  readonly call: ClientCall;
  readonly context: Context;
  private readonly settler: Settler<unknown>;
  /** How often it was sent on another connection because the first one was leaving. */
  moves = 0;
  /** 0 while it stands in no table. */
  sequenceId = 0;
  /** What was left of its time when it was sent, in milliseconds; Infinity without a deadline. */
  timeoutMs = Infinity;
  /** The connection's turn in which it was written; before that turn's flush nothing has left. */
  turn = 0;
  owner: TryOwner | undefined = undefined;

  constructor(call: ClientCall, context: Context, settler: Settler<unknown>) {
    this.call = call;
    this.context = context;
    this.settler = settler;
  }

  succeed(reply: unknown): void {
    this.settler.succeed(reply);
  }

  fail(error: unknown): void {
    this.settler.fail(error);
  }

  /** The same for an error that came over the wire: the server's own word. */
  failAnswered(error: unknown): void {
    this.settler.fail(error);
  }

  get scope(): CancelScope {
    return this.context.scope;
  }

  /** Fails it before anything of it was sent. */
  failUnsent(reason: ServiceError): void {
    this.fail(workStartedAs(reason, "no"));
  }

  /** Fails it when it may have reached the server, whatever its context says. */
  failSent(reason: ServiceError): void {
    this.fail(reason.workStarted === "no" ? workStartedAs(reason, "maybe") : reason);
  }

  onCancelled(reason: ServiceError): void {
    this.owner?.onTryCancelled(this, reason);
  }
}

function workStartedAs(reason: ServiceError, workStarted: WorkStarted): ServiceError {
  if (reason.workStarted === workStarted) return reason;
  const { code, message, retryable } = reason;
  return new ServiceError(code, message, { cause: reason, retryable, workStarted });
}
