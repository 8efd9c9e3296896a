/**
 * What a store and its writer say to each other. The writer is a thread of the same process, or
 * the process that owns the store.
 */
import type { StoreErrorCode } from "../../store-error.ts";
import type { LmdbStoreOptions } from "../../store-options.ts";

export interface WriterThreadStart {
  readonly directory: string;
  readonly options: LmdbStoreOptions;
  /** Counts messages sent to the thread, which sleeps on it. */
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

/**
 * To the writer: a group of sets to commit, in the form of a journal entry; whether to hold still,
 * folding included; or nothing more will come.
 */
export type WriterRequest =
  { readonly group: Uint8Array } | { readonly hold: boolean } | { readonly close: true };

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
      /** Nothing more can be committed by this writer. */
      readonly broken: boolean;
    };

/** The way to the writer and back. */
export interface WriterChannel {
  /** Called once, before anything is sent. */
  listen(listener: WriterListener): void;
  /** The buffer of a group belongs to the writer from here on. */
  send(request: WriterRequest): void;
  /** The files are open for reading: the writer, which held still for that, may go on. */
  opened(): void;
  /** Ends a writer that cannot be told to close. */
  abandon(): void;
}

export interface WriterListener {
  onReply(reply: WriterReply): void;
  /** The writer is gone and nothing will be answered any more; once, also after `closed`. */
  onEnd(reason: string): void;
}
