/**
 * What the store's thread and the writer's thread say to each other.
 */
import type { StoreErrorCode } from "../store-error.ts";
import type { LmdbStoreOptions } from "../store-options.ts";

export interface WriterStart {
  readonly directory: string;
  readonly options: LmdbStoreOptions;
  /** Other processes write to the store too. */
  readonly othersWrite: boolean;
  /** Counts messages sent to the writer, which sleeps on it. */
  readonly bell: Int32Array;
}

export interface WriterStats {
  readonly commits: number;
  readonly folds: number;
  readonly foldedUsers: number;
  /** Bytes that wait to be folded. */
  readonly journalBytes: number;
  readonly dataBytes: number;
}

/** To the writer: a group of sets to commit; or nothing more will come. */
export type WriterRequest = { readonly group: Uint8Array } | { readonly close: true };

/**
 * From the writer: one for each request in their order, the first of all saying that it is open;
 * and `folded` in between, which answers nothing.
 */
export type WriterReply =
  | { readonly kind: "done" | "folded"; readonly stats: WriterStats }
  | { readonly kind: "closed" }
  | {
      readonly kind: "failed";
      readonly code: StoreErrorCode;
      readonly message: string;
      /** Nothing more can be committed by this process. */
      readonly broken: boolean;
    };
