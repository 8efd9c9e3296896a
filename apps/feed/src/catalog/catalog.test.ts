import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { FeedItem } from "../gen/feed.ts";
import { Catalog } from "./catalog.ts";

function item(itemId: bigint, publishedMs: bigint): FeedItem {
  return { itemId, publishedMs, title: `Item ${itemId}` };
}

function idsOf(items: readonly FeedItem[]): bigint[] {
  return items.map(({ itemId }) => itemId);
}

describe("a catalog", () => {
  it("has the newest first and, of those of the same time, the highest id", () => {
    const catalog = new Catalog([item(1n, 10n), item(2n, 30n), item(4n, 20n), item(3n, 20n)]);
    assert.deepEqual(idsOf(catalog.items), [2n, 4n, 3n, 1n]);
  });

  it("leaves the list that it is made from as it is", () => {
    const items = [item(1n, 10n), item(2n, 30n)];
    assert.deepEqual(idsOf(new Catalog(items).items), [2n, 1n]);
    assert.deepEqual(idsOf(items), [1n, 2n]);
  });

  it("ends with a window that is not full, and after it has empty ones", () => {
    const catalog = new Catalog([item(1n, 10n), item(2n, 20n), item(3n, 30n)]);
    assert.deepEqual(idsOf(catalog.window(0, 2)), [3n, 2n]);
    assert.deepEqual(idsOf(catalog.window(2, 2)), [1n]);
    assert.deepEqual(idsOf(catalog.window(3, 2)), []);
  });
});
