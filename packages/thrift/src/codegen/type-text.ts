/** Types and expressions of generated code for types of the IDL. */
import type { Type } from "../idl/index.ts";
import { TYPE } from "../protocol/types.ts";
import type { FileScope, ProtocolName } from "./file-scope.ts";
import { type Layout, list, typeArguments } from "./layout.ts";
import { canonicalType, isKeyable, isNumberI64, typedefType, wireName } from "./type-shape.ts";

/** The TypeScript type, by the name of its typedef where it has one. */
export function typeText(file: FileScope, type: Type): string {
  const { alias } = type;
  // An annotation at the use may have made it another type than the typedef's.
  if (alias !== undefined && canonicalType(typedefType(alias)) === canonicalType(type)) {
    return file.typeName(alias);
  }
  return plainTypeText(file, type);
}

/** The TypeScript type without the typedef it was named by. */
export function plainTypeText(file: FileScope, type: Type): string {
  switch (type.kind) {
    case "bool":
      return "boolean";
    case "byte":
    case "i16":
    case "i32":
    case "double":
      return "number";
    case "i64":
      return isNumberI64(type) ? "number" : "bigint";
    case "string":
    case "uuid":
      return "string";
    case "binary":
      return "Uint8Array";
    case "enum":
    case "struct":
      return file.typeName(type.definition);
    case "list":
      return `${typeText(file, type.element)}[]`;
    case "set":
      if (!isKeyable(type.element)) return `${typeText(file, type.element)}[]`;
      return `Set<${typeText(file, type.element)}>`;
    case "map": {
      const key = typeText(file, type.key);
      const value = typeText(file, type.value);
      return isKeyable(type.key) ? `Map<${key}, ${value}>` : `[${key}, ${value}][]`;
    }
  }
}

/** The same for a value that is only read: a parameter, a constant. */
export function readonlyTypeText(file: FileScope, type: Type): string {
  const text = plainTypeText(file, type);
  if (text.endsWith("[]")) return `readonly ${text}`;
  return text.startsWith("Map<") || text.startsWith("Set<") ? `Readonly${text}` : text;
}

/**
 * The text of a type, broken at its brackets where it is too long: `Map<…>` and `[…, …][]`, as
 * written by the functions above.
 */
export function typeLayout(text: string): Layout {
  if (text.startsWith("readonly "))
    return ["readonly ", typeLayout(text.slice("readonly ".length))];
  if (text.endsWith("[]") && !text.startsWith("[")) return [typeLayout(text.slice(0, -2)), "[]"];
  const open = text.search(/[<[]/);
  if (open < 0) return text;
  const close = closingBracket(text, open);
  const inside = splitTypes(text.slice(open + 1, close)).map(typeLayout);
  const isTuple = text[open] === "[";
  const broken = isTuple ? list("[", inside, "]") : typeArguments(inside);
  return [text.slice(0, open), broken, text.slice(close + 1)];
}

function closingBracket(text: string, open: number): number {
  let depth = 0;
  for (let at = open; at < text.length; at++) {
    const character = text.charAt(at);
    if ("<[".includes(character)) depth++;
    if (">]".includes(character) && --depth === 0) return at;
  }
  return text.length;
}

/** The types between the commas that stand in no further brackets. */
function splitTypes(text: string): string[] {
  const types: string[] = [];
  let depth = 0;
  let start = 0;
  for (let at = 0; at < text.length; at++) {
    const character = text.charAt(at);
    if ("<[".includes(character)) depth++;
    if (">]".includes(character)) depth--;
    if (character !== "," || depth > 0) continue;
    types.push(text.slice(start, at));
    start = at + ", ".length;
  }
  return [...types, text.slice(start)];
}

/** The number that a field's head is, written as generated code writes it. */
export function fieldKeyText(type: Type, id: number): string {
  const code = TYPE[wireName(type)].toString(16).padStart(2, "0");
  return `0x${code}_${(id & 0xffff).toString(16).padStart(4, "0")}`;
}

/** The expression for a type's code on the wire. */
export function typeCodeText(file: FileScope, type: Type): string {
  return `${file.thriftValue("TYPE")}.${wireName(type)}`;
}

/** An expression that reads a value from `input`. */
export function readCall(file: FileScope, type: Type, protocol: ProtocolName): Layout {
  switch (type.kind) {
    case "struct":
      return list(`${file.structValue(type.definition, `read${protocol}`)}(`, ["input"], ")");
    case "list":
    case "set":
    case "map":
      return list(`${file.container(type)[`read${protocol}`]}(`, ["input"], ")");
    case "i64":
      return isNumberI64(type) ? "input.readI64AsNumber()" : "input.readI64()";
    default:
      return `input.read${methodSuffix(type)}()`;
  }
}

/** A statement that writes a value to `output`. */
export function writeCall(
  file: FileScope,
  type: Type,
  protocol: ProtocolName,
  value: Layout,
): Layout {
  const call = (name: string, parameters: Layout[]): Layout => [
    list(`${name}(`, parameters, ")"),
    ";",
  ];
  switch (type.kind) {
    case "struct":
      return call(file.structValue(type.definition, `write${protocol}`), ["output", value]);
    case "list":
    case "set":
    case "map":
      return call(file.container(type)[`write${protocol}`], ["output", value]);
    case "i64":
      return call(`output.writeI64${isNumberI64(type) ? "FromNumber" : ""}`, [value]);
    default:
      return call(`output.write${methodSuffix(type)}`, [value]);
  }
}

function methodSuffix(type: Type): string {
  const name = type.kind === "enum" ? "i32" : type.kind;
  return name.slice(0, 1).toUpperCase() + name.slice(1);
}
