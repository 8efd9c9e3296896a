/**
 * Any value of a schema's type, for property tests: as reading would give it, so that every
 * property is there and what is read back can be compared as it is.
 */
import fc from "fast-check";
import { isKeyableSchema, propertyOf } from "../schema/schema.ts";
import type { FieldSchema, StructSchema, TypeSchema } from "../schema/schema.ts";

/** Structs within each other; deeper ones are absent where they may be. */
const DEPTH_MAX = 3;
const ELEMENTS_MAX = 4;

/** Any text that has a form in UTF-8. */
const TEXT = fc.string({ unit: "binary", maxLength: 60 });

export function anyValue(type: TypeSchema, depth = 0): fc.Arbitrary<unknown> {
  switch (type.kind) {
    case "bool":
      return fc.boolean();
    case "byte":
      return fc.integer({ min: -0x80, max: 0x7f });
    case "i16":
      return fc.integer({ min: -0x8000, max: 0x7fff });
    case "i32":
      return fc.integer();
    case "i64":
      return type.asNumber === true ? fc.maxSafeInteger() : anyI64();
    case "double":
      return fc.double();
    case "string":
      return TEXT;
    case "binary":
      return fc.uint8Array({ maxLength: 40 });
    case "uuid":
      return fc.uuid();
    case "enum":
      return anyEnum(Object.values(type.of().values));
    case "struct":
      return anyStruct(type.of(), depth);
    case "list":
    case "set":
      return anyList(type, depth);
    case "map":
      return anyMap(type, depth);
  }
}

/** Small ones as often as large ones: their lengths differ in Compact. */
function anyI64(): fc.Arbitrary<bigint> {
  const sized = fc.integer({ min: 1, max: 64 }).chain((bits) => {
    const limit = 1n << BigInt(bits - 1);
    return fc.bigInt({ min: -limit, max: limit - 1n });
  });
  return sized;
}

/** A value that has a name, or one that only a newer peer knows. */
function anyEnum(values: readonly number[]): fc.Arbitrary<number> {
  return fc.oneof(fc.constantFrom(...values), fc.integer());
}

function anyList(
  type: Extract<TypeSchema, { kind: "list" | "set" }>,
  depth: number,
): fc.Arbitrary<unknown> {
  const element = anyValue(type.element, depth + 1);
  const maxLength = depth >= DEPTH_MAX ? 0 : ELEMENTS_MAX;
  if (type.kind === "list" || !isKeyableSchema(type.element))
    return fc.array(element, { maxLength });
  return fc.array(element, { maxLength }).map((values) => new Set(values));
}

function anyMap(type: Extract<TypeSchema, { kind: "map" }>, depth: number): fc.Arbitrary<unknown> {
  const entry = fc.tuple(anyValue(type.key, depth + 1), anyValue(type.value, depth + 1));
  const entries = fc.array(entry, { maxLength: depth >= DEPTH_MAX ? 0 : ELEMENTS_MAX });
  return isKeyableSchema(type.key) ? entries.map((pairs) => new Map(pairs)) : entries;
}

export function anyStruct(schema: StructSchema, depth = 0): fc.Arbitrary<unknown> {
  if (schema.kind === "union") return anyUnion(schema, depth);
  const properties = Object.fromEntries(
    schema.fields.map((field) => [propertyOf(field), anyField(schema, field, depth)]),
  );
  const made = fc.record(properties, { noNullPrototype: true });
  const { make } = schema;
  return make === undefined ? made : made.map((fields) => make(fields));
}

function anyField(schema: StructSchema, field: FieldSchema, depth: number): fc.Arbitrary<unknown> {
  const { requiredness, type } = field;
  // What has a default comes back with it.
  const hasDefault = field.default !== undefined;
  const mayBeAbsent =
    !hasDefault &&
    schema.kind !== "arguments" &&
    (requiredness === "optional" || (requiredness === "default" && type.kind === "struct"));
  // An exception's message is "" when it is absent.
  const isMessage = schema.kind === "exception" && field.name === "message";
  if (!mayBeAbsent || isMessage) return lazily(() => anyValue(type, depth + 1));
  if (depth >= DEPTH_MAX) return fc.constant(undefined);
  return fc.oneof(
    fc.constant(undefined),
    lazily(() => anyValue(type, depth + 1)),
  );
}

function anyUnion(schema: StructSchema, depth: number): fc.Arbitrary<unknown> {
  const simple = schema.fields.filter(({ type }) => type.kind !== "struct");
  const fields = depth >= DEPTH_MAX && simple.length > 0 ? simple : schema.fields;
  return fc
    .constantFrom(...fields)
    .chain(({ name, type }) =>
      fc.record(
        { field: fc.constant(name), value: anyValue(type, depth + 1) },
        { noNullPrototype: true },
      ),
    );
}

/** A struct that contains itself would otherwise be made for ever. */
function lazily(make: () => fc.Arbitrary<unknown>): fc.Arbitrary<unknown> {
  return fc.constant(undefined).chain(make);
}
