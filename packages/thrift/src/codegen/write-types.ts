/** Writes what an IDL's definitions are in TypeScript: enums, typedefs, interfaces, classes. */
import type { Constant, Enum, Struct, Typedef } from "../idl/index.ts";
import { docLayout } from "./doc-comment.ts";
import { type FieldPlan, planFields } from "./field-plan.ts";
import type { FileScope } from "./file-scope.ts";
import {
  assign,
  block,
  group,
  hardLine,
  indent,
  type Layout,
  line,
  list,
  tallObject,
  typed,
  union,
} from "./layout.ts";
import { literal, quote } from "./literal.ts";
import { enumProperties } from "../schema/property-names.ts";
import { readonlyTypeText, typeLayout, typeText } from "./type-text.ts";
import { isScalar, typedefType } from "./type-shape.ts";
import { structCodec, structFunctions, type StructShape } from "./write-struct.ts";
import { unionLayouts } from "./write-union.ts";

export function constantLayout(file: FileScope, constant: Constant): Layout {
  const { type } = constant;
  const value = literal(file, constant.value, type);
  const annotated =
    isScalar(type) && type.kind !== "enum" ? "" : `: ${constantType(file, constant)}`;
  const head = `export const ${file.names.of(constant)}${annotated} =`;
  // A list or an object stays on the line of its name; a long string goes to the next one.
  const assigned = isScalar(type) ? group([head, indent([line, value])]) : [head, " ", value];
  return [docLayout(constant.doc), assigned, ";"];
}

function constantType(file: FileScope, { type }: Constant): string {
  const isObject = type.kind === "struct" && type.definition.kind !== "exception";
  return isObject ? `Readonly<${typeText(file, type)}>` : readonlyTypeText(file, type);
}

export function enumLayout(file: FileScope, definition: Enum): Layout {
  const name = file.names.of(definition);
  const properties = enumProperties(definition.values.map((value) => value.name));
  const values = definition.values.map((value): Layout => [
    docLayout(value.doc, 1),
    `${properties.get(value.name) ?? value.name}: ${value.value}`,
  ]);
  return [
    docLayout(definition.doc),
    `export const ${name} = `,
    tallObject(values),
    " as const;",
    hardLine,
    "/** One of the values above, or a number that a newer peer knows. */",
    hardLine,
    assign(
      `export type ${name}`,
      union([`(typeof ${name})[keyof typeof ${name}]`, "(number & {})"]),
    ),
    ";",
  ];
}

export function typedefLayout(file: FileScope, typedef: Typedef): Layout {
  const target = typeText(file, typedefType(typedef));
  const name = file.names.of(typedef);
  const head = `export type ${name}`;
  const isName = /^[\w$.]+$/.test(target);
  const assigned = isName ? assign(head, target) : [`${head} = `, typeLayout(target)];
  return [docLayout(typedef.doc), assigned, ";"];
}

/** All that is made of a struct, a union or an exception, but its schema. */
export function structLayouts(file: FileScope, struct: Struct): Layout[] {
  if (struct.kind === "union") return unionLayouts(file, struct);
  const shape: StructShape = {
    names: file.names.ofStruct(struct),
    title: struct.name,
    plans: planFields(file, struct, "struct"),
    isClass: struct.kind === "exception",
    exported: true,
  };
  const types =
    struct.kind === "exception"
      ? exceptionTypes(file, struct, shape)
      : [[docLayout(struct.doc), interfaceLayout(shape.names.type, shape.plans, true)]];
  return [...types, ...structFunctions(file, shape), structCodec(file, shape)];
}

export function interfaceLayout(
  name: string,
  plans: readonly FieldPlan[],
  exported: boolean,
): Layout {
  return block(`${exported ? "export " : ""}interface ${name}`, plans.map(propertyLayout));
}

function propertyLayout(plan: FieldPlan): Layout {
  const { property, optional, typeText: type } = plan;
  const own = typeLayout(type);
  const declared = optional ? typed(`${property}?`, [own, "undefined"]) : typed(property, [own]);
  return [docLayout(plan.field.doc, 1), declared, ";"];
}

/** The class, and what its constructor takes. */
function exceptionTypes(file: FileScope, struct: Struct, shape: StructShape): Layout[] {
  const { names, plans } = shape;
  const fields = [
    `/** What ${names.type} is made of. */`,
    hardLine,
    interfaceLayout(names.fields, plans, true),
  ];
  // A field `message` is the message that every error has.
  const own = plans.filter(({ property }) => property !== "message");
  const message = plans.find(({ property }) => property === "message");
  const hasMessage = message !== undefined;
  const said = hasMessage ? "fields.message" : exceptionMessage(file, struct);
  const parameter =
    plans.length === 0 ? `_fields: ${names.fields} = {}` : `fields: ${names.fields}`;
  const constructor = block(list("constructor(", [parameter], ")"), [
    `super(${said});`,
    ...own.map(({ property }) => [assign(`this.${property}`, `fields.${property}`), ";"]),
  ]);
  const members: Layout[] = [
    `override readonly name = ${quote(struct.name)};`,
    ...own.map(propertyLayout),
    [hardLine, constructor],
  ];
  const head = `export class ${names.type} extends Error`;
  return [fields, [docLayout(struct.doc), block(head, members)]];
}

function exceptionMessage(file: FileScope, struct: Struct): string {
  if (struct.fields.length === 0) return quote(struct.name);
  return `${file.thriftValue("exceptionMessage")}(fields)`;
}
