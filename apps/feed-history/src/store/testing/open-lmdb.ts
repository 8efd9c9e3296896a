/** Opens LMDB stores in directories of their own for tests, and takes them away again. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { OpenStoreUnderTest } from "../history-store.contract.ts";
import { openLmdbHistoryStore, type OpenStoreOptions } from "../lmdb/lmdb-store.ts";

/** Pages and a journal so small that every test folds, splits pages and drops some. */
export const smallPages: Partial<OpenStoreOptions> = {
  journalMaxBytes: 8192,
  pageItemsMax: 4,
  pageBytesMax: 1024,
  olderPageBytesMax: 256,
};

export function lmdbUnderTest(options: Partial<OpenStoreOptions>): OpenStoreUnderTest {
  return async (itemsPerUserMax) => {
    const directory = makeDirectory();
    const open = () => openLmdbHistoryStore({ ...options, directory, itemsPerUserMax });
    let store = await open();
    return {
      store,
      reopen: async () => {
        await store.close();
        store = await open();
        return store;
      },
      dispose: async () => {
        await store.close();
        rmSync(directory, { recursive: true });
      },
    };
  };
}

/** A new directory on the disk of the temporary files. */
export function makeDirectory(): string {
  return mkdtempSync(join(tmpdir(), "feed-history-"));
}

/** Runs `use` with a new directory and removes it afterwards. */
export async function withDirectory(use: (directory: string) => Promise<void>): Promise<void> {
  const directory = makeDirectory();
  try {
    await use(directory);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
