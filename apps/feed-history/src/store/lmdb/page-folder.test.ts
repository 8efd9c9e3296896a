import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { encodeItemWire, readItemPosition, type ItemValues } from "../item-wire.ts";
import { mergeSources, MergeSource } from "../merge.ts";
import { orderItems } from "../order-items.ts";
import type { Position } from "../position.ts";
import { RunView, runBytes, writeUint32 } from "../run.ts";
import { directoryPage, newestPage, PageChain } from "./page-chain.ts";
import { PageFolder, type PageShape } from "./page-folder.ts";
import type { PageWriter } from "./page-writer.ts";

const shape: PageShape = {
  pageItemsMax: 6,
  pageBytesMax: 400,
  olderPageBytesMax: 300,
  itemsPerUserMax: 30,
};
const beforeAll: Position = { timeHigh: 0x8000_0000, timeLow: 0, idHigh: 0, idLow: 0 };
const sinceEver: Position = { timeHigh: 0, timeLow: 0, idHigh: -0x8000_0000, idLow: 0 };

/** Pages in a map, as one transaction would see them. */
class MapPages implements PageWriter {
  bytes: Uint8Array = new Uint8Array(0);
  readonly pages = new Map<string, Uint8Array>();

  load(userId: bigint, page: number): number {
    const found = this.pages.get(`${userId} ${page}`);
    // One buffer for all that is read, as the engine has it: what was read before is spoilt.
    this.bytes.fill(0xee);
    if (found === undefined) return -1;
    this.bytes = new Uint8Array(found.length + 100).fill(0xdd);
    this.bytes.set(found);
    return found.length;
  }

  store(userId: bigint, page: number, bytes: Uint8Array, bytesBefore: number): void {
    assert.equal(this.pages.get(`${userId} ${page}`)?.length ?? -1, bytesBefore);
    this.pages.set(`${userId} ${page}`, bytes.slice());
  }

  remove(userId: bigint, page: number): void {
    assert.ok(this.pages.delete(`${userId} ${page}`), `page ${page} is not there`);
  }
}

test("puts a user's first items into one page", () => {
  const pages = new MapPages();
  fold(pages, [[itemAt(5n), itemAt(3n)]]);
  assert.deepEqual([...pages.pages.keys()], ["1 0"]);
  assert.deepEqual(timesOf(pages), [5n, 3n]);
});

test("splits half a page off the newest one when it is full, and none before", () => {
  const pages = new MapPages();
  for (let time = 1n; time <= 6n; time += 1n) fold(pages, [[itemAt(time)]]);
  assert.equal(pages.pages.size, 1);
  fold(pages, [[itemAt(7n)]]);
  assert.deepEqual(pageSizes(pages), [4, 3]);
  assert.deepEqual(timesOf(pages), [7n, 6n, 5n, 4n, 3n, 2n, 1n]);
});

test("gives an item that is larger than a page a page of its own", () => {
  const pages = new MapPages();
  for (let time = 1n; time <= 4n; time += 1n) fold(pages, [[itemAt(time, 500)]]);
  assert.deepEqual(pageSizes(pages), [1, 1, 1, 1]);
});

test("rewrites the newest page only, as long as it does not split", () => {
  const pages = new MapPages();
  for (let time = 1n; time <= 20n; time += 1n) fold(pages, [[itemAt(time)]]);
  const before = new Map(pages.pages);
  fold(pages, [[itemAt(21n)]]);
  const changed = [...pages.pages].filter(([key, bytes]) => before.get(key) !== bytes);
  assert.deepEqual(
    changed.map(([key]) => key),
    ["1 0"],
  );
});

test("touches only the pages an old item belongs to", () => {
  const pages = new MapPages();
  for (let time = 2n; time <= 40n; time += 2n) fold(pages, [[itemAt(time)]]);
  const before = new Map(pages.pages);
  fold(pages, [[itemAt(9n)]]);
  const changed = [...pages.pages].filter(([key, bytes]) => before.get(key) !== bytes);
  // The old page, the count in the newest page, and the directory.
  assert.ok(changed.length <= 4, `${changed.length} pages`);
  assert.ok(timesOf(pages).includes(9n));
});

test("drops whole pages at the old end, never more than the limit asks", () => {
  const pages = new MapPages();
  for (let time = 1n; time <= 100n; time += 1n) fold(pages, [[itemAt(time)]]);
  const times = timesOf(pages);
  assert.ok(times.length >= 30 && times.length < 30 + 6, `${times.length} items`);
  assert.equal(times[0], 100n);
  assert.equal(times.at(-1), 101n - BigInt(times.length));
  assert.equal(pages.pages.size, pageSizes(pages).length + 1, "no page is left behind");
});

test("has the newest items in pages within bounds, whatever is folded in whatever order", () => {
  const item = fc.record({
    timestampMs: fc.bigInt(0n, 50n),
    itemId: fc.bigInt(-1n, 1n),
    extra: fc.uint8Array({ maxLength: 150 }),
  });
  const sets = fc.array(fc.array(item, { minLength: 1, maxLength: 25 }), {
    minLength: 1,
    maxLength: 4,
  });
  fc.assert(
    fc.property(fc.array(sets, { minLength: 1, maxLength: 20 }), (folds) => {
      const pages = new MapPages();
      const model = new Map<string, string>();
      for (const each of folds) {
        fold(pages, each);
        for (const values of each.flat()) {
          model.set(`${values.timestampMs} ${values.itemId}`, hexOf(values));
        }
        const expected = [...model].sort(newestFirst).map(([, hex]) => hex);
        const found = readAll(pages);
        assert.deepEqual(found.slice(0, 30), expected.slice(0, 30));
        assert.equal(
          pageSizes(pages).reduce((sum, size) => sum + size),
          found.length,
        );
      }
    }),
    { numRuns: 300 },
  );
});

/** Folds several sets of user 1, oldest first, as one fold does. */
function fold(pages: MapPages, sets: readonly (readonly ItemValues[])[]): void {
  const sources = sets.toReversed().map((items) => {
    const source = new MergeSource();
    source.useAll(viewOf(orderItems(items.map(encodeItemWire))));
    return source;
  });
  new PageFolder(pages, shape).fold(1n, sources, sources.length);
}

function viewOf(wires: readonly Uint8Array[]): RunView {
  const bytes = new Uint8Array(runBytes(wires.length, Buffer.concat(wires).length));
  let next = writeUint32(bytes, 0, wires.length);
  let end = 0;
  for (const wire of wires) next = writeUint32(bytes, next, (end += wire.length));
  bytes.set(Buffer.concat(wires), next);
  const view = new RunView();
  view.open(bytes, 0, bytes.length);
  return view;
}

/** Every item of user 1 in hexadecimal, read through the chain. */
function readAll(pages: MapPages): string[] {
  const chain = new PageChain(pages);
  const found: string[] = [];
  const sources = chain.open(1n, beforeAll, sinceEver) ? 1 : 0;
  mergeSources([chain], sources, 100_000, {
    take(view, from, to) {
      for (let index = from; index < to; index += 1) {
        const item = view.bytes.subarray(view.itemStart(index), view.itemEnd(index));
        found.push(Buffer.from(item).toString("hex"));
      }
    },
  });
  return found;
}

/** Items in each page of user 1, newest page first, in the order of the directory. */
function pageSizes(pages: MapPages): number[] {
  const sizes: number[] = [];
  const view = new RunView();
  const newest = pages.pages.get(`1 ${newestPage}`)!;
  view.open(newest, 4, newest.length);
  sizes.push(view.count);
  assert.ok(view.count === 1 || (view.count <= 6 && newest.length <= 404));
  const directory = Buffer.from(pages.pages.get(`1 ${directoryPage}`) ?? Buffer.alloc(4));
  for (let at = 4; at < directory.length; at += 24) {
    const page = pages.pages.get(`1 ${directory.readUInt32LE(at)}`)!;
    view.open(page, 0, page.length);
    assert.equal(view.count, directory.readUInt32LE(at + 4));
    assert.ok(view.count === 1 || (view.count <= 6 && page.length <= 300));
    sizes.push(view.count);
  }
  return sizes;
}

function timesOf(pages: MapPages): bigint[] {
  return readAll(pages).map((hex) => readItemPosition(Buffer.from(hex, "hex"), 0).timestampMs);
}

function itemAt(timestampMs: bigint, extraBytes = 10): ItemValues {
  return { timestampMs, itemId: 0n, extra: new Uint8Array(extraBytes) };
}

function hexOf(values: ItemValues): string {
  return Buffer.from(encodeItemWire(values)).toString("hex");
}

function newestFirst([left]: [string, string], [right]: [string, string]): number {
  const [leftTime, leftId] = left.split(" ").map(Number) as [number, number];
  const [rightTime, rightId] = right.split(" ").map(Number) as [number, number];
  return rightTime - leftTime || rightId - leftId;
}
