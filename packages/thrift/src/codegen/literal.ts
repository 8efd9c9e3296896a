/** Constants and defaults as expressions of generated code. */
import type { ConstValue, Field, Struct, StructValue, Type } from "../idl/index.ts";
import type { FileScope } from "./file-scope.ts";
import {
  brokenList,
  fill,
  group,
  indent,
  type Layout,
  line,
  list,
  objectLiteral,
  softLine,
  trailingComma,
} from "./layout.ts";
import { enumProperties, propertyNames } from "../schema/property-names.ts";
import { canonicalType, fieldType, isKeyable, isNumberI64, isScalar } from "./type-shape.ts";

/** A value, as an expression of its type. `type` decides between bigint and number. */
export function literal(file: FileScope, value: ConstValue, type: Type): Layout {
  return namedConstant(file, value, type) ?? plainLiteral(file, value, type);
}

/** What a field is that neither came nor has a default value. */
export function zeroLiteral(type: Type): string {
  switch (type.kind) {
    case "bool":
      return "false";
    case "byte":
    case "i16":
    case "i32":
    case "double":
    case "enum":
      return "0";
    case "i64":
      return isNumberI64(type) ? "0" : "0n";
    case "string":
      return '""';
    case "uuid":
      return '"00000000-0000-0000-0000-000000000000"';
    case "binary":
      return "new Uint8Array(0)";
    case "list":
      return "[]";
    case "set":
      return isKeyable(type.element) ? "new Set()" : "[]";
    case "map":
      return isKeyable(type.key) ? "new Map()" : "[]";
    case "struct":
      throw new Error(`struct ${type.definition.name} has no zero value`);
  }
}

/** Numbers and strings by the name of their constant; of other values each use gets its own. */
function namedConstant(file: FileScope, value: ConstValue, type: Type): string | undefined {
  const { constant } = value;
  if (constant === undefined || !isScalar(type)) return undefined;
  if (canonicalType(constant.type) !== canonicalType(type)) return undefined;
  return file.definitionValue(constant);
}

function plainLiteral(file: FileScope, value: ConstValue, type: Type): Layout {
  switch (value.kind) {
    case "bool":
      return String(value.value);
    case "byte":
    case "i16":
    case "i32":
      return String(value.value);
    case "i64":
      return isNumberI64(type) ? String(value.value) : `${value.value}n`;
    case "double":
      return numberText(value.value);
    case "string":
    case "uuid":
      return quote(value.value);
    case "binary":
      if (value.value.length === 0) return "new Uint8Array(0)";
      return ["new Uint8Array(", arrayLiteral([...value.value].map(String), true), ")"];
    case "enum": {
      const property = enumProperties(value.definition.values.map(({ name }) => name));
      const name = property.get(value.value.name) ?? value.value.name;
      return `${file.definitionValue(value.definition)}.${name}`;
    }
    case "list":
    case "set":
    case "map":
      return containerLiteral(file, value, type);
    case "struct":
      return structLiteral(file, value);
  }
}

function containerLiteral(
  file: FileScope,
  value: Extract<ConstValue, { kind: "list" | "set" | "map" }>,
  type: Type,
): Layout {
  if (value.kind === "map") {
    if (type.kind !== "map") throw new Error("a map constant of another type");
    const entries = value.entries.map((entry) =>
      list("[", [literal(file, entry.key, type.key), literal(file, entry.value, type.value)], "]"),
    );
    const array = entries.length > 1 ? brokenList(entries) : arrayLiteral(entries, false);
    return isKeyable(type.key) ? construct("Map", entries.length, array) : array;
  }
  if (type.kind !== "list" && type.kind !== "set") throw new Error("a list of another type");
  const elements = value.elements.map((element) => literal(file, element, type.element));
  const { element } = type;
  const numbers = ["byte", "i16", "i32", "double"].includes(element.kind) || isNumberI64(element);
  const array = breaksAlways(value.elements)
    ? brokenList(elements)
    : arrayLiteral(elements, numbers && elements.every(isNumberText));
  return type.kind === "set" && isKeyable(element)
    ? construct("Set", elements.length, array)
    : array;
}

function construct(name: string, count: number, array: Layout): Layout {
  return count === 0 ? `new ${name}()` : [`new ${name}(`, array, ")"];
}

/** A number as such, not by the name of a constant. */
function isNumberText(layout: Layout): boolean {
  return typeof layout === "string" && /^-?[\d.]/.test(layout);
}

/** The formatter breaks a list of several objects, or of several lists, whatever its length. */
function breaksAlways(elements: readonly ConstValue[]): boolean {
  if (elements.length < 2) return false;
  const counts = elements.map((element) => {
    if (element.kind === "list") return element.elements.length;
    return element.kind === "struct" ? element.definition.fields.length : 0;
  });
  return counts.every((count) => count > 1);
}

function arrayLiteral(elements: readonly Layout[], numbers: boolean): Layout {
  if (!numbers || elements.length < 2) return list("[", elements, "]");
  return group([
    "[",
    indent([softLine, fill(elements, [",", line])]),
    trailingComma,
    softLine,
    "]",
  ]);
}

function structLiteral(file: FileScope, value: StructValue): Layout {
  const { definition } = value;
  if (definition.kind === "union") return unionLiteral(file, value);
  const given = new Map(value.fields.map(({ field, value: own }) => [field, own]));
  const properties = propertyNames(definition);
  const layouts: Layout[] = [];
  for (const field of definition.fields) {
    const type = fieldType(field);
    const own = given.get(field) ?? field.defaultValue;
    const text = own === undefined ? absent(field, type) : literal(file, own, type);
    if (text !== undefined) layouts.push([`${properties.get(field.name) ?? field.name}: `, text]);
  }
  const object = objectLiteral(layouts);
  return definition.kind === "exception" ? exceptionLiteral(file, definition, object) : object;
}

function exceptionLiteral(file: FileScope, definition: Struct, object: Layout): Layout {
  return [`new ${file.definitionValue(definition)}(`, object, ")"];
}

function absent(field: Field, type: Type): string | undefined {
  return field.requiredness === "default" && type.kind !== "struct" ? zeroLiteral(type) : undefined;
}

function unionLiteral(file: FileScope, value: StructValue): Layout {
  const [member] = value.fields;
  if (member === undefined)
    throw new Error(`a constant of union ${value.definition.name} is empty`);
  const own = literal(file, member.value, fieldType(member.field));
  return objectLiteral([`field: ${quote(member.field.name)}`, ["value: ", own]]);
}

/** A double as the formatter writes it. */
function numberText(value: number): string {
  if (Object.is(value, -0)) return "-0";
  return String(value).replace("e+", "e");
}

/** A string literal with the quotes that need fewer escapes. */
export function quote(text: string): string {
  const json = JSON.stringify(text).replaceAll(
    /[\u007f-\u009f\u2028\u2029\ufeff]/g,
    (character) => {
      return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
    },
  );
  const doubles = text.split('"').length;
  const singles = text.split("'").length;
  if (doubles <= singles) return json;
  return `'${json.slice(1, -1).replaceAll('\\"', '"').replaceAll("'", "\\'")}'`;
}
