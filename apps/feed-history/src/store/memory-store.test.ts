import { testHistoryStore } from "./history-store.contract.ts";
import { MemoryHistoryStore } from "./memory-store.ts";

testHistoryStore("memory", (itemsPerUserMax) => {
  const store = new MemoryHistoryStore({ itemsPerUserMax });
  return Promise.resolve({ store, dispose: () => store.close() });
});
