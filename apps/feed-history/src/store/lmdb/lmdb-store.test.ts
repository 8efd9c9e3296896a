import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { testHistoryStore } from "../history-store.contract.ts";
import { openLmdbHistoryStore, type OpenStoreOptions } from "./lmdb-store.ts";

/** Pages and a journal so small that every test folds, splits pages and drops some. */
const small: Partial<OpenStoreOptions> = {
  journalMaxBytes: 8192,
  pageItemsMax: 4,
  pageBytesMax: 1024,
  olderPageBytesMax: 256,
};

for (const [name, options] of Object.entries({ "lmdb, small pages": small, lmdb: {} })) {
  testHistoryStore(name, async (itemsPerUserMax) => {
    const directory = mkdtempSync(join(tmpdir(), "feed-history-"));
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
  });
}
