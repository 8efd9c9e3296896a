/** How long to wait before the next try after failures: longer each time, and not all at once. */
import type { Random } from "@holdfast/core";

export interface BackoffOptions {
  /** Before the second try, in ms. */
  readonly minMs: number;
  /** Never longer than this, in ms. */
  readonly maxMs: number;
}

export class Backoff {
  private readonly options: BackoffOptions;
  private readonly random: Random;
  private failures = 0;

  constructor(options: BackoffOptions, random: Random) {
    this.options = options;
    this.random = random;
  }

  /** How many times in a row it has failed. */
  get failureCount(): number {
    return this.failures;
  }

  /**
   * Counts a failure; milliseconds until the next try. Doubles each time, and half of it is
   * chance: a thousand processes that lost the same server must not come back in the same moment.
   */
  next(): number {
    const { minMs, maxMs } = this.options;
    // 2^40 is beyond any maximum, and far from where numbers lose their last digit.
    const fullMs = Math.min(maxMs, minMs * 2 ** Math.min(this.failures, 40));
    this.failures++;
    return fullMs * (0.5 + this.random.next() / 2);
  }

  reset(): void {
    this.failures = 0;
  }
}
