/**
 * What a call to an instance takes, for choosing between instances: an average that believes bad
 * news at once and good news slowly. A peak becomes the value; what is below it pulls the value
 * down over the decay time. Source: Finagle's peak EWMA.
 */

/** So many decay times without news, and nothing is known any more. */
const FORGET_DECAYS = 3;
/** Below this share of the decay time, decay is not worth its exponential. */
const EXACT_FROM_DECAYS = 1 / 100;
/** A reply that took no time at all is known all the same. */
const LEAST_MS = 1e-3;

export class PeakEwma {
  private readonly decayMs: number;
  private value = 0;
  private atMs = 0;

  /** After `decayMs` without peaks a value has lost 63 % of what it is too high. */
  constructor(decayMs: number) {
    this.decayMs = decayMs;
  }

  /** A call took so long. */
  observe(latencyMs: number, nowMs: number): void {
    const taken = Math.max(latencyMs, LEAST_MS);
    const known = this.valueMs(nowMs);
    if (taken >= known) this.value = taken;
    else {
      const kept = Math.exp((this.atMs - nowMs) / this.decayMs);
      this.value = taken + (this.value - taken) * kept;
    }
    this.atMs = nowMs;
  }

  /** Nothing is known any more. */
  forget(): void {
    this.value = 0;
  }

  /**
   * What is known now, 0 for nothing. Falls while there is no news, so that an instance that was
   * slow is tried again.
   */
  valueMs(nowMs: number): number {
    const decays = (nowMs - this.atMs) / this.decayMs;
    if (decays < EXACT_FROM_DECAYS) return this.value;
    return decays > FORGET_DECAYS ? 0 : this.value * Math.exp(-decays);
  }
}
