/** The values of an IDL's constants and defaults, as generated code writes them. */
import type { ConstValue, StructValue, Type } from "../idl/index.ts";
import { fieldType, isKeyable, isNumberI64 } from "../codegen/type-shape.ts";
import { propertyNames } from "./property-names.ts";
import { fallbackValue, type FieldSchema } from "./schema.ts";

/** How struct values are completed and exceptions made; the maker of schemas knows. */
export interface StructMaker {
  fieldSchemas(value: StructValue): readonly FieldSchema[];
  makeException(value: StructValue, properties: Record<string, unknown>): Error;
}

/** A fresh value each time, so that nobody changes another's default. */
export function constValue(value: ConstValue, type: Type, structs: StructMaker): unknown {
  switch (value.kind) {
    case "bool":
    case "double":
    case "string":
    case "uuid":
      return value.value;
    case "byte":
    case "i16":
    case "i32":
      return Number(value.value);
    case "i64":
      return isNumberI64(type) ? Number(value.value) : value.value;
    case "binary":
      return Uint8Array.from(value.value);
    case "enum":
      return value.value.value;
    case "list":
    case "set": {
      const element =
        type.kind === "list" || type.kind === "set" ? type.element : value.type.element;
      const elements = value.elements.map((each) => constValue(each, element, structs));
      return value.kind === "set" && isKeyable(element) ? new Set(elements) : elements;
    }
    case "map": {
      const { key: keyType, value: valueType } = type.kind === "map" ? type : value.type;
      const entries = value.entries.map(({ key, value: own }): [unknown, unknown] => [
        constValue(key, keyType, structs),
        constValue(own, valueType, structs),
      ]);
      return isKeyable(keyType) ? new Map(entries) : entries;
    }
    case "struct":
      return structValue(value, structs);
  }
}

function structValue(value: StructValue, structs: StructMaker): unknown {
  const { definition } = value;
  if (definition.kind === "union") {
    const [member] = value.fields;
    if (member === undefined) return undefined;
    const own = constValue(member.value, fieldType(member.field), structs);
    return { field: member.field.name, value: own };
  }
  const names = propertyNames(definition);
  const properties: Record<string, unknown> = Object.fromEntries(
    structs.fieldSchemas(value).flatMap((field) => {
      const own = fallbackValue(field);
      return own === undefined ? [] : [[field.property ?? field.name, own] as const];
    }),
  );
  for (const { field, value: own } of value.fields) {
    properties[names.get(field.name) ?? field.name] = constValue(own, fieldType(field), structs);
  }
  return definition.kind === "exception" ? structs.makeException(value, properties) : properties;
}
