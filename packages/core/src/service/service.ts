/**
 * The one idea: a service is a function, and everything that guards a call is a filter around it.
 */
import type { Context } from "../context/context.ts";
import type { Bracket } from "./bracket.ts";
import type { DirectFilter } from "./direct.ts";

export type Service<Call, Reply> = (context: Context, call: Call) => Promise<Reply>;

/** A filter decides whether, when and how often `next` is called, and what becomes of its reply. */
export interface Filter<Call, Reply> {
  (context: Context, call: Call, next: Service<Call, Reply>): Promise<Reply>;
  /** Set by `bracketFilter`: lets `stack` run neighbours in one step instead of one each. */
  readonly bracket?: Bracket<Call, Reply>;
  /** Set by `directFilter`: lets `stack` run it without a promise of its own. */
  readonly direct?: DirectFilter<Call, Reply>;
}
