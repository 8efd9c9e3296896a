/** What there is to show: items in the order of the feed, newest first. */
import type { FeedItem } from "../gen/feed.ts";

export class Catalog {
  /** Newest first; of equal times the highest id first. */
  readonly items: readonly FeedItem[];

  constructor(items: readonly FeedItem[]) {
    this.items = items.toSorted(newestFirst);
  }

  /** Up to `count` items from place `from` on. */
  window(from: number, count: number): readonly FeedItem[] {
    return this.items.slice(from, from + count);
  }
}

function newestFirst(one: FeedItem, other: FeedItem): number {
  if (one.publishedMs !== other.publishedMs) return one.publishedMs > other.publishedMs ? -1 : 1;
  if (one.itemId === other.itemId) return 0;
  return one.itemId > other.itemId ? -1 : 1;
}
