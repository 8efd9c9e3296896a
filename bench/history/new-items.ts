// The items that one call sets: newer than all before, with ids that no earlier run has used, for
// the clients that run in Node.
import { EXTRA_BYTES, EXTRA_START, ITEMS_PER_SET, KIND_VIDEO } from "./dataset.ts";

export interface ItemColumns {
  times: number[];
  ids: number[];
  kinds: number[];
  extras: Buffer[];
}

export class NewItems {
  readonly #extra = Buffer.from(EXTRA_START.padEnd(EXTRA_BYTES, "-"));
  #idNext = Date.now() * 1000;

  next(): ItemColumns {
    const columns: ItemColumns = { times: [], ids: [], kinds: [], extras: [] };
    const nowMs = Date.now();
    for (let index = 0; index < ITEMS_PER_SET; index++) {
      columns.times.push(nowMs + index);
      columns.ids.push(this.#idNext++);
      columns.kinds.push(KIND_VIDEO);
      columns.extras.push(this.#extra);
    }
    return columns;
  }
}
