/** Which bucket a value of whole ticks falls into: 16 of them for each power of two. */

/** 2^4 buckets for each power of two: the quantile error is one part in 16. */
const SUB_BUCKET_BITS = 4;
const SUB_BUCKETS = 1 << SUB_BUCKET_BITS;

/** Powers of two from 2^4 to 2^31, and one run of exact buckets below. */
export const BUCKET_COUNT = (32 - SUB_BUCKET_BITS + 1) * SUB_BUCKETS;
export const TICKS_MAX = 0xffff_ffff;

/** `ticks` is a whole number from 0 to `TICKS_MAX`. */
export function bucketOf(ticks: number): number {
  if (ticks < SUB_BUCKETS) return ticks;
  const shift = 31 - SUB_BUCKET_BITS - Math.clz32(ticks);
  return (shift << SUB_BUCKET_BITS) + (ticks >>> shift);
}

/** The first tick of a bucket; the bucket ends where the next one begins. */
export function bucketStart(bucket: number): number {
  if (bucket < SUB_BUCKETS) return bucket;
  const shift = (bucket >> SUB_BUCKET_BITS) - 1;
  return (SUB_BUCKETS + (bucket & (SUB_BUCKETS - 1))) * 2 ** shift;
}
