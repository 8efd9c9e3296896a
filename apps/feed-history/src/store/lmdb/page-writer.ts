/**
 * What a fold asks of the file of the pages.
 */
import type { PageReader } from "./page-chain.ts";

/** Reads and writes pages within one transaction. */
export interface PageWriter extends PageReader {
  /** Takes a copy of `bytes`, which replace a value of `bytesBefore` bytes; -1: none. */
  store(userId: bigint, page: number, bytes: Uint8Array, bytesBefore: number): void;
  remove(userId: bigint, page: number): void;
}
