/** Writes the schemas at the end of a file: its IDL as data, for calls without generated code. */
import type {
  ConstValue,
  Enum,
  Field,
  Service,
  ServiceFunction,
  Struct,
  Type,
} from "../idl/index.ts";
import {
  enumProperties,
  methodNames,
  propertyKey,
  propertyNames,
} from "../schema/property-names.ts";
import type { FileScope } from "./file-scope.ts";
import {
  assignObject,
  brokenList,
  group,
  indent,
  type Layout,
  line,
  list,
  objectLiteral,
  tallObject,
} from "./layout.ts";
import { literal, quote } from "./literal.ts";
import { fieldType, isNumberI64, resultType } from "./type-shape.ts";
import { IDEMPOTENT } from "./write-service.ts";

export function enumSchema(file: FileScope, definition: Enum): Layout {
  const name = file.names.of(definition);
  const properties = enumProperties(definition.values.map((value) => value.name));
  const renamed = [...properties].some(([own, property]) => own !== property);
  const values = definition.values.map((value) => `${propertyKey(value.name)}: ${value.value}`);
  const object = tallObject([
    `name: ${quote(definition.name)}`,
    renamed ? ["values: ", objectLiteral(values)] : `values: ${name}`,
  ]);
  const type = file.thriftType("EnumSchema");
  return [assignObject(`export const ${file.names.enumSchema(definition)}: ${type}`, object), ";"];
}

export function structSchema(file: FileScope, struct: Struct): Layout {
  const names = file.names.ofStruct(struct);
  const { kind } = struct;
  const properties: Layout[] = [
    `kind: ${quote(kind)}`,
    `name: ${quote(struct.name)}`,
    fieldList(file, struct),
  ];
  if (kind === "exception") {
    const fields = `properties as unknown as ${names.fields}`;
    const made = list(`new ${names.type}(`, [fields], ")");
    properties.push(group(["make: (properties) =>", indent([line, made])]));
  }
  const head = `export const ${names.schema}: ${file.thriftType("StructSchema")}`;
  return [assignObject(head, tallObject(properties)), ";"];
}

export function serviceSchema(file: FileScope, service: Service): Layout {
  const { schema } = file.names.ofService(service);
  const { extends: parent } = service;
  const properties = methodNames(service);
  const inherited =
    parent === undefined ? [] : [`...${file.serviceValue(parent, "schema")}.methods`];
  const methods = service.functions.map((method) =>
    methodSchema(file, service, method, properties.get(method.name) ?? method.name),
  );
  const head = `export const ${schema}: ${file.thriftType("ServiceSchema")}`;
  const object = tallObject([
    `name: ${quote(service.name)}`,
    ["methods: ", list("[", [...inherited, ...methods], "]")],
  ]);
  return [assignObject(head, object), ";"];
}

function methodSchema(
  file: FileScope,
  service: Service,
  method: ServiceFunction,
  property: string,
): Layout {
  const result = resultType(method);
  const annotations = [...method.annotations].map(([name, value]) => {
    return `${propertyKey(name)}: ${quote(value)}`;
  });
  const exceptions = method.throws.flatMap(({ id, name, type }) => {
    if (type.kind !== "struct") return [];
    const of = `of: () => ${file.structValue(type.definition, "schema")}`;
    return [objectLiteral([`id: ${id}`, `name: ${quote(name)}`, of])];
  });
  return tallObject([
    `name: ${quote(method.name)}`,
    `property: ${quote(property)}`,
    `oneway: ${method.oneway}`,
    `idempotent: ${method.annotations.get(IDEMPOTENT) === "true"}`,
    ["annotations: ", objectLiteral(annotations)],
    [
      "arguments: ",
      tallObject([
        'kind: "arguments"',
        `name: ${quote(`${service.name}.${method.name}`)}`,
        fieldList(file, { kind: "struct", fields: method.arguments }),
      ]),
    ],
    ...(result === undefined ? [] : [["result: ", typeSchema(file, result)]]),
    ["exceptions: ", objectList(exceptions)],
  ]);
}

function fieldList(file: FileScope, struct: Pick<Struct, "kind" | "fields">): Layout {
  const properties = propertyNames(struct);
  const fields = struct.fields.map((field) => fieldSchema(file, field, properties));
  return ["fields: ", objectList(fields)];
}

/** The formatter breaks a list of several objects, whatever its length. */
function objectList(objects: readonly Layout[]): Layout {
  return objects.length > 1 ? brokenList(objects) : list("[", objects, "]");
}

function fieldSchema(
  file: FileScope,
  field: Field,
  properties: ReadonlyMap<string, string>,
): Layout {
  const type = fieldType(field);
  const property = properties.get(field.name) ?? field.name;
  return objectLiteral([
    `id: ${field.id}`,
    `name: ${quote(field.name)}`,
    ...(property === field.name ? [] : [`property: ${quote(property)}`]),
    `requiredness: ${quote(field.requiredness)}`,
    ["type: ", typeSchema(file, type)],
    ...(field.defaultValue === undefined ? [] : [makeDefault(file, field.defaultValue, type)]),
  ]);
}

function makeDefault(file: FileScope, value: ConstValue, type: Type): Layout {
  const made = literal(file, value, type);
  const isObject = value.kind === "struct" && value.definition.kind !== "exception";
  if (isObject) return ["default: () => (", made, ")"];
  if (type.kind === "list") return ["default: () => ", made];
  return group(["default: () =>", indent([line, made])]);
}

function typeSchema(file: FileScope, type: Type): Layout {
  switch (type.kind) {
    case "enum":
      return objectLiteral(['kind: "enum"', `of: () => ${file.enumSchema(type.definition)}`]);
    case "struct": {
      const schema = file.structValue(type.definition, "schema");
      return objectLiteral(['kind: "struct"', `of: () => ${schema}`]);
    }
    case "list":
    case "set":
      return objectLiteral([
        `kind: ${quote(type.kind)}`,
        ["element: ", typeSchema(file, type.element)],
      ]);
    case "map":
      return objectLiteral([
        'kind: "map"',
        ["key: ", typeSchema(file, type.key)],
        ["value: ", typeSchema(file, type.value)],
      ]);
    default:
      return objectLiteral([
        `kind: ${quote(type.kind)}`,
        ...(isNumberI64(type) ? ["asNumber: true"] : []),
      ]);
  }
}
