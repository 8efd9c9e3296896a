/** Runs one function of one part within its time, whatever the function does. */
import type { Context } from "../context/context.ts";
import { ServiceError } from "../error/service-error.ts";
import { after } from "../time/clock.ts";

/** A part that heard that its time is over gets this long to say what it cut off. */
const LAST_WORDS_MS = 250;

/**
 * The result of `work`, or a rejection soon after `context` is over. `late` hears of work that
 * comes to a good end after that.
 */
export function withinContext<Result>(
  context: Context,
  work: (context: Context) => Promise<Result> | Result,
  late: () => void,
): Promise<Result> {
  return new Promise((resolve, reject) => {
    let over = false;
    let stopWaiting: (() => void) | undefined = undefined;
    const unlisten = context.onCancel((reason) => {
      stopWaiting = after(context.clock, LAST_WORDS_MS, () => {
        over = true;
        reject(reason);
      });
    });
    const settle = (settlePromise: () => void): void => {
      unlisten();
      stopWaiting?.();
      settlePromise();
    };
    // The function may throw before it returns a promise: the wrapper makes both the same.
    (async () => work(context))().then(
      (result) => (over ? late() : settle(() => resolve(result))),
      (error: unknown) => settle(() => reject(ServiceError.from(error))),
    );
  });
}
