/**
 * What a type of the IDL is on the wire and in JavaScript, without any names of generated code.
 */
import type { Field, ServiceFunction, Type, Typedef } from "../idl/index.ts";
import type { TYPE } from "../protocol/types.ts";

/** The name in TYPE of what a type is on the wire. */
export function wireName(type: Type): keyof typeof TYPE {
  if (type.kind === "enum") return "i32";
  return type.kind === "binary" ? "string" : type.kind;
}

/** Whether an i64 is a checked number in JavaScript, not a bigint. */
export function isNumberI64(type: Type): boolean {
  return type.kind === "i64" && type.annotations.get("js.type") === "number";
}

/** A field's type, with `js.type` of the field itself in force. */
export function fieldType(field: Pick<Field, "type" | "annotations">): Type {
  return withAnnotation(field.type, field.annotations.get("js.type"));
}

/** What a typedef stands for, with `js.type` of the typedef itself in force. */
export function typedefType(typedef: Typedef): Type {
  return withAnnotation(typedef.type, typedef.annotations.get("js.type"));
}

/** A method's result, with `js.type` of the method itself in force. */
export function resultType(method: ServiceFunction): Type | undefined {
  if (method.result === undefined) return undefined;
  return withAnnotation(method.result, method.annotations.get("js.type"));
}

function withAnnotation(type: Type, jsType: string | undefined): Type {
  if (jsType === undefined || type.kind !== "i64") return type;
  return { ...type, annotations: new Map([...type.annotations, ["js.type", jsType]]) };
}

/** Whether JavaScript finds equal values of the type by `===`, so that a Map or a Set can. */
export function isKeyable(type: Type): boolean {
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

export function isContainer(type: Type): boolean {
  return type.kind === "list" || type.kind === "set" || type.kind === "map";
}

/** Values that a number, a string or the like is: copied, never shared. */
export function isScalar(type: Type): boolean {
  return isKeyable(type);
}

/** One text for all types that are the same on the wire and in JavaScript. */
export function canonicalType(type: Type): string {
  switch (type.kind) {
    case "list":
    case "set":
      return `${type.kind}<${canonicalType(type.element)}>`;
    case "map":
      return `map<${canonicalType(type.key)},${canonicalType(type.value)}>`;
    case "enum":
    case "struct":
      return `${type.definition.program.path}#${type.definition.name}`;
    case "i64":
      return isNumberI64(type) ? "i64 as number" : "i64";
    default:
      return type.kind;
  }
}

/** The type as the IDL writes it, for comments. */
export function describeType(type: Type): string {
  if (type.alias !== undefined) return type.alias.name;
  switch (type.kind) {
    case "list":
    case "set":
      return `${type.kind}<${describeType(type.element)}>`;
    case "map":
      return `map<${describeType(type.key)}, ${describeType(type.value)}>`;
    case "enum":
    case "struct":
      return type.definition.name;
    default:
      return type.kind;
  }
}
