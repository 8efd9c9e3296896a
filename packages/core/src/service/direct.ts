/**
 * The same idea without promises: a service that tells a settler how the call ended. `stack` runs
 * its filters this way as far as they allow, so that a call costs one promise, that of the handler,
 * whatever the number of filters.
 *
 * Why two forms? The function that returns a promise is what people write and read. Each promise
 * costs a turn of the microtask queue and some hundred bytes, and eight filters of a small call
 * cost more than all the rest of it.
 */
import type { Context } from "../context/context.ts";
import type { Filter, Service } from "./service.ts";

/** Hears how a call ended: one of the two, once. Neither throws. */
export interface Settler<Reply> {
  succeed(reply: Reply): void;
  fail(error: unknown): void;
}

/** Runs a call and settles it later or at once. Never throws. */
export type DirectService<Call, Reply> = (
  context: Context,
  call: Call,
  settler: Settler<Reply>,
) => void;

/** A filter in this form. Never throws. */
export type DirectFilter<Call, Reply> = (
  context: Context,
  call: Call,
  next: DirectService<Call, Reply>,
  settler: Settler<Reply>,
) => void;

/** The direct filter as an ordinary one, usable alone as well as in a stack. */
export function directFilter<Call, Reply>(
  direct: DirectFilter<Call, Reply>,
): Filter<Call, Reply> & { readonly direct: DirectFilter<Call, Reply> } {
  const filter = (context: Context, call: Call, next: Service<Call, Reply>): Promise<Reply> =>
    new Promise((resolve, reject) => {
      direct(context, call, toDirect(next), { succeed: resolve, fail: reject });
    });
  return Object.assign(filter, { direct });
}

export function toDirect<Call, Reply>(service: Service<Call, Reply>): DirectService<Call, Reply> {
  return (context, call, settler) => {
    let working: Promise<Reply>;
    try {
      working = service(context, call);
    } catch (error) {
      settler.fail(error);
      return;
    }
    working.then(
      (reply) => settler.succeed(reply),
      (error: unknown) => settler.fail(error),
    );
  };
}

export function toService<Call, Reply>(run: DirectService<Call, Reply>): Service<Call, Reply> {
  return (context, call) =>
    new Promise((resolve, reject) => {
      run(context, call, { succeed: resolve, fail: reject });
    });
}
