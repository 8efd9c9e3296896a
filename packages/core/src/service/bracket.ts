/**
 * Most filters do something before a call and something after it, and never touch the reply:
 * counting, recording, holding a slot. Written as a bracket, neighbours run in one step.
 */
import type { Context } from "../context/context.ts";
import { type DirectService, type Settler, toDirect, toService } from "./direct.ts";
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
  const steps = [stepOf(bracket)];
  const filter = (context: Context, call: Call, next: Service<Call, Reply>): Promise<Reply> =>
    new Promise((resolve, reject) => {
      const settler = { succeed: resolve, fail: reject };
      enterFrom(steps, 0, context, call, toDirect(next), settler);
    });
  return Object.assign(filter, { bracket });
}

/** A service that passes all brackets, first to last, and then calls `next`. */
export function fuse<Call, Reply>(
  brackets: readonly Bracket<Call, Reply>[],
  next: Service<Call, Reply>,
): Service<Call, Reply> {
  return toService(fuseDirect(brackets, toDirect(next)));
}

export function fuseDirect<Call, Reply>(
  brackets: readonly Bracket<Call, Reply>[],
  next: DirectService<Call, Reply>,
): DirectService<Call, Reply> {
  const steps = brackets.map(stepOf);
  return (context, call, settler) => enterFrom(steps, 0, context, call, next, settler);
}

/** A bracket with all three functions, so that the loops below see one shape of object only. */
type Step<Call, Reply> = Required<Bracket<Call, Reply>>;

function stepOf<Call, Reply>(bracket: Bracket<Call, Reply>): Step<Call, Reply> {
  return {
    enter: bracket.enter?.bind(bracket) ?? enterNothing,
    rescue: bracket.rescue?.bind(bracket) ?? rescueNothing,
    exit: bracket.exit?.bind(bracket) ?? exitNothing,
  };
}

function enterNothing(): undefined {
  return undefined;
}

function rescueNothing(_context: Context, _call: unknown, error: unknown): unknown {
  return error;
}

function exitNothing(): void {}

function enterFrom<Call, Reply>(
  steps: readonly Step<Call, Reply>[],
  from: number,
  context: Context,
  call: Call,
  next: DirectService<Call, Reply>,
  settler: Settler<Reply>,
): void {
  let entered = from;
  try {
    for (; entered < steps.length; entered++) {
      const waiting = steps[entered]!.enter(context, call);
      if (waiting === undefined) continue;
      waiting.then(
        () => enterFrom(steps, entered + 1, context, call, next, settler),
        (error: unknown) => settler.fail(leaveFailed(steps, entered, context, call, error)),
      );
      return;
    }
  } catch (error) {
    settler.fail(leaveFailed(steps, entered, context, call, error));
    return;
  }
  next(context, call, new Leaving(steps, context, call, settler));
}

/** Leaves the brackets, innermost first, when the call below them has ended. */
class Leaving<Call, Reply> implements Settler<Reply> {
  private readonly steps: readonly Step<Call, Reply>[];
  private readonly context: Context;
  private readonly call: Call;
  private readonly settler: Settler<Reply>;

  constructor(
    steps: readonly Step<Call, Reply>[],
    context: Context,
    call: Call,
    settler: Settler<Reply>,
  ) {
    this.steps = steps;
    this.context = context;
    this.call = call;
    this.settler = settler;
  }

  succeed(reply: Reply): void {
    const { steps, context, call } = this;
    for (let index = steps.length - 1; index >= 0; index--) {
      steps[index]!.exit(context, call, reply, undefined);
    }
    this.settler.succeed(reply);
  }

  fail(error: unknown): void {
    const { steps, context, call } = this;
    this.settler.fail(leaveFailed(steps, steps.length, context, call, error));
  }
}

/** Leaves the first `entered` steps, innermost first; returns what the error became. */
function leaveFailed<Call, Reply>(
  steps: readonly Step<Call, Reply>[],
  entered: number,
  context: Context,
  call: Call,
  error: unknown,
): unknown {
  let became = error ?? new Error("rejected without a reason");
  for (let index = entered - 1; index >= 0; index--) {
    const step = steps[index]!;
    became = step.rescue(context, call, became) ?? became;
    step.exit(context, call, undefined, became);
  }
  return became;
}
