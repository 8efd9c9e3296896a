/**
 * A histogram of fixed size whose buckets grow with the value: 16 for each power of two, so that a
 * quantile is off by at most 6.25 % whether it is 50 µs or 5 minutes. Recording allocates nothing
 * and costs about as much as the addition it is.
 *
 * Why not a list of bounds to choose? Every list is wrong for some method; this one fits all that
 * is between one tick and 2^32 ticks, and any two of them can be added up.
 */
import { BUCKET_COUNT, bucketOf, TICKS_MAX } from "./buckets.ts";
import { HistogramSnapshot } from "./histogram-snapshot.ts";

/** A microsecond, when what is recorded is milliseconds: the range is then 1 µs to 71 minutes. */
const DEFAULT_TICKS_PER_UNIT = 1000;

const SUM = 0;
const MAX = 1;

export interface HistogramOptions {
  /**
   * The finest step, as a part of the unit that is recorded; more than 0, default 1000. Below 16
   * ticks a value is known to one tick. The largest value told apart is 2^32 / ticksPerUnit, so a
   * finer step costs range: 1 for bytes (up to 4 GiB), 1000 for milliseconds (up to 71 minutes).
   */
  readonly ticksPerUnit?: number;
}

export class Histogram {
  readonly ticksPerUnit: number;
  private readonly valueMax: number;
  /** Doubles: a count of 32 bits is full after half a day of 100,000 calls a second. */
  private readonly counts = new Float64Array(BUCKET_COUNT);
  /** Sum and maximum; in an array because a double in an object may be a new one each time. */
  private readonly totals = new Float64Array(2);

  constructor(options: HistogramOptions = {}) {
    const ticksPerUnit = options.ticksPerUnit ?? DEFAULT_TICKS_PER_UNIT;
    if (!(ticksPerUnit > 0 && ticksPerUnit < Infinity)) {
      throw new RangeError(`ticksPerUnit is ${ticksPerUnit}; it must be more than 0`);
    }
    this.ticksPerUnit = ticksPerUnit;
    this.valueMax = TICKS_MAX / ticksPerUnit;
  }

  /** Negative values and NaN count as 0; what is above the range counts as the top of it. */
  record(value: number): void {
    const within = value > 0 ? (value < this.valueMax ? value : this.valueMax) : 0;
    this.counts[bucketOf((within * this.ticksPerUnit) >>> 0)]!++;
    const totals = this.totals;
    totals[SUM]! += within;
    if (within > totals[MAX]!) totals[MAX] = within;
  }

  /** A copy that does not change any more; for rendering, for quantiles, for adding up. */
  snapshot(): HistogramSnapshot {
    const { counts, totals, ticksPerUnit } = this;
    return new HistogramSnapshot(counts.slice(), totals[SUM]!, totals[MAX]!, ticksPerUnit);
  }
}
