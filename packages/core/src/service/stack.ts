/** A stack of filters over a service: a call goes down the list, its reply comes up. */
import { type Bracket, fuse } from "./bracket.ts";
import type { Filter, Service } from "./service.ts";

/** One line of a stack: the filter, what it is called, and why it stands where it stands. */
export interface StackEntry<Call, Reply> {
  /** Unique in its stack; what `/stack` shows and what `insertBefore` and friends look for. */
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
  let next = service;
  let run: Bracket<Call, Reply>[] = [];
  for (let index = entries.length - 1; index >= 0; index--) {
    const { filter } = entries[index]!;
    if (filter.bracket !== undefined) {
      run.unshift(filter.bracket);
      continue;
    }
    next = around(filter, closeRun(run, next));
    run = [];
  }
  return closeRun(run, next);
}

/** What stands in a stack, in the order a call meets it. */
export function describeStack<Call, Reply>(
  entries: Stack<Call, Reply>,
): { readonly role: string; readonly why: string }[] {
  return entries.map(({ role, why }) => ({ role, why }));
}

function closeRun<Call, Reply>(
  run: readonly Bracket<Call, Reply>[],
  next: Service<Call, Reply>,
): Service<Call, Reply> {
  return run.length === 0 ? next : fuse(run, next);
}

function around<Call, Reply>(
  filter: Filter<Call, Reply>,
  next: Service<Call, Reply>,
): Service<Call, Reply> {
  return (context, call) => filter(context, call, next);
}
