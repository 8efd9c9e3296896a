/**
 * Most filters do something before a call and something after it, and never touch the reply:
 * counting, recording, holding a slot. Written as a bracket, neighbours share one promise.
 *
 * Why not only functions? A filter that awaits costs a promise and a turn of the microtask queue
 * for each call; eight of them cost more than all the rest of a small call. A run of brackets
 * costs that once, however long it is.
 */
import type { Context } from "../context/context.ts";
import type { Filter, Service } from "./service.ts";

export interface Bracket<Call, Reply> {
  /**
   * Before the call. Throwing refuses it; a promise makes it wait. `exit` is called later if and
   * only if this came to a good end.
   */
  enter?(context: Context, call: Call): Promise<void> | undefined;
  /** On the way out of a failed call, before `exit`: what the failure becomes for those above. */
  rescue?(context: Context, call: Call, error: unknown): unknown;
  /** After the call; must not throw. `error` is undefined when it succeeded. */
  exit?(context: Context, call: Call, reply: Reply | undefined, error: unknown): void;
}

/** The bracket as an ordinary filter, usable alone as well as in a stack. */
export function bracketFilter<Call, Reply>(
  bracket: Bracket<Call, Reply>,
): Filter<Call, Reply> & { readonly bracket: Bracket<Call, Reply> } {
  const brackets = [bracket];
  const filter = (context: Context, call: Call, next: Service<Call, Reply>): Promise<Reply> =>
    enterFrom(brackets, 0, context, call, next);
  return Object.assign(filter, { bracket });
}

/** A service that passes all brackets, first to last, and then calls `next`. */
export function fuse<Call, Reply>(
  brackets: readonly Bracket<Call, Reply>[],
  next: Service<Call, Reply>,
): Service<Call, Reply> {
  return (context, call) => enterFrom(brackets, 0, context, call, next);
}

function enterFrom<Call, Reply>(
  brackets: readonly Bracket<Call, Reply>[],
  from: number,
  context: Context,
  call: Call,
  next: Service<Call, Reply>,
): Promise<Reply> {
  let entered = from;
  let working: Promise<Reply>;
  try {
    for (; entered < brackets.length; entered++) {
      const waiting = brackets[entered]!.enter?.(context, call);
      if (waiting !== undefined) {
        return enterLater(brackets, entered, context, call, next, waiting);
      }
    }
    working = next(context, call);
  } catch (error) {
    return Promise.reject(leaveFailed(brackets, entered, context, call, error));
  }
  return working.then(
    (reply) => {
      for (let index = brackets.length - 1; index >= 0; index--) {
        brackets[index]!.exit?.(context, call, reply, undefined);
      }
      return reply;
    },
    (error: unknown) => {
      throw leaveFailed(brackets, brackets.length, context, call, error);
    },
  );
}

async function enterLater<Call, Reply>(
  brackets: readonly Bracket<Call, Reply>[],
  waitingAt: number,
  context: Context,
  call: Call,
  next: Service<Call, Reply>,
  waiting: Promise<void>,
): Promise<Reply> {
  try {
    await waiting;
  } catch (error) {
    throw leaveFailed(brackets, waitingAt, context, call, error);
  }
  return enterFrom(brackets, waitingAt + 1, context, call, next);
}

/** Leaves the first `entered` brackets, innermost first; returns what the error became. */
function leaveFailed<Call, Reply>(
  brackets: readonly Bracket<Call, Reply>[],
  entered: number,
  context: Context,
  call: Call,
  error: unknown,
): unknown {
  let became = error ?? new Error("rejected without a reason");
  for (let index = entered - 1; index >= 0; index--) {
    const bracket = brackets[index]!;
    became = bracket.rescue?.(context, call, became) ?? became;
    bracket.exit?.(context, call, undefined, became);
  }
  return became;
}
