/**
 * Which of a service's instances gets a call. Whoever sends the calls keeps the candidates up to
 * date; a balancer only chooses. It does so for every call, and so without allocating anything.
 */
import { type Context, contextKey } from "../context/context.ts";
import type { Random } from "../random/random.ts";
import type { Instance } from "./instance.ts";

/** An instance that may be given a call, and what a balancer may go by. */
export interface Candidate {
  readonly instance: Instance;
  /**
   * Its share of the calls relative to the others at this time, above 0: the instance's own
   * weight, or less while it warms up.
   */
  readonly weight: number;
  /** Calls of this process that are at work there. */
  readonly inFlight: number;
  /** What a call there takes, in milliseconds; 0 when nothing is known, or nothing any more. */
  latencyMs(nowMs: number): number;
}

export interface Balancer<Each extends Candidate> {
  /** For an operator, such as `least loaded of two`. */
  readonly name: string;
  /**
   * The candidates from now on: called when the list, a weight or the health of one has changed.
   * What is costly is done here. `listed` is all that the resolver names, those too that are not
   * to be used at this time.
   */
  update(candidates: readonly Each[], listed: readonly Instance[]): void;
  /**
   * The one that gets the call; undefined only when there is none. Those whose ids are in
   * `avoided` only when nothing else is left.
   */
  pick(
    context: Context,
    call: unknown,
    avoided: readonly string[],
    nowMs: number,
  ): Each | undefined;
  /** What an operator wants to see of it beside its candidates. */
  snapshot(): Readonly<Record<string, unknown>>;
}

export interface BalancerParts {
  readonly random: Random;
}

/** Makes a balancer; one for each client and service. */
export type CreateBalancer = <Each extends Candidate>(parts: BalancerParts) => Balancer<Each>;

/**
 * Calls with the same text go to the same instance as long as it can take them, where the balancer
 * is a consistent hash. `""`: wherever there is room.
 */
export const affinityKey = contextKey<string>("affinity", "");
