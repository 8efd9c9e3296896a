/**
 * The in-memory twin of the LMDB engine: the same promises but durability, in the plainest code
 * that keeps them. It is what tests and the simulator run on, and what the engine is checked
 * against.
 */
import type { HistoryStore, RangeResult, RangeSink, StoreStats } from "./history-store.ts";
import { checkItemWire, readItemPosition, type ItemPosition } from "./item-wire.ts";
import { orderItems, compareWires } from "./order-items.ts";
import { StoreError } from "./store-error.ts";
import { checkRange, checkUserId } from "./check-arguments.ts";
import { completeStoreLimits, type StoreLimits } from "./store-options.ts";

export class MemoryHistoryStore implements HistoryStore {
  readonly #limits: StoreLimits;
  /** Newest first. */
  readonly #users = new Map<bigint, readonly Uint8Array[]>();
  #setCalls = 0;
  #setItems = 0;
  #rangeCalls = 0;
  #rangeItems = 0;
  #closed = false;

  constructor(limits: Partial<StoreLimits> = {}) {
    this.#limits = completeStoreLimits(limits);
  }

  set(userId: bigint, items: readonly Uint8Array[]): Promise<number> {
    try {
      this.#refuseIfClosed();
      checkUserId(userId);
      for (const [index, wire] of items.entries()) checkItemWire(wire, index);
    } catch (error) {
      return Promise.reject(error);
    }
    const added = orderItems(items.map((wire) => wire.slice()));
    const merged = mergeOrdered(added, this.#users.get(userId) ?? []);
    if (merged.length > 0) this.#users.set(userId, merged.slice(0, this.#limits.itemsPerUserMax));
    this.#setCalls += 1;
    this.#setItems += added.length;
    return Promise.resolve(added.length);
  }

  range(
    userId: bigint,
    fromMs: bigint,
    toMs: bigint,
    limit: number,
    after: ItemPosition | undefined,
    into: RangeSink,
  ): RangeResult {
    this.#refuseIfClosed();
    checkRange(userId, fromMs, toMs, limit, after);
    const inRange = (this.#users.get(userId) ?? []).filter((wire) => {
      const position = readItemPosition(wire, 0);
      const { timestampMs } = position;
      return timestampMs >= fromMs && timestampMs < toMs && (!after || isOlder(position, after));
    });
    const page = inRange.slice(0, limit);
    for (const wire of page) into.append(wire, 0, wire.length);
    this.#rangeCalls += 1;
    this.#rangeItems += page.length;
    const last = page.at(-1);
    if (last === undefined || page.length === inRange.length) {
      return { count: page.length, more: false };
    }
    return { count: page.length, more: true, last: readItemPosition(last, 0) };
  }

  stats(): StoreStats {
    return {
      engine: "memory",
      setCalls: this.#setCalls,
      setItems: this.#setItems,
      rangeCalls: this.#rangeCalls,
      rangeItems: this.#rangeItems,
      users: this.#users.size,
    };
  }

  close(): Promise<void> {
    this.#closed = true;
    this.#users.clear();
    return Promise.resolve();
  }

  #refuseIfClosed(): void {
    if (this.#closed) throw new StoreError("unavailable", "the store is closed");
  }
}

function isOlder(position: ItemPosition, than: ItemPosition): boolean {
  if (position.timestampMs !== than.timestampMs) return position.timestampMs < than.timestampMs;
  return position.itemId < than.itemId;
}

/** Both lists newest first; where both hold a position, `added` wins. */
function mergeOrdered(added: readonly Uint8Array[], old: readonly Uint8Array[]): Uint8Array[] {
  const merged: Uint8Array[] = [];
  let next = 0;
  for (const wire of added) {
    for (; next < old.length; next += 1) {
      const order = compareWires(old[next] as Uint8Array, wire);
      if (order < 0) break;
      if (order > 0) merged.push(old[next] as Uint8Array);
    }
    merged.push(wire);
  }
  return merged.concat(old.slice(next));
}
