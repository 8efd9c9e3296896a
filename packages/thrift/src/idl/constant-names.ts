// Names in constants: other constants, in this file or an included one, and the values of enums.

import { typeName, UNRESOLVED, sameType } from "./link-types.ts";
import { enumSymbolOf, scalarAs, wrongType } from "./constant-scalars.ts";
import {
  lookUpConstant,
  lookUpType,
  nameSeenFrom,
  reportIn,
  sizeOf,
  visibleValueNames,
} from "./scope.ts";
import { closestName, didYouMean, namedList } from "./suggest.ts";
import { quoted } from "./token.ts";
import type { Place, Scalar } from "./constant-scalars.ts";
import type { Constant, ConstValue, Type } from "./model.ts";
import type { ConstantSymbol, EnumSymbol, TypeSymbol } from "./scope.ts";

/** What a name leads to. The constant is not evaluated yet. */
export type NamedValue =
  | { readonly kind: "constant"; readonly symbol: ConstantSymbol }
  | { readonly kind: "scalar"; readonly scalar: Scalar };

/** Finds what a name in a constant stands for; undefined when nothing, which is reported. */
export function lookUpValue(place: Place, name: string, expected: Type): NamedValue | undefined {
  const { context, scope, span } = place;
  if (name === "true" || name === "false") {
    return { kind: "scalar", scalar: { kind: "bool", value: name === "true" } };
  }
  const constant = lookUpConstant(scope, name);
  if (constant.state === "found") return { kind: "constant", symbol: constant.symbol };
  const dot = name.lastIndexOf(".");
  const type = dot < 0 ? undefined : lookUpType(scope, name.slice(0, dot));
  const enumSymbol = type?.state === "found" ? enumBehind(place, type.symbol) : undefined;
  const own = enumSymbol?.valuesByName.get(name.slice(dot + 1));
  if (enumSymbol !== undefined && own !== undefined) {
    const { definition } = enumSymbol;
    return { kind: "scalar", scalar: { kind: "enum", definition, value: own } };
  }
  const lenient = dot < 0 ? undefined : valueOfExpected(place, name, expected);
  if (lenient !== undefined) return { kind: "scalar", scalar: lenient };
  if (enumSymbol !== undefined) {
    reportNoSuchValue(place, enumSymbol, name.slice(dot + 1));
    return undefined;
  }
  if (constant.state === "hidden" || type?.state === "hidden") return undefined;
  if (constant.state === "ambiguous" || type?.state === "ambiguous") {
    const message = `${quoted(name)} is defined by more than one of the included files`;
    reportIn(context, scope, span, { code: "ambiguous-name", message });
    return undefined;
  }
  reportIn(context, scope, span, {
    code: "unknown-name",
    message: `unknown constant ${quoted(name)}`,
    hint: () => valueHint(place, name, expected),
  });
  return undefined;
}

/** The enum that a type is, a typedef of one included. */
function enumBehind(place: Place, symbol: TypeSymbol): EnumSymbol | undefined {
  if (symbol.kind !== "typedef") return symbol.kind === "enum" ? symbol : undefined;
  return symbol.use.kind === "enum"
    ? enumSymbolOf(place.context, symbol.use.definition)
    : undefined;
}

/**
 * Where an enum value is expected, Apache's compiler looks at the last part of the name only, and
 * files rely on it (its own tests do): what stands before it may be wrong. We warn.
 */
function valueOfExpected(place: Place, name: string, expected: Type): Scalar | undefined {
  if (expected.kind !== "enum") return undefined;
  const { definition } = expected;
  const symbol = enumSymbolOf(place.context, definition);
  const value = symbol.valuesByName.get(name.slice(name.lastIndexOf(".") + 1));
  if (value === undefined) return undefined;
  const meant = `${nameSeenFrom(place.scope, definition)}.${value.name}`;
  reportIn(place.context, place.scope, place.span, {
    severity: "warning",
    code: "unknown-name",
    message: `unknown enum value ${quoted(name)}; taken as "${meant}"`,
  });
  return { kind: "enum", definition, value };
}

function reportNoSuchValue(place: Place, symbol: EnumSymbol, name: string): void {
  if (symbol.node.damaged) return;
  const written = nameSeenFrom(place.scope, symbol.definition);
  reportIn(place.context, place.scope, place.span, {
    code: "unknown-enum-value",
    message: `enum "${symbol.definition.name}" has no value ${quoted(name)}`,
    hint: () => {
      const meant = closestName(name, symbol.valuesByName.keys());
      if (meant !== undefined) return `did you mean "${written}.${meant}"?`;
      return namedList("its values", [...symbol.valuesByName.keys()]);
    },
  });
}

function valueHint(place: Place, name: string, expected: Type): string | undefined {
  if (expected.kind === "enum") {
    const symbol = enumSymbolOf(place.context, expected.definition);
    if (symbol.valuesByName.has(name)) {
      return `did you mean "${nameSeenFrom(place.scope, expected.definition)}.${name}"?`;
    }
  }
  const dot = name.indexOf(".");
  const meant = didYouMean(name, visibleValueNames(place.scope));
  if (meant !== undefined || dot < 0) return meant;
  const prefix = name.slice(0, dot);
  if (place.scope.types.has(prefix) || place.scope.includes.has(prefix)) return undefined;
  return `no enum and no include is called ${quoted(prefix)}`;
}

/**
 * The value of another constant as a value of the type. Single values are converted as if they
 * had been written here; lists, maps and structs must have the very type, for to convert one is
 * to copy it.
 */
export function constantAs(
  place: Place,
  constant: Constant,
  value: ConstValue,
  type: Type,
): ConstValue | undefined {
  const { context, scope, span } = place;
  const size = sizeOf(context, value);
  const { nestingDepthMax } = context.options;
  if (size.depth + 1 > nestingDepthMax) {
    const message = `constants are nested deeper than ${nestingDepthMax}, names counted`;
    reportIn(context, scope, span, { code: "too-deep", message });
    return undefined;
  }
  const converted = convert(place, constant, value, type);
  if (converted === undefined) return undefined;
  const named = { ...converted, constant };
  context.sizes.set(named, { depth: size.depth + 1, nodes: size.nodes });
  return named;
}

function convert(
  place: Place,
  constant: Constant,
  value: ConstValue,
  type: Type,
): ConstValue | undefined {
  const found = `the constant "${constant.name}" of type ${typeName(constant.type)}`;
  switch (value.kind) {
    case "list":
    case "set":
      if (type.kind !== value.kind || !sameType(type, value.type)) break;
      return { ...value, type };
    case "map":
      if (type.kind !== "map" || !sameType(type, value.type)) break;
      return { ...value, type };
    case "struct":
      if (type.kind !== "struct" || !sameType(type, value.type)) break;
      return { ...value, type };
    case "bool":
    case "double":
    case "binary":
    case "enum":
      return scalarOf(place, value, type, found);
    case "string":
    case "uuid":
      if (value.kind === "uuid" && type.kind !== "uuid") break;
      return scalarOf(place, { kind: "text", value: value.value }, type, found);
    default:
      return scalarOf(
        place,
        { kind: "integer", value: value.value, text: String(value.value) },
        type,
        found,
      );
  }
  return type === UNRESOLVED ? undefined : wrongType(place, type, found);
}

/** Says the constant's name where the kinds differ; where only the range does, the number. */
function scalarOf(place: Place, scalar: Scalar, type: Type, found: string): ConstValue | undefined {
  return canBe(scalar, type) ? scalarAs(place, scalar, type) : wrongType(place, type, found);
}

function canBe(scalar: Scalar, type: Type): boolean {
  switch (type.kind) {
    case "bool":
      return scalar.kind === "bool" || scalar.kind === "integer";
    case "byte":
    case "i16":
    case "i32":
    case "i64":
      return scalar.kind === "integer" || scalar.kind === "enum";
    case "double":
      return scalar.kind === "integer" || scalar.kind === "double";
    case "string":
    case "uuid":
      return scalar.kind === "text";
    case "binary":
      return scalar.kind === "text" || scalar.kind === "binary";
    case "enum":
      return scalar.kind === "enum"
        ? scalar.definition === type.definition
        : scalar.kind === "integer";
    default:
      return false;
  }
}
