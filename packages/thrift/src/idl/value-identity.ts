// Tells equal constant values: two that are the same on the wire get one number. Needed to find
// map keys and set elements that are written twice, structs and containers included.

import type { ConstValue } from "./model.ts";

/** Numbers values. Each value is looked at once, however often it is named. */
export class ValueIdentity {
  readonly #ids = new Map<ConstValue, number>();
  readonly #scalars = new Map<string, Map<unknown, number>>();
  readonly #texts = new Map<Uint8Array, string>();
  #next = 0;

  /** The number of a value: the same for equal values of one type. */
  idOf(value: ConstValue): number {
    const known = this.#ids.get(value);
    if (known !== undefined) return known;
    if (value.constant !== undefined && isContainer(value)) return this.idOf(value.constant.value);
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
        return ["binary", this.#bytesAsText(value.value)];
      default:
        return [value.kind, value.value];
    }
  }

  /** One text for one array of bytes, which many values may share. */
  #bytesAsText(bytes: Uint8Array): string {
    let text = this.#texts.get(bytes);
    if (text === undefined) {
      text = Buffer.from(bytes).toString("latin1");
      this.#texts.set(bytes, text);
    }
    return text;
  }

  #idsOf(values: readonly ConstValue[]): number[] {
    return values.map((value) => this.idOf(value));
  }

  #intern(group: string, key: unknown): number {
    let ids = this.#scalars.get(group);
    if (ids === undefined) this.#scalars.set(group, (ids = new Map<unknown, number>()));
    const known = ids.get(key);
    if (known !== undefined) return known;
    ids.set(key, this.#next);
    return this.#next++;
  }
}

/** True of what has parts. To name a constant with parts does not convert them, so it is equal. */
function isContainer(value: ConstValue): boolean {
  const { kind } = value;
  return kind === "list" || kind === "set" || kind === "map" || kind === "struct";
}
