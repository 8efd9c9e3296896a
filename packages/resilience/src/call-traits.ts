/**
 * What a policy must know of a call and cannot see in it, told by whoever builds the stack: the
 * RPC client and server for theirs, `guard` for any function.
 */
import type { Context } from "@holdfast/core";

/**
 * Whose calls go together: the unit of breakers, budgets and live configuration. There is one
 * object for each method of a client, so that a policy may keep its state by identity.
 */
export interface CallKey {
  /** The service that calls; `""` when it has no name. */
  readonly caller: string;
  /** The service that is called. */
  readonly callee: string;
  readonly method: string;
}

export interface CallTraits<Call> {
  keyOf(context: Context, call: Call): CallKey;
  /** Whether doing it twice is doing it once, so that it may be tried again after work began. */
  isIdempotent(call: Call): boolean;
}
