/**
 * An IDL as data at run time: what calls without generated code are made from. Generated code
 * carries one for each struct, enum and service; `schemaOf` makes the same from a linked IDL.
 */

/** Types whose values need nothing else to be read. */
export type ScalarKind = "bool" | "byte" | "i16" | "i32" | "double" | "string" | "binary" | "uuid";

export type TypeSchema =
  | { readonly kind: ScalarKind }
  /** A bigint in JavaScript, or a checked number where the IDL says `js.type = "number"`. */
  | { readonly kind: "i64"; readonly asNumber?: boolean }
  /** Definitions are behind a function, because they may refer to each other in circles. */
  | { readonly kind: "enum"; readonly of: () => EnumSchema }
  | { readonly kind: "struct"; readonly of: () => StructSchema }
  | { readonly kind: "list" | "set"; readonly element: TypeSchema }
  | { readonly kind: "map"; readonly key: TypeSchema; readonly value: TypeSchema };

export interface EnumSchema {
  readonly name: string;
  /** The number of each name. */
  readonly values: Readonly<Record<string, number>>;
}

export interface FieldSchema {
  readonly id: number;
  /** As in the IDL. */
  readonly name: string;
  /** The property in JavaScript, where it is not the name. */
  readonly property?: string;
  /** `default` is what Thrift calls a field that says neither. */
  readonly requiredness: "required" | "optional" | "default";
  readonly type: TypeSchema;
  /** Makes the default value; containers are made anew each time. */
  readonly default?: () => unknown;
}

export interface StructSchema {
  /** `arguments` are those of a method: a struct in all but the rule for absent structs. */
  readonly kind: "struct" | "union" | "exception" | "arguments";
  readonly name: string;
  readonly fields: readonly FieldSchema[];
  /** Makes the value of an exception from its properties; default: an Error that has them. */
  readonly make?: (properties: Readonly<Record<string, unknown>>) => Error;
}

export interface ExceptionSchema {
  /** The field of the reply that carries it. */
  readonly id: number;
  readonly name: string;
  readonly of: () => StructSchema;
}

export interface MethodSchema {
  /** As on the wire. */
  readonly name: string;
  /** The method of handlers and clients. */
  readonly property: string;
  readonly oneway: boolean;
  readonly idempotent: boolean;
  readonly annotations: Readonly<Record<string, string>>;
  readonly arguments: StructSchema;
  /** Undefined for void. */
  readonly result?: TypeSchema;
  readonly exceptions: readonly ExceptionSchema[];
}

export interface ServiceSchema {
  readonly name: string;
  /** Those of the services it extends first. */
  readonly methods: readonly MethodSchema[];
}

/** Whether JavaScript finds equal values of the type by `===`, so that a Map or a Set can. */
export function isKeyableSchema(type: TypeSchema): boolean {
  switch (type.kind) {
    case "binary":
    case "struct":
    case "list":
    case "set":
    case "map":
      return false;
    default:
      return true;
  }
}

/** What a field is that neither came nor has a default; only for what `isRequired` allows. */
export function zeroValue(type: TypeSchema): unknown {
  switch (type.kind) {
    case "bool":
      return false;
    case "byte":
    case "i16":
    case "i32":
    case "double":
    case "enum":
      return 0;
    case "i64":
      return type.asNumber === true ? 0 : 0n;
    case "string":
      return "";
    case "uuid":
      return "00000000-0000-0000-0000-000000000000";
    case "binary":
      return new Uint8Array(0);
    case "list":
      return [];
    case "set":
      return isKeyableSchema(type.element) ? new Set() : [];
    case "map":
      return isKeyableSchema(type.key) ? new Map() : [];
    case "struct":
      return undefined;
  }
}

/** Whether a struct without the field is refused when it is read. */
export function isRequired(struct: StructSchema, field: FieldSchema): boolean {
  if (field.requiredness === "required") return true;
  const { requiredness, type } = field;
  const bare = requiredness === "default" && field.default === undefined;
  return struct.kind === "arguments" && bare && type.kind === "struct";
}

/** What stands in for a field that did not come and is not required. */
export function fallbackValue(field: FieldSchema): unknown {
  if (field.default !== undefined) return field.default();
  return field.requiredness === "default" ? zeroValue(field.type) : undefined;
}

export function propertyOf(field: FieldSchema): string {
  return field.property ?? field.name;
}
