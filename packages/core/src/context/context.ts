/**
 * What travels with one call: its deadline, its cancellation, its request id, who asked, and
 * values of whoever needs one. Immutable; `with…` derives. The first argument everywhere.
 */
import type { Clock } from "../time/clock.ts";
import type { ServiceError } from "../error/service-error.ts";
import { CancelScope, type CancelListener } from "./cancel-scope.ts";
import type { RequestIds } from "./request-ids.ts";

/** Names a value that a context carries. Make one at module level with `contextKey`. */
export interface ContextKey<Value> {
  readonly name: string;
  readonly fallback: Value;
}

/** A new key; `fallback` is what a context without the value answers. */
export function contextKey<Value>(name: string, fallback: Value): ContextKey<Value> {
  return { name, fallback };
}

interface ValueNode {
  readonly key: ContextKey<unknown>;
  readonly value: unknown;
  readonly outer: ValueNode | undefined;
}

export interface ContextOptions {
  readonly clock: Clock;
  /** Default: a fresh id from `requestIds`, made when first asked for. */
  readonly requestId?: string;
  readonly requestIds?: RequestIds;
  /** The name of the service that made the call; default `""`, unknown. */
  readonly caller?: string;
  /** On the clock's `nowMs()` scale; default none. */
  readonly deadlineMs?: number;
}

export class Context {
  /** Shared by every context that is cancelled together with this one. */
  readonly scope: CancelScope;
  readonly clock: Clock;
  /** The name of the service that made the call; `""` when it did not say. */
  readonly caller: string;
  private readonly requestIds: RequestIds | undefined;
  /** A number until somebody wants to read it: most calls end without anybody doing so. */
  private id: string | number;
  private readonly values: ValueNode | undefined;

  /** Use `createContext`, or derive from a context you have. */
  constructor(
    scope: CancelScope,
    caller: string,
    requestIds: RequestIds | undefined,
    id: string | number,
    values: ValueNode | undefined,
  ) {
    this.scope = scope;
    this.clock = scope.clock;
    this.caller = caller;
    this.requestIds = requestIds;
    this.id = id;
    this.values = values;
  }

  /** One id for everything that happens on behalf of one request. */
  get requestId(): string {
    if (typeof this.id === "number") this.id = this.requestIds?.format(this.id) ?? String(this.id);
    return this.id;
  }

  /** The id as it is kept in records: a number when it was made here and nobody read it yet. */
  get compactRequestId(): string | number {
    return this.id;
  }

  /** When the call must be over, on the clock's `nowMs()` scale; Infinity without a deadline. */
  get deadlineMs(): number {
    return this.scope.deadlineMs;
  }

  /** Milliseconds left, 0 when it is over, Infinity without a deadline. */
  remainingMs(): number {
    return Math.max(0, this.scope.deadlineMs - this.clock.nowMs());
  }

  /** Why the call is over, or undefined while it may go on. */
  get cancelled(): ServiceError | undefined {
    return this.scope.cancelled;
  }

  /** Throws the reason once the call is over. For loops that work long without awaiting. */
  throwIfCancelled(): void {
    const reason = this.scope.cancelled;
    if (reason !== undefined) throw reason;
  }

  /**
   * Calls `listener` once when the call is over, at once if it already is. The returned function
   * takes it back; take it back when the work is done.
   */
  onCancel(listener: (reason: ServiceError) => void): () => void {
    return this.scope.onCancel(listener);
  }

  /** For APIs that want one; made when first asked for. */
  get signal(): AbortSignal {
    return this.scope.signal;
  }

  /** A context that is over `timeoutMs` from now, or with this one, whichever is first. */
  withTimeout(timeoutMs: number): Context {
    return this.withDeadline(this.clock.nowMs() + timeoutMs);
  }

  /** A context that is over at `deadlineMs` (`nowMs()` scale), or with this one. */
  withDeadline(deadlineMs: number): Context {
    if (deadlineMs >= this.scope.deadlineMs) return this;
    return this.inScope(new CancelScope(this.clock, deadlineMs, this.scope));
  }

  /** A context that `cancel` ends without ending this one. */
  withCancel(): { context: Context; cancel: (reason: ServiceError) => void } {
    const scope = new CancelScope(this.clock, this.scope.deadlineMs, this.scope);
    return { context: this.inScope(scope), cancel: (reason) => scope.cancel(reason) };
  }

  /** A context that answers `value` for `key`, and everything else as this one. */
  withValue<Value>(key: ContextKey<Value>, value: Value): Context {
    const values: ValueNode = { key, value, outer: this.values };
    return new Context(this.scope, this.caller, this.requestIds, this.id, values);
  }

  get<Value>(key: ContextKey<Value>): Value {
    for (let node = this.values; node !== undefined; node = node.outer) {
      if (node.key === key) return node.value as Value;
    }
    return key.fallback;
  }

  private inScope(scope: CancelScope): Context {
    return new Context(scope, this.caller, this.requestIds, this.id, this.values);
  }
}

/** A context that belongs to no call yet: for `main`, for background work, for tests. */
export function createContext(options: ContextOptions): Context {
  const scope = new CancelScope(options.clock, options.deadlineMs ?? Infinity, undefined);
  const { requestIds } = options;
  const id = options.requestId ?? requestIds?.next() ?? "";
  return new Context(scope, options.caller ?? "", requestIds, id, undefined);
}

export type { CancelListener };
