/**
 * How each field of a struct appears in generated code. Whether a property must be there, and what
 * stands in for it when it did not come, is decided here:
 *
 * | in the IDL              | property | when it did not come | written when undefined |
 * | ----------------------- | -------- | -------------------- | ---------------------- |
 * | required                | `a: T`   | refused by name      | (no such type)         |
 * | optional                | `a?: T`  | default or undefined | nothing                |
 * | neither, with a default | `a?: T`  | default              | the default            |
 * | neither, a struct       | `a?: T`  | undefined            | nothing                |
 * | neither, anything else  | `a: T`   | 0, "", [] …          | (no such type)         |
 *
 * The last line is what C++ and Go do; it keeps `undefined` out of IDLs that say neither, which are
 * many. An argument that is a struct and neither is taken as required: handlers get what they
 * declare.
 */
import type { ConstValue, Field, Struct, Type } from "../idl/index.ts";
import type { FileScope } from "./file-scope.ts";
import { literal, zeroLiteral } from "./literal.ts";
import type { Layout } from "./layout.ts";
import { localNames } from "./names.ts";
import { propertyNames } from "../schema/property-names.ts";
import { describeType, fieldType, isKeyable, isScalar } from "./type-shape.ts";
import { fieldKeyText, typeText } from "./type-text.ts";

export interface FieldPlan {
  readonly field: Field;
  readonly type: Type;
  readonly typeText: string;
  readonly property: string;
  /** The variable that holds it while its struct is read. */
  readonly local: string;
  /** The property may be absent. */
  readonly optional: boolean;
  /** Reading refuses the struct without it. */
  readonly required: boolean;
  /** What stands in for it when it did not come. */
  readonly fallback: Layout | undefined;
  /** The fallback may be shared by all that is read, and so be the variable's first value. */
  readonly fallbackFirst: boolean;
  /** The fallback is an array or an object that is not empty. */
  readonly fallbackInline: boolean;
  /** What is written for it when it is undefined. */
  readonly writtenFallback: Layout | undefined;
  readonly key: string;
  /** `1: i64 itemId` */
  readonly comment: string;
}

export function planFields(
  file: FileScope,
  struct: Pick<Struct, "kind" | "fields">,
  use: "struct" | "arguments",
): FieldPlan[] {
  const properties = propertyNames(struct);
  const locals = localNames(file.names.scope, properties.values());
  return struct.fields.map((field) => {
    const property = properties.get(field.name) ?? field.name;
    return planField(file, field, property, locals.get(property) ?? property, use);
  });
}

function planField(
  file: FileScope,
  field: Field,
  property: string,
  local: string,
  use: "struct" | "arguments",
): FieldPlan {
  const type = fieldType(field);
  const { defaultValue } = field;
  const neither = field.requiredness === "default";
  const value = defaultValue === undefined ? undefined : literal(file, defaultValue, type);
  const madeUp = neither && value === undefined && type.kind !== "struct";
  const required =
    field.requiredness === "required" ||
    (neither && use === "arguments" && value === undefined && type.kind === "struct");
  const fallback = required ? undefined : madeUp ? zeroLiteral(type) : value;
  return {
    field,
    type,
    typeText: typeText(file, type),
    property,
    local,
    optional: !required && !madeUp,
    required,
    fallback,
    fallbackFirst: isScalar(type),
    fallbackInline: isInline(defaultValue, type),
    writtenFallback: neither ? value : undefined,
    key: fieldKeyText(type, field.id),
    comment: `${field.id}: ${describeType(type)} ${field.name}`,
  };
}

function isInline(value: ConstValue | undefined, type: Type): boolean {
  switch (value?.kind) {
    case "list":
    case "set":
      return value.elements.length > 0 && !(type.kind === "set" && isKeyable(type.element));
    case "map":
      return value.entries.length > 0 && !(type.kind === "map" && isKeyable(type.key));
    case "struct":
      return value.definition.kind !== "exception";
    default:
      return false;
  }
}
