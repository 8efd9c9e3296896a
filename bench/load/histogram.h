// A log-linear histogram of nanoseconds: 64 buckets a power of two, so a value read back is
// within 1.6 % of the value recorded, from 1 ns to hours, in a fixed 30 KB.
#pragma once
#include <stdint.h>
#include <string.h>

enum { HISTOGRAM_BUCKETS = 59 * 64 };

struct histogram {
  uint64_t counts[HISTOGRAM_BUCKETS];
  uint64_t total;
};

static inline void histogramReset(struct histogram *histogram) {
  memset(histogram, 0, sizeof *histogram);
}

static inline void histogramRecord(struct histogram *histogram, uint64_t value) {
  unsigned index = (unsigned)value;
  if (value >= 64) {
    unsigned exponent = 63 - (unsigned)__builtin_clzll(value);
    index = (exponent - 5) * 64 + (unsigned)((value >> (exponent - 6)) & 63);
  }
  histogram->counts[index < HISTOGRAM_BUCKETS ? index : HISTOGRAM_BUCKETS - 1]++;
  histogram->total++;
}

/** The lower edge of the bucket that holds the share `quantile` (0 to 1) of all values. */
static inline double histogramQuantile(const struct histogram *histogram, double quantile) {
  uint64_t rank = (uint64_t)((double)histogram->total * quantile), seen = 0;
  for (unsigned index = 0; index < HISTOGRAM_BUCKETS; index++) {
    seen += histogram->counts[index];
    if (seen > rank) {
      if (index < 64) return index;
      return (double)((uint64_t)(64 + index % 64) << (index / 64 - 1));
    }
  }
  return 0;
}
