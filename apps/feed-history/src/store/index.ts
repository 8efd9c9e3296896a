/**
 * The storage of the feed history: one interface, an engine that keeps what it acknowledges, a
 * twin in memory, and the cursor that pages through a range.
 */
export {
  CursorError,
  cursorBytes,
  createCursorScratch,
  decodeCursor,
  encodeCursor,
  type CursorQuery,
} from "./cursor.ts";
export type { HistoryStore, RangeResult, RangeSink, StoreStats } from "./history-store.ts";
export {
  checkItemWire,
  encodeItemWire,
  itemMaxBytes,
  readItemPosition,
  type ItemPosition,
  type ItemValues,
} from "./item-wire.ts";
export { MemoryHistoryStore } from "./memory-store.ts";
export { openLmdbHistoryStore, type OpenStoreOptions } from "./lmdb/lmdb-store.ts";
export { type OpenStoreWriterOptions, StoreWriter } from "./lmdb/writer/store-writer.ts";
export { StoreError, type StoreErrorCode } from "./store-error.ts";
export {
  completeLmdbStoreOptions,
  completeStoreLimits,
  type LmdbStoreOptions,
  type StoreLimits,
} from "./store-options.ts";
