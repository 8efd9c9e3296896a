/**
 * The policies around any async function, without our RPC: the function keeps its arguments and
 * its reply, and a call of it passes the filters as a call of a client does.
 */
import {
  bracketFilter,
  Context,
  createContext,
  describeStack,
  type Service,
  stack,
  type Stack,
  STATE_KIND,
  type StateRegistry,
} from "@holdfast/core";
import type { CallKey } from "../call-traits.ts";
import type { GuardedCall } from "./guarded-call.ts";
import { completeGuardOptions, type CompleteGuardOptions, type GuardOptions } from "./options.ts";

export interface Guarded<Args extends readonly unknown[], Reply> {
  (...args: Args): Promise<Reply>;
  readonly guardName: string;
  /** Takes it away from the registry; guards that come and go must call it. */
  unregister(): void;
}

/**
 * `work` as before, with the policies around it. A function whose first argument is a `Context`
 * gets the one that the policies made of it, with its deadline; one without is called as it is,
 * and goes on when the policies have given its caller an answer.
 */
export function guard<Args extends readonly unknown[], Reply>(
  work: (...args: Args) => Promise<Reply>,
  options: GuardOptions,
): Guarded<Args, Reply> {
  const complete = completeGuardOptions(options);
  const { name, clock, timeoutMs, idempotent } = complete;
  const key = keyOf(complete);
  const counts = new GuardCounts();
  const entries: Stack<GuardedCall, unknown> = complete.policies.map((policy) => ({
    why: "",
    ...policy,
  }));
  const innermost: Service<GuardedCall, unknown> = (context, { args }) =>
    // Whatever it returns: not every caller has the types.
    Promise.resolve(work(...(withContext(args, context) as unknown as Args)));
  const { registry } = options;
  const run = compose(registry === undefined ? entries : [counts.entry, ...entries], innermost);
  const unlimited = createContext({ clock });
  const guarded = (...args: Args): Promise<Reply> => {
    const call: GuardedCall = { key, idempotent, args };
    const [first] = args;
    const outer = first instanceof Context ? first : undefined;
    const context =
      timeoutMs === Infinity ? (outer ?? unlimited) : (outer ?? unlimited).withTimeout(timeoutMs);
    return run(context, call) as Promise<Reply>;
  };
  const unregister = register(registry, complete, entries, counts);
  return Object.assign(guarded, { guardName: name, unregister });
}

/** One filter alone is quicker as the ordinary filter that it is. */
function compose(
  entries: Stack<GuardedCall, unknown>,
  innermost: Service<GuardedCall, unknown>,
): Service<GuardedCall, unknown> {
  const [only, ...more] = entries;
  if (only === undefined || more.length > 0) return stack(entries, innermost);
  return (context, call) => only.filter(context, call, innermost);
}

/** `users.get` is method `get` of `users`; without a dot it is all callee. */
function keyOf({ name, caller }: CompleteGuardOptions): CallKey {
  const dot = name.lastIndexOf(".");
  if (dot < 0) return { caller, callee: name, method: "" };
  return { caller, callee: name.slice(0, dot), method: name.slice(dot + 1) };
}

function withContext(args: readonly unknown[], context: Context): readonly unknown[] {
  return args[0] instanceof Context ? [context, ...args.slice(1)] : args;
}

/** What the registry shows of the calls of one guard. */
class GuardCounts {
  private calls = 0;
  private atWork = 0;
  private failed = 0;
  readonly entry = {
    role: "count",
    why: "first, so that it counts what every caller sees",
    filter: bracketFilter<GuardedCall, unknown>({
      enter: () => {
        this.calls++;
        this.atWork++;
        return undefined;
      },
      exit: (_context, _call, _reply, error) => {
        this.atWork--;
        if (error !== undefined) this.failed++;
      },
    }),
  };

  snapshot(): unknown {
    const { calls, atWork, failed } = this;
    return { calls, atWork, failed };
  }
}

function register(
  registry: StateRegistry | undefined,
  { name, caller, timeoutMs, idempotent }: CompleteGuardOptions,
  entries: Stack<GuardedCall, unknown>,
  counts: GuardCounts,
): () => void {
  if (registry === undefined) return () => undefined;
  const part = `guard ${name}`;
  const options = { name, caller, timeoutMs, idempotent };
  const taken = [
    registry.register({
      name: part,
      kind: STATE_KIND.stack,
      snapshot: () => describeStack([counts.entry, ...entries]),
    }),
    registry.register({ name: part, kind: STATE_KIND.options, snapshot: () => options }),
    registry.register({ name: part, kind: STATE_KIND.stats, snapshot: () => counts.snapshot() }),
  ];
  return () => {
    for (const takeAway of taken.splice(0)) takeAway();
  };
}
