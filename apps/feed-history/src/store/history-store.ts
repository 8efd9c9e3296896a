/**
 * What the service asks of its storage. Two implementations pass the same contract test: the
 * in-memory twin and the LMDB engine.
 */
import type { ItemPosition } from "./item-wire.ts";

/** Takes the bytes of a range, in the order of the reply. */
export interface RangeSink {
  /**
   * `bytes[start, end)` holds one or more items, back to back in wire form. They are valid only
   * during this call: copy them.
   */
  append(bytes: Uint8Array, start: number, end: number): void;
}

export interface RangeResult {
  /** Items appended to the sink: 0 to the limit. */
  readonly count: number;
  /** Whether the range holds items after the ones appended. */
  readonly more: boolean;
  /** The last item appended; present exactly when `more`, as the place to go on from. */
  readonly last?: ItemPosition;
}

/** Numbers an operator wants to see; counters since this store was opened. */
export interface StoreStats {
  readonly engine: string;
  readonly setCalls: number;
  readonly setItems: number;
  readonly rangeCalls: number;
  readonly rangeItems: number;
  readonly [name: string]: number | string;
}

export interface HistoryStore {
  /**
   * Stores items of one user; each `items[i]` is one HistoryItem in wire form (see item-wire.ts).
   * The same (timestampMs, itemId) again replaces the item before; within one call the last one
   * wins. A user keeps the newest `itemsPerUserMax` items.
   *
   * Resolves with the number of different items of this call once they are durable: on the disk,
   * flushed. Rejects with a StoreError, and then nothing of this call is promised to be stored.
   * The bytes are copied before this returns.
   */
  set(userId: bigint, items: readonly Uint8Array[]): Promise<number>;

  /**
   * Reads newest first (timestampMs, then itemId, both downwards) what has fromMs ≤ timestampMs <
   * toMs and stands strictly after `after`, at most `limit` (≥ 1) items. Sees every set that has
   * resolved, in this process or another one on the same store. Synchronous: memory is read, not
   * the network. Throws a StoreError.
   */
  range(
    userId: bigint,
    fromMs: bigint,
    toMs: bigint,
    limit: number,
    after: ItemPosition | undefined,
    into: RangeSink,
  ): RangeResult;

  stats(): StoreStats;

  /** Waits for the sets under way, then lets go of the files. Sets after it are refused. */
  close(): Promise<void>;
}
