/** Waits that end when the work they belong to does. */
import { after, type Context } from "@holdfast/core";

/** Resolves after `delayMs`, or as soon as `context` is over. Never rejects. */
export function pause(context: Context, delayMs: number): Promise<void> {
  if (delayMs <= 0) return Promise.resolve();
  return new Promise((resolve) => {
    const untime = after(context.clock, delayMs, () => {
      unlisten();
      resolve();
    });
    // At once when it is over already.
    const unlisten = context.onCancel(() => {
      untime();
      resolve();
    });
  });
}
