/** Draws an index at random, each as often as its weight says. */
import type { Random } from "@holdfast/core";

export class WeightedDraw {
  readonly count: number;
  /** Of one, on average. */
  readonly meanWeight: number;
  /** All weigh the same, so that no search is needed. */
  readonly even: boolean;
  /** Where each one's part of the whole ends. */
  private readonly ends: Float64Array;

  /** Weights above 0. */
  constructor(weights: readonly number[]) {
    this.count = weights.length;
    this.ends = new Float64Array(weights.length);
    let end = 0;
    for (let index = 0; index < weights.length; index++) {
      end += weights[index]!;
      this.ends[index] = end;
    }
    this.even = weights.every((weight) => weight === weights[0]);
    this.meanWeight = this.count === 0 ? 1 : end / this.count;
  }

  /** There must be at least one. */
  draw(random: Random): number {
    if (this.even) return random.below(this.count);
    const { ends } = this;
    const point = random.next() * ends[this.count - 1]!;
    let low = 0;
    let high = this.count - 1;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (ends[middle]! > point) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  /**
   * Another one than `first`, where that is likely: one that outweighs all others comes up again
   * and again, and then it shall have the call.
   */
  drawOther(random: Random, first: number): number {
    if (this.even) {
      const other = random.below(this.count - 1);
      return other < first ? other : other + 1;
    }
    let other = first;
    for (let tries = 0; tries < 3 && other === first; tries++) other = this.draw(random);
    return other;
  }
}
