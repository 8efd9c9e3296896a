/** What is wrong with a file of routes: each complaint with its line and what was expected. */
import { cutText, escapeControl } from "holdfast";
import { findJsonPlaces, type JsonPlaces, pointerTo } from "./json-places.ts";

/** Who mends one of these sees the next; more would hide the first. */
const SHOWN_MAX = 10;
const VALUE_MAX_LENGTH = 60;

/** Collects complaints while values are read; whoever reads goes on with something harmless. */
export class Problems {
  private readonly places: JsonPlaces;
  private readonly found: string[] = [];

  constructor(text: string) {
    this.places = findJsonPlaces(text);
    for (const pointer of this.places.duplicates) {
      this.add(pointer, "stands here a second time; a name may stand once");
    }
  }

  /** Such as `line 7, /routes/2/backend: must be …`. */
  add(pointer: string, complaint: string): void {
    const line = this.places.lines.get(pointer);
    const where = pointer === "" ? "the file" : escapeControl(cutText(pointer, 200));
    this.found.push(`${line === undefined ? "" : `line ${line}, `}${where}: ${complaint}`);
  }

  /** `value` is shown in the complaint, cut short. */
  expected(pointer: string, expected: string, value: unknown): void {
    this.add(pointer, `must be ${expected}, and is ${show(value)}`);
  }

  /** All in one text; undefined when there are none. */
  get text(): string | undefined {
    const { found } = this;
    if (found.length === 0) return undefined;
    const more = found.length - SHOWN_MAX;
    const shown = found.slice(0, SHOWN_MAX).join("; ");
    return more > 0 ? `${shown}; and ${more} more` : shown;
  }

  /** The object at `pointer`, whose fields are all among `fields`. */
  readObject(pointer: string, value: unknown, fields?: readonly string[]): Fields {
    if (typeof value !== "object" || value === null || Array.isArray(value)) {
      this.expected(pointer, "an object", value);
      return {};
    }
    for (const name of Object.keys(value)) {
      if (fields === undefined || fields.includes(name)) continue;
      this.add(pointerTo(pointer, name), `is no field; there are ${fields.join(", ")}`);
    }
    return value as Fields;
  }

  readList(
    pointer: string,
    value: unknown,
    lengthMin: number,
    lengthMax: number,
  ): readonly unknown[] {
    if (Array.isArray(value) && value.length >= lengthMin && value.length <= lengthMax) {
      return value as readonly unknown[];
    }
    this.expected(pointer, `a list of ${lengthMin} to ${lengthMax}`, value);
    return [];
  }

  /** A text of the pattern; `fallback` when it is left out, which without one is a complaint. */
  readText(pointer: string, value: unknown, shape: TextShape, fallback?: string): string {
    if (value === undefined && fallback !== undefined) return fallback;
    if (typeof value === "string" && shape.pattern.test(value)) return value;
    this.expected(pointer, shape.expected, value);
    return fallback ?? "";
  }
}

export type Fields = Readonly<Record<string, unknown>>;

export interface TextShape {
  readonly pattern: RegExp;
  readonly expected: string;
}

function show(value: unknown): string {
  if (value === undefined) return "nothing";
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (typeof value === "object" && value !== null) return "an object";
  const json = JSON.stringify(value);
  const shown = json.length > VALUE_MAX_LENGTH ? `${cutText(json, VALUE_MAX_LENGTH)}…` : json;
  return escapeControl(shown);
}
