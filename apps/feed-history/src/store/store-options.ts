/**
 * The options of the stores: what both share, and what only the LMDB engine has.
 */
import { StoreError } from "./store-error.ts";

/** What a store keeps, whatever the engine. */
export interface StoreLimits {
  /**
   * Items kept per user; the oldest beyond are dropped. 1 to 1,000,000; default 10,000. More
   * costs disk, and reads far back cost more (one directory entry of 24 bytes per page of items).
   */
  readonly itemsPerUserMax: number;
}

/** Options of the LMDB engine. */
export interface LmdbStoreOptions extends StoreLimits {
  /**
   * Bytes of recent sets that may wait in the journal before they are folded into the users'
   * pages; half of it starts a fold. 4 KiB to 4 GiB; default 128 MiB. More folds more sets of a
   * user at once, so that fewer pages are written per set (sustained sets per second grow with
   * it); it costs up to twice as much memory in each process and a longer start. All processes
   * of a store must have the same.
   */
  readonly journalMaxBytes: number;
  /**
   * Bytes of sets that may wait in this process for the commit before them; sets beyond are
   * refused as unavailable. 1 MiB to 1 GiB; default 32 MiB. More lets bursts wait longer instead
   * of failing; it costs memory.
   */
  readonly pendingMaxBytes: number;
  /**
   * Bytes the data file may grow to; sets beyond are refused as unavailable, reads go on. 1 MiB
   * to 64 TiB; default 1 TiB. Less stops before the disk is full, so that other programs on it
   * do not suffer. The space is mapped, not allocated.
   */
  readonly dataMaxBytes: number;
  /**
   * Items in a user's newest page before half of them move on to an older page, and in an older
   * page. 4 to 4096; default 110, so that 55 or more stay and reading the newest 50 costs one
   * look-up. More makes each read and fold copy more bytes; less makes reads of 50 touch several
   * pages.
   */
  readonly pageItemsMax: number;
  /**
   * Bytes of a user's newest page before older items move on. 1 KiB to 1 MiB; default 16,340, two
   * pages of the file. Moving it costs as `pageItemsMax` does, for items of more than 140 bytes.
   */
  readonly pageBytesMax: number;
  /**
   * Bytes of an older page; an item larger than that has a page of its own. 256 to 1 MiB; default
   * 8,140, one page of the file. A little more than a page wastes most of the next one; more makes
   * reads far back copy more, less makes them touch more pages.
   */
  readonly olderPageBytesMax: number;
}

const mebibyte = 2 ** 20;
const defaultItemsPerUserMax = 10_000;
/** 128 MiB: at 600 bytes per set about 200,000 sets, two for each of 100,000 busy users. */
const defaultJournalMaxBytes = 128 * mebibyte;
/** 32 MiB: a second of 50,000 sets of 600 bytes. */
const defaultPendingMaxBytes = 32 * mebibyte;
const defaultDataMaxBytes = 2 ** 40;
const defaultPageItemsMax = 110;
/** LMDB keeps 24 bytes of the pages of a value for itself. */
const defaultPageBytesMax = 2 * 8192 - 44;
const defaultOlderPageBytesMax = 8192 - 52;

export function completeStoreLimits(limits: Partial<StoreLimits>): StoreLimits {
  const itemsPerUserMax = limits.itemsPerUserMax ?? defaultItemsPerUserMax;
  checkWhole("itemsPerUserMax", itemsPerUserMax, 1, 1_000_000);
  return { itemsPerUserMax };
}

export function completeLmdbStoreOptions(options: Partial<LmdbStoreOptions>): LmdbStoreOptions {
  const journalMaxBytes = options.journalMaxBytes ?? defaultJournalMaxBytes;
  const pendingMaxBytes = options.pendingMaxBytes ?? defaultPendingMaxBytes;
  const dataMaxBytes = options.dataMaxBytes ?? defaultDataMaxBytes;
  checkWhole("journalMaxBytes", journalMaxBytes, 4096, 2 ** 32);
  checkWhole("pendingMaxBytes", pendingMaxBytes, mebibyte, 2 ** 30);
  checkWhole("dataMaxBytes", dataMaxBytes, mebibyte, 2 ** 46);
  const pageItemsMax = options.pageItemsMax ?? defaultPageItemsMax;
  const pageBytesMax = options.pageBytesMax ?? defaultPageBytesMax;
  checkWhole("pageItemsMax", pageItemsMax, 4, 4096);
  checkWhole("pageBytesMax", pageBytesMax, 1024, mebibyte);
  const olderPageBytesMax = options.olderPageBytesMax ?? defaultOlderPageBytesMax;
  checkWhole("olderPageBytesMax", olderPageBytesMax, 256, mebibyte);
  return {
    ...completeStoreLimits(options),
    journalMaxBytes,
    pendingMaxBytes,
    dataMaxBytes,
    pageItemsMax,
    pageBytesMax,
    olderPageBytesMax,
  };
}

function checkWhole(name: string, value: number, min: number, max: number): void {
  if (!Number.isInteger(value) || value < min || value > max) {
    throw new StoreError("invalid", `${name} ${value}: expected a whole number ${min} to ${max}`);
  }
}
