/**
 * What policies along a call say to each other through its context. The first two travel to the
 * callee and on to those it calls; the third stays in this process.
 */
import { contextKey } from "./context.ts";

/** How much a call matters when not all can be served; under load the least goes first. */
export const PRIORITY = {
  /** Nobody waits for it: prefetching, batch work. */
  sheddable: 0,
  /** What nobody has spoken for. */
  normal: 1,
  /** A person waits for it. */
  important: 2,
  /** Without it nothing works: health, money. */
  critical: 3,
} as const;

export type Priority = (typeof PRIORITY)[keyof typeof PRIORITY];

export const priorityKey = contextKey<Priority>("priority", PRIORITY.normal);

/**
 * Tries before this one, here or further up: 0 in a first try. A callee that sees more does not
 * try again itself, or three levels of three tries would be 27.
 */
export const retriesKey = contextKey<number>("retries", 0);

/** Ids of instances that have failed this call already; a balancer takes others if it can. */
export const avoidedInstancesKey = contextKey<readonly string[]>("avoided instances", []);
