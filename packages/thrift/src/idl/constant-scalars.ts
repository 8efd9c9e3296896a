// Single values of constants: numbers, strings, bools and enum values, checked against the type
// that is expected and turned into it.

import { fitsBits, INTEGER_BITS } from "./integer.ts";
import { typeName } from "./link-types.ts";
import { reportIn } from "./scope.ts";
import { namedList } from "./suggest.ts";
import { quoted, shortened } from "./token.ts";
import type {
  BaseType,
  ConstValue,
  Enum,
  EnumConst,
  EnumType,
  EnumValue,
  IntegerValue,
  Type,
} from "./model.ts";
import type { EnumSymbol, FileScope, LinkContext } from "./scope.ts";
import type { Span } from "./source.ts";

/** A single value as the source has it, before a type gives it a meaning. */
export type Scalar =
  | { readonly kind: "bool"; readonly value: boolean }
  | { readonly kind: "integer"; readonly value: bigint | undefined; readonly text: string }
  | { readonly kind: "double"; readonly value: number }
  | { readonly kind: "text"; readonly value: string }
  | { readonly kind: "binary"; readonly value: Uint8Array }
  | { readonly kind: "enum"; readonly definition: Enum; readonly value: EnumValue };

/** How a message names a scalar that does not fit. */
export function describeScalar(scalar: Scalar): string {
  switch (scalar.kind) {
    case "bool":
      return String(scalar.value);
    case "integer":
      return `the number ${shortened(scalar.text)}`;
    case "double":
      return `the double ${scalar.value}`;
    case "text":
      return `the string ${quoted(scalar.value)}`;
    case "binary":
      return "a binary";
    case "enum":
      return `${scalar.definition.name}.${scalar.value.name}`;
  }
}

/** Where a scalar stands and what it should be. */
export interface Place {
  readonly context: LinkContext;
  readonly scope: FileScope;
  readonly span: Span;
}

/** The scalar as a value of the type; undefined, and a problem, when it is none. */
export function scalarAs(place: Place, scalar: Scalar, type: Type): ConstValue | undefined {
  switch (type.kind) {
    case "bool":
      return boolFrom(place, scalar, type);
    case "byte":
    case "i16":
    case "i32":
    case "i64":
      return integerFrom(place, scalar, type, type.kind);
    case "double":
      return doubleFrom(place, scalar, type);
    case "string":
      if (scalar.kind !== "text") break;
      return { kind: "string", type, value: scalar.value };
    case "binary":
      if (scalar.kind === "binary") return { kind: "binary", type, value: scalar.value };
      if (scalar.kind !== "text") break;
      return { kind: "binary", type, value: bytesOf(place.context, scalar.value) };
    case "uuid":
      if (scalar.kind !== "text") break;
      return uuidFrom(place, scalar.value, type);
    case "enum":
      return enumFrom(place, scalar, type);
    default:
      break;
  }
  return wrongType(place, type, describeScalar(scalar));
}

/** The bytes of a text: made once, for a constant may be named in a million places. */
function bytesOf(context: LinkContext, text: string): Uint8Array {
  let bytes = context.bytes.get(text);
  if (bytes === undefined) {
    bytes = new TextEncoder().encode(text);
    context.bytes.set(text, bytes);
  }
  return bytes;
}

/** Reports that something else was expected. */
export function wrongType(place: Place, type: Type, found: string, hint?: string): undefined {
  const message = `expected ${typeName(type)}, found ${found}`;
  reportIn(place.context, place.scope, place.span, { code: "wrong-type", message, hint });
}

function outOfRange(place: Place, message: string, hint?: string): undefined {
  reportIn(place.context, place.scope, place.span, { code: "out-of-range", message, hint });
}

function boolFrom(place: Place, scalar: Scalar, type: BaseType): ConstValue | undefined {
  if (scalar.kind === "bool") return { kind: "bool", type, value: scalar.value };
  if (scalar.kind !== "integer") return wrongType(place, type, describeScalar(scalar));
  if (scalar.value === 0n || scalar.value === 1n) {
    return { kind: "bool", type, value: scalar.value === 1n };
  }
  return outOfRange(place, `${shortened(scalar.text)} is no bool; expected true, false, 0 or 1`);
}

function integerFrom(
  place: Place,
  scalar: Scalar,
  type: BaseType,
  kind: IntegerValue["kind"],
): ConstValue | undefined {
  // Apache's compiler takes the values of enums for i32 constants.
  if (scalar.kind === "enum") return { kind, type, value: BigInt(scalar.value.value) };
  if (scalar.kind !== "integer") return wrongType(place, type, describeScalar(scalar));
  const bits = INTEGER_BITS.get(kind) ?? 64n;
  const { value } = scalar;
  if (value !== undefined && fitsBits(value, bits)) return { kind, type, value };
  const lowest = -(2n ** (bits - 1n));
  const range = `${lowest} to ${-lowest - 1n}`;
  const wrapped = value !== undefined && value > 0n && value < 2n ** bits && /x/i.test(scalar.text);
  return outOfRange(
    place,
    `${shortened(scalar.text)} does not fit ${typeName(type)}, ${range}`,
    wrapped ? `these bits are ${BigInt.asIntN(Number(bits), value)} as ${kind}` : undefined,
  );
}

function doubleFrom(place: Place, scalar: Scalar, type: BaseType): ConstValue | undefined {
  if (scalar.kind !== "integer" && scalar.kind !== "double") {
    return wrongType(place, type, describeScalar(scalar));
  }
  // A number of more digits than a bigint was made of is still read as a double.
  const value = scalar.kind === "double" ? scalar.value : Number(scalar.value ?? scalar.text);
  if (Number.isFinite(value)) return { kind: "double", type, value };
  return outOfRange(place, `this number is too large for a double`);
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

function uuidFrom(place: Place, text: string, type: BaseType): ConstValue | undefined {
  const bare = text.startsWith("{") && text.endsWith("}") ? text.slice(1, -1) : text;
  if (UUID.test(bare)) return { kind: "uuid", type, value: bare.toLowerCase() };
  const form = "00112233-4455-6677-8899-aabbccddeeff";
  return wrongType(place, type, `the string ${quoted(text)}`, `a uuid looks like "${form}"`);
}

function enumFrom(place: Place, scalar: Scalar, type: EnumType): EnumConst | undefined {
  const { context, scope, span } = place;
  const { definition } = type;
  if (scalar.kind === "enum" && scalar.definition === definition) {
    return { kind: "enum", type, definition, value: scalar.value };
  }
  if (scalar.kind !== "integer") return wrongType(place, type, describeScalar(scalar));
  const symbol = enumSymbolOf(context, definition);
  const value = symbol.valuesByNumber.get(Number(scalar.value));
  if (value !== undefined && scalar.value !== undefined) {
    return { kind: "enum", type, definition, value };
  }
  if (symbol.node.damaged) return undefined;
  reportIn(context, scope, span, {
    code: "unknown-enum-value",
    message: `enum "${definition.name}" has no value with the number ${shortened(scalar.text)}`,
    hint: namedList(
      "its values",
      [...symbol.valuesByNumber].map(([number, known]) => `${known.name} = ${number}`),
    ),
  });
  return undefined;
}

export function enumSymbolOf(context: LinkContext, definition: Enum): EnumSymbol {
  const symbol = context.symbols.get(definition);
  if (symbol?.kind !== "enum") throw new Error("an enum without its symbol");
  return symbol;
}
