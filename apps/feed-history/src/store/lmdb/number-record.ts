/**
 * A small record of numbers as one value of the store: 64-bit floats, exact up to 2^53.
 */
import { StoreError } from "../store-error.ts";

export class NumberRecord<Name extends string> {
  readonly bytes: Uint8Array;
  readonly #names: readonly Name[];
  readonly #numbers: Float64Array;

  constructor(names: readonly Name[]) {
    this.#names = names;
    this.#numbers = new Float64Array(names.length);
    this.bytes = new Uint8Array(this.#numbers.buffer);
  }

  /** Reads `source[0, length)` into `target`; false when that changes nothing. */
  read(source: Uint8Array, length: number, target: Record<Name, number>): boolean {
    if (length !== this.bytes.length) {
      throw new StoreError("unavailable", `damaged data: a record of ${length} bytes`);
    }
    for (let at = 0; at < length; at += 1) this.bytes[at] = source[at]!;
    let changed = false;
    for (let index = 0; index < this.#names.length; index += 1) {
      const name = this.#names[index]!;
      const number = this.#numbers[index]!;
      if (target[name] === number) continue;
      target[name] = number;
      changed = true;
    }
    return changed;
  }

  /** Returns the bytes of `source`, valid until the next call. */
  write(source: Readonly<Record<Name, number>>): Uint8Array {
    for (const [index, name] of this.#names.entries()) this.#numbers[index] = source[name];
    return this.bytes;
  }
}
