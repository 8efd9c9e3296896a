/**
 * The contract of a HistoryStore as tests: every implementation passes all of them.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { HistoryStore, RangeResult } from "./history-store.ts";
import {
  encodeItemWire,
  readItemPosition,
  type ItemPosition,
  type ItemValues,
} from "./item-wire.ts";
import { StoreError } from "./store-error.ts";

export const int64Min: bigint = -(2n ** 63n);
export const int64Max: bigint = 2n ** 63n - 1n;

/** A store under test. `reopen` closes it and opens what it left, where that means anything. */
export interface StoreUnderTest {
  readonly store: HistoryStore;
  readonly reopen?: () => Promise<HistoryStore>;
  readonly dispose: () => Promise<void>;
}

export type OpenStoreUnderTest = (itemsPerUserMax: number) => Promise<StoreUnderTest>;

/** Declares the contract's tests for one implementation. */
export function testHistoryStore(name: string, open: OpenStoreUnderTest): void {
  const withStore = async (
    itemsPerUserMax: number,
    use: (store: HistoryStore) => Promise<void>,
  ): Promise<void> => {
    const { store, dispose } = await open(itemsPerUserMax);
    try {
      await use(store);
    } finally {
      await dispose();
    }
  };
  testOrder(name, withStore);
  testRefusals(name, withStore);
  testAgainstModel(name, open);
}

type WithStore = (max: number, use: (store: HistoryStore) => Promise<void>) => Promise<void>;

function testOrder(name: string, withStore: WithStore): void {
  test(`${name}: gives items back byte for byte, newest first, equal times by highest id`, () =>
    withStore(100, async (store) => {
      const items = [item(5n, 1n), item(7n, -3n), item(7n, 9n, "x"), item(0n, int64Min)];
      assert.equal(await store.set(-4n, items.map(encodeItemWire)), 4);
      const { items: found, result } = read(store, -4n, 0n, int64Max, 10);
      assert.deepEqual(found, [items[2], items[1], items[0], items[3]].map(toWire));
      assert.deepEqual(result, { count: 4, more: false });
    }));

  test(`${name}: replaces an item stored again, and the last of a call wins`, () =>
    withStore(100, async (store) => {
      await store.set(1n, [encodeItemWire(item(5n, 1n, "a"))]);
      const twice = [item(6n, 1n, "b"), item(5n, 1n, "c"), item(5n, 1n, "d")];
      assert.equal(await store.set(1n, twice.map(encodeItemWire)), 2);
      const { items: found } = read(store, 1n, 0n, int64Max, 10);
      assert.deepEqual(found, [item(6n, 1n, "b"), item(5n, 1n, "d")].map(toWire));
    }));

  test(`${name}: includes fromMs, excludes toMs, and keeps users apart`, () =>
    withStore(100, async (store) => {
      const wires = [1n, 2n, 3n, 4n].map((time) => encodeItemWire(item(time, 0n)));
      await store.set(1n, wires);
      await store.set(int64Max, wires.slice(0, 1));
      assert.deepEqual(read(store, 1n, 2n, 4n, 10).items, [item(3n, 0n), item(2n, 0n)].map(toWire));
      assert.equal(read(store, int64Max, 0n, int64Max, 10).items.length, 1);
      assert.equal(read(store, int64Min, 0n, int64Max, 10).items.length, 0);
      assert.equal(read(store, 1n, 3n, 3n, 10).items.length, 0);
    }));

  test(`${name}: says where to go on when more remains, and only then`, () =>
    withStore(100, async (store) => {
      await store.set(
        1n,
        [1n, 2n, 3n].map((time) => encodeItemWire(item(time, 8n))),
      );
      const first = read(store, 1n, 0n, 9n, 2).result;
      assert.deepEqual(first, { count: 2, more: true, last: { timestampMs: 2n, itemId: 8n } });
      assert.deepEqual(read(store, 1n, 0n, 9n, 1, first.last).result, { count: 1, more: false });
      assert.deepEqual(read(store, 1n, 0n, 9n, 3).result, { count: 3, more: false });
    }));

  test(`${name}: keeps the newest items of a user and drops the oldest`, () =>
    withStore(10, async (store) => {
      for (const round of [3n, 1n, 2n]) {
        const times = Array.from({ length: 6 }, (_, index) => round * 100n + BigInt(index));
        await store.set(
          1n,
          times.map((time) => encodeItemWire(item(time, 0n))),
        );
      }
      const { items: found, result } = read(store, 1n, 0n, int64Max, 100);
      const kept = [305n, 304n, 303n, 302n, 301n, 300n, 205n, 204n, 203n, 202n];
      assert.deepEqual(
        found,
        kept.map((time) => toWire(item(time, 0n))),
      );
      assert.equal(result.more, false);
    }));
}

function testRefusals(name: string, withStore: WithStore): void {
  test(`${name}: takes copies, so that the caller may use the bytes again`, () =>
    withStore(100, async (store) => {
      const wire = encodeItemWire(item(5n, 1n, "abc"));
      const done = store.set(1n, [wire]);
      wire.fill(0);
      await done;
      assert.deepEqual(read(store, 1n, 0n, 9n, 9).items, [toWire(item(5n, 1n, "abc"))]);
    }));

  test(`${name}: stores nothing of a call with an item it refuses`, () =>
    withStore(100, async (store) => {
      const good = encodeItemWire(item(5n, 1n));
      const negative = encodeItemWire(item(-1n, 1n));
      const trailing = new Uint8Array([...good, 0]);
      for (const bad of [negative, trailing, good.subarray(0, good.length - 1), good.fill(0, 99)]) {
        if (bad === good) continue;
        await assert.rejects(
          store.set(1n, [good, bad]),
          (error) =>
            error instanceof StoreError &&
            error.code === "invalid" &&
            /items\[1\]/.test(`${error}`),
        );
      }
      assert.equal(read(store, 1n, 0n, 9n, 9).items.length, 0);
      assert.equal(await store.set(1n, []), 0);
    }));

  test(`${name}: refuses what is no 64-bit number, and a limit below 1`, () =>
    withStore(100, async (store) => {
      const isInvalid = { name: "StoreError", code: "invalid" };
      await assert.rejects(store.set(int64Max + 1n, []), isInvalid);
      assert.throws(() => read(store, int64Min - 1n, 0n, 1n, 1), isInvalid);
      assert.throws(() => read(store, 1n, -1n, 1n, 1), isInvalid);
      assert.throws(() => read(store, 1n, 2n, 1n, 1), isInvalid);
      assert.throws(() => read(store, 1n, 0n, 1n, 0), isInvalid);
    }));

  test(`${name}: refuses work after close, twice as well`, () =>
    withStore(100, async (store) => {
      await store.close();
      await store.close();
      const isUnavailable = { name: "StoreError", code: "unavailable" };
      await assert.rejects(store.set(1n, [encodeItemWire(item(1n, 1n))]), isUnavailable);
      assert.throws(() => read(store, 1n, 0n, 1n, 1), isUnavailable);
    }));
}

function testAgainstModel(name: string, open: OpenStoreUnderTest): void {
  test(`${name}: does what a sorted array would do, whatever the order of calls`, () =>
    checkAgainstModel(open, { numRuns: 12 }));
}

/** Sets, reads, pages and reopenings in any order, against a sorted array. */
export async function checkAgainstModel(
  open: OpenStoreUnderTest,
  parameters: fc.Parameters<unknown>,
): Promise<void> {
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(3, 20, 1000),
      fc.array(stepArbitrary, { maxLength: 40, size: "max" }),
      async (itemsPerUserMax, steps) => {
        const subject = await open(itemsPerUserMax);
        try {
          await runSteps(subject, itemsPerUserMax, steps);
        } finally {
          await subject.dispose();
        }
      },
    ),
    // Shrinking would take minutes on a real disk, and the message says what differs.
    { endOnFailure: true, ...parameters } as fc.Parameters<[number, Step[]]>,
  );
}

type Step =
  | { readonly kind: "set"; readonly userId: bigint; readonly items: readonly ItemValues[] }
  | { readonly kind: "range"; readonly userId: bigint; readonly range: readonly [bigint, bigint] }
  | { readonly kind: "reopen" };

const userArbitrary = fc.constantFrom(0n, -1n, int64Min, int64Max);
const timeArbitrary = fc.oneof(
  { weight: 8, arbitrary: fc.bigInt(0n, 60n) },
  { weight: 1, arbitrary: fc.constantFrom(int64Max, int64Max - 1n, 2n ** 32n, 2n ** 32n - 1n) },
);
const idArbitrary = fc.oneof(
  fc.bigInt(-2n, 2n),
  fc.constantFrom(int64Min, int64Max, 2n ** 32n, -(2n ** 32n)),
);
const itemArbitrary: fc.Arbitrary<ItemValues> = fc.record({
  timestampMs: timeArbitrary,
  itemId: idArbitrary,
  kind: fc.integer({ min: 0, max: 3 }),
  extra: fc.uint8Array({ maxLength: 60 }),
});
const stepArbitrary: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 10,
    arbitrary: fc.record({
      kind: fc.constant("set" as const),
      userId: userArbitrary,
      items: fc.array(itemArbitrary, { minLength: 1, maxLength: 30 }),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant("range" as const),
      userId: userArbitrary,
      range: fc.tuple(timeArbitrary, timeArbitrary),
    }),
  },
  { weight: 1, arbitrary: fc.constant({ kind: "reopen" as const }) },
);

async function runSteps(
  subject: StoreUnderTest,
  itemsPerUserMax: number,
  steps: readonly Step[],
): Promise<void> {
  let { store } = subject;
  const users = new Map<bigint, ItemValues[]>();
  for (const step of steps) {
    if (step.kind === "set") {
      const stored = await store.set(step.userId, step.items.map(encodeItemWire));
      assert.equal(stored, new Set(step.items.map(keyOf)).size);
      users.set(step.userId, model(users.get(step.userId) ?? [], step.items, itemsPerUserMax));
    } else if (step.kind === "reopen") {
      store = (await subject.reopen?.()) ?? store;
    } else {
      const [first, second] = step.range;
      const [from, to] = first < second ? [first, second] : [second, first];
      checkPages(store, step.userId, from, to, users.get(step.userId) ?? []);
    }
  }
  for (const [userId, items] of users) checkPages(store, userId, 0n, int64Max, items);
}

/** One big read, and pages of several sizes, all give what the model has. */
function checkPages(
  store: HistoryStore,
  userId: bigint,
  from: bigint,
  to: bigint,
  items: readonly ItemValues[],
): void {
  const expected = items
    .filter(({ timestampMs }) => timestampMs >= from && timestampMs < to)
    .map((values) => describeWire(toWire(values)));
  for (const limit of [3, 50, 1000]) {
    const paged: string[] = [];
    let after: ItemPosition | undefined;
    do {
      const { items: found, result } = read(store, userId, from, to, limit, after);
      assert.equal(found.length, result.count);
      assert.equal(result.more, result.last !== undefined);
      paged.push(...found.map(describeWire));
      after = result.last;
    } while (after !== undefined);
    assert.deepEqual(paged, expected, `user ${userId}, ${from} to ${to}, ${limit} at a time`);
  }
}

/** Short enough that a failure can be read. */
function describeWire(wire: Buffer): string {
  const { timestampMs, itemId } = readItemPosition(wire, 0);
  return `${timestampMs} ${itemId} ${wire.toString("hex", 22)}`;
}

function model(
  old: readonly ItemValues[],
  added: readonly ItemValues[],
  itemsPerUserMax: number,
): ItemValues[] {
  const byKey = new Map([...old, ...added].map((value) => [keyOf(value), value]));
  return [...byKey.values()].sort(newestFirst).slice(0, itemsPerUserMax);
}

function newestFirst(left: ItemValues, right: ItemValues): number {
  const order =
    right.timestampMs === left.timestampMs
      ? right.itemId - left.itemId
      : right.timestampMs - left.timestampMs;
  return order < 0n ? -1 : 1;
}

function keyOf({ timestampMs, itemId }: ItemValues): string {
  return `${timestampMs} ${itemId}`;
}

export function item(timestampMs: bigint, itemId: bigint, extra?: string): ItemValues {
  return extra === undefined
    ? { timestampMs, itemId }
    : { timestampMs, itemId, kind: 1, extra: Buffer.from(extra) };
}

function toWire(values: ItemValues | undefined): Buffer {
  assert.ok(values);
  return Buffer.from(encodeItemWire(values));
}

/** Reads a range and cuts the bytes of the reply into items. */
export function read(
  store: HistoryStore,
  userId: bigint,
  from: bigint,
  to: bigint,
  limit: number,
  after?: ItemPosition,
): { readonly items: Buffer[]; readonly result: RangeResult } {
  const pieces: Buffer[] = [];
  const result = store.range(userId, from, to, limit, after, {
    append: (bytes, start, end) => pieces.push(Buffer.from(bytes.subarray(start, end))),
  });
  return { items: splitItems(Buffer.concat(pieces)), result };
}

function splitItems(bytes: Buffer): Buffer[] {
  const items: Buffer[] = [];
  let start = 0;
  while (start < bytes.length) {
    let at = start + 22;
    while (bytes[at] !== 0) at += bytes[at] === 11 ? 7 + bytes.readUInt32BE(at + 3) : 7;
    items.push(bytes.subarray(start, at + 1));
    start = at + 1;
  }
  return items;
}
