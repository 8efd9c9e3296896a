// Tells equal constant values: two that are the same on the wire get one number. Needed to find
// map keys and set elements that are written twice, structs and containers included.

import type { ConstValue } from "./model.ts";

/** Numbers values. Each value is looked at once, however often it is named. */
export class ValueIdentity {
  readonly #ids = new Map<ConstValue, number>();
  readonly #scalars = new Map<string, Map<unknown, number>>();
  #next = 0;

  /** The number of a value: the same for equal values of one type. */
  idOf(value: ConstValue): number {
    const known = this.#ids.get(value);
    if (known !== undefined) return known;
    const [group, key] = this.#keyOf(value);
    const id = this.#intern(group, key);
    this.#ids.set(value, id);
    return id;
  }

  #keyOf(value: ConstValue): [group: string, key: unknown] {
    switch (value.kind) {
      case "list":
        return ["list", this.#idsOf(value.elements).join()];
      case "set":
        return [
          "set",
          this.#idsOf(value.elements)
            .toSorted((a, b) => a - b)
            .join(),
        ];
      case "map": {
        const entries = value.entries.map((entry) => this.#idsOf([entry.key, entry.value]));
        return [
          "map",
          entries
            .map((ids) => ids.join(":"))
            .toSorted()
            .join(),
        ];
      }
      case "struct": {
        const fields = value.fields.map((entry) => `${entry.field.id}:${this.idOf(entry.value)}`);
        return ["struct", fields.toSorted().join()];
      }
      case "enum":
        return ["enum", value.value.value];
      case "binary":
        return ["binary", Buffer.from(value.value).toString("latin1")];
      default:
        return [value.kind, value.value];
    }
  }

  #idsOf(values: readonly ConstValue[]): number[] {
    return values.map((value) => this.idOf(value));
  }

  #intern(group: string, key: unknown): number {
    let ids = this.#scalars.get(group);
    if (ids === undefined) this.#scalars.set(group, (ids = new Map()));
    const known = ids.get(key);
    if (known !== undefined) return known;
    ids.set(key, this.#next);
    return this.#next++;
  }
}
