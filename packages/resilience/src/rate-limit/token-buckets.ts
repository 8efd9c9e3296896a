/**
 * Token buckets side by side, one number each: when the bucket will be full again. A token that is
 * taken moves that moment on by the time one token takes; a token is there while the moment is not
 * further away than the time of all but one. So nothing is refilled, nothing runs while nobody
 * calls, and a full bucket is one whose moment is past: forgetting it changes nothing.
 *
 * This is the generic cell rate algorithm, ITU-T I.371, in its virtual scheduling form.
 */

/** How fast tokens come and how many there may be, as times. */
export interface TokenRate {
  readonly callsPerSecond: number;
  /** Of one token, in ms. */
  readonly tokenMs: number;
  /** Of all tokens but one, in ms. */
  readonly toleranceMs: number;
}

/** `undefined`: no limit. */
export function tokenRate(limit: number | undefined, burst: number): TokenRate {
  const callsPerSecond = limit ?? Infinity;
  const tokenMs = 1000 / callsPerSecond;
  return { callsPerSecond, tokenMs, toleranceMs: (burst - 1) * tokenMs };
}

export class TokenBuckets {
  /** Doubles in an array: taking a token allocates nothing. */
  private readonly fullAtMs: Float64Array;

  /** All of them full. */
  constructor(count: number) {
    this.fullAtMs = new Float64Array(count).fill(-Infinity);
  }

  /** How long until there is a token, in ms; 0 when there is one. */
  waitMs(index: number, nowMs: number, rate: TokenRate): number {
    const waitMs = this.fullAtMs[index]! - rate.toleranceMs - nowMs;
    return waitMs > 0 ? waitMs : 0;
  }

  /** There must be one. */
  take(index: number, nowMs: number, rate: TokenRate): void {
    const fullAtMs = this.fullAtMs[index]!;
    this.fullAtMs[index] = (fullAtMs > nowMs ? fullAtMs : nowMs) + rate.tokenMs;
  }

  isFull(index: number, nowMs: number): boolean {
    return this.fullAtMs[index]! <= nowMs;
  }

  fill(index: number): void {
    this.fullAtMs[index] = -Infinity;
  }

  /** Tokens come at another rate from now on; as many are missing as were. */
  changeRate(nowMs: number, before: TokenRate, after: TokenRate): void {
    const { fullAtMs } = this;
    for (let index = 0; index < fullAtMs.length; index++) {
      const missingMs = fullAtMs[index]! - nowMs;
      if (missingMs <= 0) continue;
      // Without a limit nothing was ever missing.
      const missing = before.tokenMs > 0 ? missingMs / before.tokenMs : 0;
      fullAtMs[index] = nowMs + missing * after.tokenMs;
    }
  }
}
