/**
 * How long the calls of a method took lately, small enough to have one for each method: two halves
 * of a window that take turns, 8 buckets for each power of two, 1.4 KB. The core's histogram is for
 * ever and is ten times as large with two halves; this one forgets, and is exact enough to say when
 * a call is late.
 */

/** A value is known to one part in 8, and below half a millisecond to a sixteenth of one. */
const SUB_BITS = 3;
const SUB_BUCKETS = 1 << SUB_BITS;
const TICKS_PER_MS = 16;
/** 2^24 ticks are 17 minutes; what took longer counts as that. */
const TICKS_MAX = 2 ** 24 - 1;
const BUCKETS = (24 - SUB_BITS + 1) * SUB_BUCKETS;

export class LatencyWindow {
  private readonly halfMs: number;
  private older = new Uint32Array(BUCKETS);
  private newer = new Uint32Array(BUCKETS);
  private olderCount = 0;
  private newerCount = 0;
  /** When the newer half began, on the scale of whoever records. */
  private newerSinceMs: number;

  constructor(windowMs: number, nowMs: number) {
    this.halfMs = windowMs / 2;
    this.newerSinceMs = nowMs;
  }

  /** Values of the last half to whole window. */
  get count(): number {
    return this.olderCount + this.newerCount;
  }

  record(latencyMs: number, nowMs: number): void {
    this.forget(nowMs);
    const ticks = Math.min(TICKS_MAX, Math.max(0, latencyMs * TICKS_PER_MS)) >>> 0;
    this.newer[bucketOf(ticks)]!++;
    this.newerCount++;
  }

  /** The value that `quantile` (0 to 1) of all do not exceed, in ms; 0 when there is none. */
  quantile(quantile: number, nowMs: number): number {
    this.forget(nowMs);
    const rank = Math.max(1, Math.ceil(quantile * this.count));
    if (rank > this.count) return 0;
    let seen = 0;
    let bucket = -1;
    while (seen < rank) {
      bucket++;
      seen += this.older[bucket]! + this.newer[bucket]!;
    }
    // The end of the bucket: being a little late is cheaper than a try that was not needed.
    return startOf(bucket + 1) / TICKS_PER_MS;
  }

  /** Starts a new half when the newer one is full; what is older than two halves goes. */
  private forget(nowMs: number): void {
    const agesMs = nowMs - this.newerSinceMs;
    if (agesMs < this.halfMs) return;
    const emptied = this.older.fill(0);
    if (agesMs < 2 * this.halfMs) {
      this.older = this.newer;
      this.olderCount = this.newerCount;
      this.newer = emptied;
    } else {
      this.newer.fill(0);
      this.olderCount = 0;
    }
    this.newerCount = 0;
    this.newerSinceMs = nowMs;
  }
}

function bucketOf(ticks: number): number {
  if (ticks < SUB_BUCKETS) return ticks;
  const shift = 31 - SUB_BITS - Math.clz32(ticks);
  return (shift << SUB_BITS) + (ticks >>> shift);
}

/** The first tick of a bucket. */
function startOf(bucket: number): number {
  if (bucket < SUB_BUCKETS) return bucket;
  const shift = (bucket >> SUB_BITS) - 1;
  return (SUB_BUCKETS + (bucket & (SUB_BUCKETS - 1))) * 2 ** shift;
}
