/** How long to wait after a crash, and when to stop trying: counts crashes in a row. */
import type { Random } from "holdfast";
import type { SupervisorOptions } from "./options.ts";

type CrashOptions = Pick<
  SupervisorOptions,
  "restartMinMs" | "restartMaxMs" | "restartsMax" | "stableMs"
>;

export class CrashRow {
  /** Crashes since a worker last served for `stableMs`. */
  count = 0;
  private readonly options: CrashOptions;
  private readonly random: Random;

  constructor(options: CrashOptions, random: Random) {
    this.options = options;
    this.random = random;
  }

  /**
   * Milliseconds until the next start, after a worker that had served for `servedMs` crashed, or
   * did not start; undefined when it is not worth another try.
   */
  delayAfter(servedMs: number): number | undefined {
    const { restartMinMs, restartMaxMs, restartsMax, stableMs } = this.options;
    if (servedMs >= stableMs) this.count = 0;
    if (this.count >= restartsMax) return undefined;
    const fullMs = Math.min(restartMaxMs, restartMinMs * 2 ** this.count);
    this.count++;
    // Half of it at random: machines that lost the same backend do not start in step.
    return fullMs * (0.5 + this.random.next() / 2);
  }
}
