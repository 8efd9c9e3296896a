/** What a histogram held at one moment: quantiles, sums, and adding several up. */
import { bucketStart } from "./buckets.ts";

export class HistogramSnapshot {
  /** How many values were recorded. */
  readonly count: number;
  /** The sum of the values, in the unit that was recorded. */
  readonly sum: number;
  /** The largest value; 0 when there is none. */
  readonly max: number;
  readonly ticksPerUnit: number;
  private readonly counts: Float64Array;

  constructor(counts: Float64Array, sum: number, max: number, ticksPerUnit: number) {
    this.counts = counts;
    this.count = counts.reduce((total, count) => total + count, 0);
    this.sum = sum;
    this.max = max;
    this.ticksPerUnit = ticksPerUnit;
  }

  /** 0 when nothing was recorded. */
  get mean(): number {
    return this.count === 0 ? 0 : this.sum / this.count;
  }

  /**
   * The value that `q` (0 to 1) of all values do not exceed, by nearest rank; 0 when nothing was
   * recorded. The answer is the middle of a bucket: within 6.25 % of the true value (in fact
   * 3.2 %), or within one tick below 16 ticks; never more than `max`, and `quantile(1)` is `max`.
   */
  quantile(q: number): number {
    if (this.count === 0) return 0;
    const rank = Math.min(this.count, Math.max(1, Math.ceil(q * this.count)));
    if (rank === this.count) return this.max;
    let seen = 0;
    for (let bucket = 0; bucket < this.counts.length; bucket++) {
      seen += this.counts[bucket]!;
      if (seen >= rank) return Math.min(this.max, this.middleOf(bucket));
    }
    return this.max;
  }

  /** How many values were below `bound` (same unit); exact when `bound` is a power of two ticks. */
  countBelow(bound: number): number {
    const boundTicks = bound * this.ticksPerUnit;
    let total = 0;
    for (let bucket = 0; bucket < this.counts.length; bucket++) {
      if (bucketStart(bucket + 1) > boundTicks) break;
      total += this.counts[bucket]!;
    }
    return total;
  }

  /** Both together; both must have been recorded with the same `ticksPerUnit`. */
  merge(other: HistogramSnapshot): HistogramSnapshot {
    if (other.ticksPerUnit !== this.ticksPerUnit) {
      throw new RangeError(
        `cannot merge ${other.ticksPerUnit} ticks per unit into ${this.ticksPerUnit}`,
      );
    }
    const counts = this.counts.map((count, bucket) => count + other.counts[bucket]!);
    const max = Math.max(this.max, other.max);
    return new HistogramSnapshot(counts, this.sum + other.sum, max, this.ticksPerUnit);
  }

  private middleOf(bucket: number): number {
    const start = bucketStart(bucket);
    // A run of exact buckets holds [n, n + 1): its middle is off by half a tick at most.
    return (start + bucketStart(bucket + 1)) / 2 / this.ticksPerUnit;
  }
}
