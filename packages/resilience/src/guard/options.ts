/** What a guard is called, how long its calls may take, and which policies stand around it. */
import type { Clock, Filter, StateRegistry } from "@holdfast/core";
import type { GuardedCall } from "./guarded-call.ts";

/** A filter around a guarded function; `new CircuitBreaker<GuardedCall, unknown>(…)` has one. */
export interface GuardPolicy {
  /** Unique in its guard; what `/stack` shows. */
  readonly role: string;
  readonly filter: Filter<GuardedCall, unknown>;
  /** "above … / below … so that …"; default `""`. */
  readonly why?: string;
}

export interface GuardOptions {
  /**
   * What it guards, such as `users.get`: up to the last dot the callee, after it the method, in
   * breakers, budgets and live configuration.
   */
  readonly name: string;
  readonly clock: Clock;
  /** In the order a call meets them. */
  readonly policies: readonly GuardPolicy[];
  /** Who calls, in breakers and live configuration; default `""`. */
  readonly caller?: string;
  /**
   * The time a call may take when its context does not allow less, in ms, more than 0, default
   * 10,000; Infinity for none. The deadline filter answers when it is up; without that filter it
   * is only what the function can read in its context.
   */
  readonly timeoutMs?: number;
  /** Whether doing it twice is doing it once, so that it may be tried again; default false. */
  readonly idempotent?: boolean;
  /** Where it shows; default nowhere. */
  readonly registry?: StateRegistry;
}

export type CompleteGuardOptions = Required<Omit<GuardOptions, "registry">>;

const DEFAULTS = { caller: "", timeoutMs: 10_000, idempotent: false };

export function completeGuardOptions(options: GuardOptions): CompleteGuardOptions {
  const { registry: _, ...given } = options;
  const complete = { ...DEFAULTS, ...given };
  const { name, timeoutMs, policies } = complete;
  if (name === "") throw new RangeError("name is empty; it must say what is guarded");
  if (!(timeoutMs > 0)) throw new RangeError(`timeoutMs is ${timeoutMs}; it must be more than 0`);
  const roles = new Set<string>();
  for (const { role } of policies) {
    if (roles.has(role)) throw new RangeError(`two policies of ${name} have the role ${role}`);
    roles.add(role);
  }
  return complete;
}
