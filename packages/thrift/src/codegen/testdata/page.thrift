/** What codec.bench.ts reads and writes: a page of 50 items. */

struct PageItem {
  1: required i64 itemId
  2: required i64 timestampMs
  3: required i32 kind
  4: required string title
}

struct Page {
  1: required list<PageItem> items
}
