// What every store holds when it is measured: so many users with so many items each, a minute
// apart, loaded in the order of the users.
export const KIND_VIDEO = 2;
export const EXTRA_START = "extra-bytes-";
export const EXTRA_BYTES = 32;
/** The oldest item of every user; below the time of any item that is set later. */
export const FIRST_MS = 1_763_760_000_000;
export const STEP_MS = 60_000;
/** Later than all items: the year 2100. */
export const EVER_MS = 4_102_444_800_000;
export const LIMIT = 50;
export const ITEMS_PER_SET = 10;

export interface Dataset {
  /** Users are numbered from 1. */
  users: number;
  itemsPerUser: number;
}

/** The ids of the items that are loaded; `index` counts the items of a user from 0. */
export function itemIdOf(user: number, index: number): number {
  return user * 1_000_000 + index;
}

export function timeOf(index: number): number {
  return FIRST_MS + index * STEP_MS;
}

/** Makes extras that no compressor makes small: the kind a service would keep. */
export class ExtraMaker {
  readonly #bytes = Buffer.from(EXTRA_START.padEnd(EXTRA_BYTES));
  #state = 0x9e3779b9;

  /** The same buffer each time, with other bytes in it. */
  next(): Buffer {
    for (let at = EXTRA_START.length; at < EXTRA_BYTES; at++) {
      this.#state ^= this.#state << 13;
      this.#state ^= this.#state >>> 17;
      this.#state ^= this.#state << 5;
      this.#bytes[at] = this.#state & 0xff;
    }
    return this.#bytes;
  }
}

/** Reads `USERS ITEMS_PER_USER`, as programs get them. */
export function parseDataset(users: string | undefined, items: string | undefined): Dataset {
  return { users: Number(users), itemsPerUser: Number(items) };
}

export function datasetWords(dataset: Dataset): string[] {
  return [String(dataset.users), String(dataset.itemsPerUser)];
}
