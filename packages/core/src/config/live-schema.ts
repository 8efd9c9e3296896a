/**
 * What of a policy may change while the process runs: its `XLiveOptions`, field by field. A policy
 * exports one; documents are checked against it, and nothing that is not in it can be changed.
 */

interface FieldBase {
  /** For an operator: what it does, in a few words. */
  readonly help?: string;
  /** JSON's `null` is taken too, and gives `undefined`; default false. */
  readonly optional?: boolean;
}

export interface NumberField extends FieldBase {
  readonly kind: "number";
  /** Such as `ms`, `calls` or `ratio`. */
  readonly unit: string;
  readonly min: number;
  readonly max: number;
  /** Whether only whole numbers will do; default false. */
  readonly whole?: boolean;
}

export interface BooleanField extends FieldBase {
  readonly kind: "boolean";
}

export interface ChoiceField extends FieldBase {
  readonly kind: "choice";
  readonly choices: readonly string[];
}

export interface TextField extends FieldBase {
  readonly kind: "text";
  /** UTF-16 units. */
  readonly lengthMax: number;
}

/** Any JSON, within the limits of a document: a fallback's value. */
export interface JsonField extends FieldBase {
  readonly kind: "json";
}

export type LiveField = NumberField | BooleanField | ChoiceField | TextField | JsonField;

type LiveFieldOf<Value> = [Value] extends [number | undefined]
  ? NumberField
  : [Value] extends [boolean | undefined]
    ? BooleanField
    : [Value] extends [string | undefined]
      ? ChoiceField | TextField
      : LiveField;

export interface LiveSchema<Live extends object> {
  /** What documents call the policy, such as `retry`. */
  readonly policy: string;
  readonly fields: { readonly [Name in keyof Live]-?: LiveFieldOf<Live[Name]> };
  /**
   * Why these values cannot go together, both numbers in the message; undefined when they can.
   * Asked with the values that a call would get, defaults included.
   */
  check?(options: Live): string | undefined;
}

/** Of whatever policy. */
export interface AnyLiveSchema {
  readonly policy: string;
  readonly fields: Readonly<Record<string, LiveField>>;
  check?(options: never): string | undefined;
}

/** By the names of the policies. */
export type LiveSchemas = ReadonlyMap<string, AnyLiveSchema>;

const NAME = /^[a-z][A-Za-z0-9]{0,63}$/;

/** Throws a RangeError for two of one name, and for names that no document can have. */
export function collectSchemas(schemas: readonly AnyLiveSchema[]): LiveSchemas {
  const byPolicy = new Map<string, AnyLiveSchema>();
  for (const schema of schemas) {
    const { policy, fields } = schema;
    const odd = [policy, ...Object.keys(fields)].find((name) => !NAME.test(name));
    if (odd !== undefined) throw new RangeError(`${JSON.stringify(odd)} is no name for a field`);
    const other = byPolicy.get(policy);
    if (other !== undefined && other !== schema) {
      throw new RangeError(`two live schemas are named ${policy}`);
    }
    byPolicy.set(policy, schema);
  }
  return byPolicy;
}

/** For people: `a whole number of ms from 1 to 60000`. */
export function describeField(field: LiveField): string {
  const orNone = field.optional === true ? ", or null" : "";
  switch (field.kind) {
    case "number": {
      const number = field.whole === true ? "a whole number" : "a number";
      return `${number} (${field.unit}) from ${field.min} to ${field.max}${orNone}`;
    }
    case "boolean":
      return `true or false${orNone}`;
    case "choice":
      return `one of ${field.choices.map((choice) => JSON.stringify(choice)).join(", ")}${orNone}`;
    case "text":
      return `a text of at most ${field.lengthMax} letters${orNone}`;
    case "json":
      return "any JSON";
  }
}

/** Whether a value that JSON gave is one for the field. */
export function fits(field: LiveField, value: unknown): boolean {
  if (value === null && field.optional === true) return true;
  switch (field.kind) {
    case "number":
      return (
        typeof value === "number" &&
        value >= field.min &&
        value <= field.max &&
        (field.whole !== true || Number.isInteger(value))
      );
    case "boolean":
      return typeof value === "boolean";
    case "choice":
      return typeof value === "string" && field.choices.includes(value);
    case "text":
      return typeof value === "string" && value.length <= field.lengthMax;
    case "json":
      return true;
  }
}
