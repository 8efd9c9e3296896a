/**
 * The workload of the store's benches: users picked at random, sets of items newer than all
 * before, reads of the newest. An item is 69 bytes of wire form, 32 of them opaque.
 */
import { encodeItemWire } from "../src/store/index.ts";

export interface WorkloadSize {
  readonly users: number;
  readonly itemsPerUser: number;
  readonly itemsPerSet: number;
}

export class Workload {
  readonly size: WorkloadSize;
  #next = 1;
  #random = 1;
  readonly #extra = Buffer.alloc(32, 65);

  constructor(size: WorkloadSize) {
    this.size = size;
  }

  /** Number `index` of the users, spread over the numbers a 64-bit id may have. */
  userAt(index: number): bigint {
    return BigInt(index) * 92_233_720_368_547n - 2n ** 62n;
  }

  randomUser(): bigint {
    // A linear congruential generator: the same users in every run and for every layout.
    this.#random = (Math.imul(this.#random, 1_664_525) + 1_013_904_223) >>> 0;
    return this.userAt(this.#random % this.size.users);
  }

  /** Items newer than all before, newest first. */
  newItems(count: number): Uint8Array[] {
    const items: Uint8Array[] = [];
    for (let index = 0; index < count; index += 1) {
      const number = BigInt(this.#next);
      this.#next += 1;
      const timestampMs = 1_700_000_000_000n + number;
      items.push(encodeItemWire({ timestampMs, itemId: number, kind: 1, extra: this.#extra }));
    }
    return items.reverse();
  }
}

/** A reply being put together, as the service does it. */
export class ReplyBuffer {
  length = 0;
  readonly #bytes = new Uint8Array(2 ** 20);

  clear(): void {
    this.length = 0;
  }

  append(bytes: Uint8Array, start: number, end: number): void {
    this.#bytes.set(bytes.subarray(start, end), this.length);
    this.length += end - start;
  }
}
