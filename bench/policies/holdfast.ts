// Our rows, each from the public door.
import {
  CircuitBreaker,
  createClient,
  createContext,
  deadlineFilter,
  directFilter,
  guard,
  guardTraits,
  silentLogger,
  stack,
  SystemClock,
  systemRandom,
  systemRuntime,
} from "holdfast";
import type { CallTraits, ClientCall, Context, GuardedCall, StackEntry } from "holdfast";
import { Echo } from "../holdfast/gen/echo.ts";
import { bare, fail, OPENING_CALLS, TIMEOUT_MS } from "./bare.ts";
import type { Call } from "./rows.ts";

const clock = new SystemClock();
const random = systemRandom();
const context = createContext({ clock });

const key = { caller: "bench", callee: "bare", method: "call" };
const traits: CallTraits<number> = { keyOf: () => key, isIdempotent: () => false };

function breakerEntry(): StackEntry<number, number> {
  const { filter } = new CircuitBreaker<number, number>({ clock, random, traits });
  return { role: "circuit-breaker", why: "measured", filter };
}

/** The filter alone, as any filter may be used. */
export function breaker(): Call {
  const { filter } = breakerEntry();
  const service = (_context: Context, value: number): Promise<number> => bare(value);
  return (value) => filter(context, value, service);
}

export function stackedBreaker(): Call {
  const service = stack([breakerEntry()], (_context, value) => bare(value));
  return (value) => service(context, value);
}

export function guardedBreaker(): Call {
  const { filter } = new CircuitBreaker<GuardedCall, unknown>({
    clock,
    random,
    traits: guardTraits,
  });
  const policies = [{ role: "circuit-breaker", filter }];
  return guard(bare, { name: "bare.call", clock, policies, timeoutMs: Infinity });
}

/** With a context of its own for each call, as a server or a client makes one. */
export function deadlineBreaker(): Call {
  const deadline = { role: "deadline", why: "measured", filter: deadlineFilter<number, number>() };
  const service = stack([deadline, breakerEntry()], (_context, value) => bare(value));
  return (value) => service(context.withTimeout(TIMEOUT_MS), value);
}

/** A client with all its default filters; below them, instead of a connection, the bare call. */
export function clientStack(): Call {
  const answer = directFilter<ClientCall, unknown>((_context, { args }, _next, settler) => {
    bare((args as { request: { kind: number } }).request.kind).then(
      (reply) => settler.succeed(reply),
      (error: unknown) => settler.fail(error),
    );
  });
  const client = createClient({
    definition: Echo,
    address: { kind: "tcp", host: "127.0.0.1", port: 1 },
    runtime: systemRuntime({ logger: silentLogger }),
    options: { callTimeoutMs: TIMEOUT_MS },
    filters: (defaults) => [...defaults, { role: "bare", why: "measured", filter: answer }],
  });
  return (kind) => client.calls.echo(context, { id: 1n, timestampMs: 2n, kind, text: "" });
}

export async function openBreaker(): Promise<Call> {
  const entry = breakerEntry();
  const failing = stack([entry], (_context, value) => fail(value));
  for (let call = 0; call < OPENING_CALLS; call++) {
    await failing(context, call).catch(() => undefined);
  }
  return (value) => failing(context, value);
}
