/**
 * A hash table from users to their newest record in memory, in one typed array: a read touches
 * one cache line of it, where a Map of bigints would touch five, and the garbage collector does
 * not have to walk it.
 */

/** A user as the two halves of its id, as signed 32-bit numbers. */
export interface UserHalves {
  low: number;
  high: number;
}

/** Fields of a slot; a slot with no runs is free. */
const low = 0;
const high = 1;
const entry = 2;
const offset = 3;
const runs = 4;
const items = 5;
const slotFields = 8;
const firstSlots = 1024;

export class RecentTable {
  users = 0;
  #slots = new Int32Array(firstSlots * slotFields);

  /** The slot of a user, or -1. Valid until the next `add`. */
  find(userLow: number, userHigh: number): number {
    const at = this.#probe(userLow, userHigh);
    return this.#slots[at + runs] === 0 ? -1 : at;
  }

  /** The slot of a user, new with no runs if need be. Valid until the next `add`. */
  add(userLow: number, userHigh: number): number {
    if (2 * this.users >= this.#slots.length / slotFields) this.#grow();
    const at = this.#probe(userLow, userHigh);
    const slots = this.#slots;
    if (slots[at + runs] === 0) {
      this.users += 1;
      slots[at + low] = userLow;
      slots[at + high] = userHigh;
      slots[at + items] = 0;
    }
    return at;
  }

  /** Where the newest record of the user is. */
  entryOf(slot: number): number {
    return this.#slots[slot + entry]!;
  }

  offsetOf(slot: number): number {
    return this.#slots[slot + offset]!;
  }

  /** Records of the user, each linked to the one before. */
  runsOf(slot: number): number {
    return this.#slots[slot + runs]!;
  }

  /** Items in all of them. */
  itemsOf(slot: number): number {
    return this.#slots[slot + items]!;
  }

  set(slot: number, newest: { entry: number; offset: number; runs: number; items: number }): void {
    this.#slots[slot + entry] = newest.entry;
    this.#slots[slot + offset] = newest.offset;
    this.#slots[slot + runs] = newest.runs;
    this.#slots[slot + items] = newest.items;
  }

  /** All users, in no order. */
  *halves(): Generator<UserHalves> {
    for (let at = 0; at < this.#slots.length; at += slotFields) {
      if (this.#slots[at + runs] === 0) continue;
      yield { low: this.#slots[at + low]!, high: this.#slots[at + high]! };
    }
  }

  /** The slot that holds the user or would. */
  #probe(userLow: number, userHigh: number): number {
    const slots = this.#slots;
    const mask = slots.length / slotFields - 1;
    // Multiplying by odd numbers with bits all over spreads ids that are counted up.
    const mixed = Math.imul(userLow ^ Math.imul(userHigh, 0x9e37_79b1), 0x85eb_ca6b);
    let slot = (mixed ^ (mixed >>> 15)) & mask;
    for (;;) {
      const at = slot * slotFields;
      if (slots[at + runs] === 0) return at;
      if (slots[at + low] === userLow && slots[at + high] === userHigh) return at;
      slot = (slot + 1) & mask;
    }
  }

  #grow(): void {
    const old = this.#slots;
    this.#slots = new Int32Array(2 * old.length);
    for (let from = 0; from < old.length; from += slotFields) {
      if (old[from + runs] === 0) continue;
      const to = this.#probe(old[from + low]!, old[from + high]!);
      this.#slots.set(old.subarray(from, from + slotFields), to);
    }
  }
}
