/** One call of a guarded function, as its policies see it. */
import type { CallKey, CallTraits } from "../call-traits.ts";

export interface GuardedCall {
  readonly key: CallKey;
  readonly idempotent: boolean;
  /** As they were given, a context among them if it was the first. */
  readonly args: readonly unknown[];
}

/** For every policy that asks for traits: the same for all guards. */
export const guardTraits: CallTraits<GuardedCall> = {
  keyOf: (_context, { key }) => key,
  isIdempotent: ({ idempotent }) => idempotent,
};
