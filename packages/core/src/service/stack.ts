/** A stack of filters over a service: a call goes down the list, its reply comes up. */
import { type Bracket, fuseDirect } from "./bracket.ts";
import { type DirectService, toDirect, toService } from "./direct.ts";
import type { Filter, Service } from "./service.ts";

/** One line of a stack: the filter, what it is called, and why it stands where it stands. */
export interface StackEntry<Call, Reply> {
  /** Unique in its stack; what `/stack` shows. */
  readonly role: string;
  /** "above … / below … so that …" */
  readonly why: string;
  readonly filter: Filter<Call, Reply>;
}

export type Stack<Call, Reply> = readonly StackEntry<Call, Reply>[];

/** The service that a caller sees: the first filter is met first. */
export function stack<Call, Reply>(
  entries: Stack<Call, Reply>,
  service: Service<Call, Reply>,
): Service<Call, Reply> {
  return entries.length === 0 ? service : toService(stackDirect(entries, toDirect(service)));
}

/** The same for who brings a settler instead of waiting for a promise. */
export function stackDirect<Call, Reply>(
  entries: Stack<Call, Reply>,
  service: DirectService<Call, Reply>,
): DirectService<Call, Reply> {
  let next = service;
  let brackets: Bracket<Call, Reply>[] = [];
  for (const { filter } of entries.toReversed()) {
    if (filter.bracket !== undefined) {
      brackets.unshift(filter.bracket);
      continue;
    }
    next = around(filter, closeRun(brackets, next));
    brackets = [];
  }
  return closeRun(brackets, next);
}

/** What stands in a stack, in the order a call meets it. */
export function describeStack<Call, Reply>(
  entries: Stack<Call, Reply>,
): { readonly role: string; readonly why: string }[] {
  return entries.map(({ role, why }) => ({ role, why }));
}

function closeRun<Call, Reply>(
  brackets: readonly Bracket<Call, Reply>[],
  next: DirectService<Call, Reply>,
): DirectService<Call, Reply> {
  return brackets.length === 0 ? next : fuseDirect(brackets, next);
}

function around<Call, Reply>(
  filter: Filter<Call, Reply>,
  next: DirectService<Call, Reply>,
): DirectService<Call, Reply> {
  const { direct } = filter;
  if (direct !== undefined) {
    return (context, call, settler) => direct(context, call, next, settler);
  }
  const service = toService(next);
  return toDirect((context: Parameters<Service<Call, Reply>>[0], call: Call) =>
    filter(context, call, service),
  );
}
