/** Writes the functions that read and write one struct, field by field in a straight line. */
import { type FileScope, PROTOCOLS, type ProtocolName } from "./file-scope.ts";
import type { FieldPlan } from "./field-plan.ts";
import {
  assign,
  assignTypedObject,
  block,
  group,
  hardLine,
  indent,
  type Layout,
  line,
  list,
  objectLiteral,
  orElse,
  signature,
  tallObject,
  typed,
} from "./layout.ts";
import type { Type } from "../idl/index.ts";
import type { StructNames } from "./names.ts";
import { quote } from "./literal.ts";
import { readCall, typeLayout, writeCall } from "./type-text.ts";
import { compactSizeMax } from "../protocol/compact-types.ts";
import { fixedSize, TYPE } from "../protocol/types.ts";
import { wireName } from "./type-shape.ts";

/** How a struct is made and named; what differs between structs, exceptions and arguments. */
export interface StructShape {
  readonly names: StructNames;
  /** As errors name it. */
  readonly title: string;
  readonly plans: readonly FieldPlan[];
  /** A class is made by its constructor. */
  readonly isClass: boolean;
  readonly exported: boolean;
}

/**
 * Bytes of fixed size that are written before room is asked for again. Below HEADROOM, 512, by what
 * may follow without asking: the ends of 64 structs within each other, the head of a field, the
 * last value of a map.
 */
const UNASKED_MAX_BYTES = 512 - 64 - 4 - 16;
/** The longest head of a field, in Compact: a type and an id apart. */
const FIELD_HEAD_MAX_BYTES = 4;

export function structFunctions(file: FileScope, shape: StructShape): Layout[] {
  return PROTOCOLS.flatMap((protocol) => [
    readFunction(file, shape, protocol),
    writeFunction(file, shape, protocol),
  ]);
}

export function structCodec(
  file: FileScope,
  shape: Pick<StructShape, "names" | "exported">,
): Layout {
  const { names, exported } = shape;
  const head = `${exported ? "export " : ""}const ${names.codec}: ${file.thriftType("Codec")}`;
  return [
    assignTypedObject(head, [names.type], codecObject(`${file.thriftValue("TYPE")}.struct`, names)),
    ";",
  ];
}

export function codecObject(
  code: string,
  names: Pick<StructNames, "readBinary" | "writeBinary" | "readCompact" | "writeCompact">,
): Layout {
  const functions = (["readBinary", "writeBinary", "readCompact", "writeCompact"] as const).map(
    (name) => group([`${name}:`, indent([line, names[name]])]),
  );
  return tallObject([`type: ${code}`, ...functions]);
}

/** `function name(parameters): Result` */
export function functionHead(
  exported: boolean,
  name: string,
  parameters: readonly Layout[],
  result: Layout,
): Layout {
  return signature(`${exported ? "export " : ""}function ${name}`, parameters, result);
}

function readFunction(file: FileScope, shape: StructShape, protocol: ProtocolName): Layout {
  const { names, plans } = shape;
  const input = `input: ${file.thriftType(`${protocol}Reader`)}`;
  const head = functionHead(shape.exported, names[`read${protocol}`], [input], names.type);
  const statements: Layout[] = [
    ...plans.map(declareLocal),
    "input.enterStruct();",
    fieldLoop(plans.map((plan) => readCase(file, plan, protocol))),
    "input.leaveStruct();",
    ...plans.filter(({ required }) => required).map((plan) => checkRequired(file, shape, plan)),
    returnStruct(shape),
  ];
  return block(head, statements);
}

/** The loop over the fields that come, with a case for each known one. */
export function fieldLoop(cases: readonly Layout[], before: readonly Layout[] = []): Layout {
  const skip = "input.skipField(key);";
  const loop = "for (let key = input.readField(); key !== 0; key = input.readField())";
  if (cases.length === 0 && before.length === 0) return `${loop} ${skip}`;
  const otherwise: Layout = ["default:", indent([hardLine, skip])];
  return block(loop, [...before, block("switch (key)", [...cases, otherwise])]);
}

function declareLocal(plan: FieldPlan): Layout {
  const { local, typeText, fallback } = plan;
  if (fallback === undefined || !plan.fallbackFirst) {
    return [typed(`let ${local}`, [typeLayout(typeText), "undefined"]), ";"];
  }
  const inferred = ["boolean", "number", "bigint", "string"].includes(typeText);
  return [assign(`let ${local}${inferred ? "" : `: ${typeText}`}`, fallback), ";"];
}

function readCase(file: FileScope, plan: FieldPlan, protocol: ProtocolName): Layout {
  const value = readCall(file, plan.type, protocol);
  return [
    `case ${plan.key}: // ${plan.comment}`,
    indent([hardLine, assign(plan.local, value), ";", hardLine, "break;"]),
  ];
}

function checkRequired(file: FileScope, shape: StructShape, plan: FieldPlan): Layout {
  const names = [quote(shape.title), quote(plan.field.name)];
  const error = list(`throw ${file.thriftValue("missingField")}(`, names, ");");
  return group([`if (${plan.local} === undefined)`, indent([line, error])]);
}

function returnStruct(shape: StructShape): Layout {
  const properties = shape.plans.map((plan): Layout => {
    const { property, local, fallback } = plan;
    if (fallback !== undefined && !plan.fallbackFirst) {
      if (plan.fallbackInline) return [`${property}: `, orElse(local, fallback, true)];
      const otherwise = group([`${local} ??`, line, fallback]);
      return group([`${property}:`, indent([line, otherwise])]);
    }
    return property === local ? property : `${property}: ${local}`;
  });
  const object = objectLiteral(properties);
  if (!shape.isClass) return ["return ", object, ";"];
  return [`return new ${shape.names.type}(`, object, ");"];
}

function writeFunction(file: FileScope, shape: StructShape, protocol: ProtocolName): Layout {
  const { names, plans } = shape;
  const output = `output: ${file.thriftType(`${protocol}Writer`)}`;
  const unused = plans.length === 0 ? "_value" : "value";
  const head = functionHead(
    shape.exported,
    names[`write${protocol}`],
    [output, `${unused}: ${names.type}`],
    "void",
  );
  const statements: Layout[] = ["output.enterStruct();"];
  let unasked = 0;
  // By id, as Apache's compilers do it: the distances that Compact writes stay short.
  for (const plan of plans.toSorted((one, other) => one.field.id - other.field.id)) {
    const size = fixedSizeMax(plan);
    if (size > 0 && unasked + FIELD_HEAD_MAX_BYTES + size > UNASKED_MAX_BYTES) {
      statements.push("output.reserve(0);");
      unasked = 0;
    }
    statements.push(writeField(file, plan, protocol));
    // A struct leaves what is left of its own room; text and lists ask, unless they are absent.
    if (holdsStruct(plan.type)) unasked = UNASKED_MAX_BYTES;
    else if (size > 0) unasked += FIELD_HEAD_MAX_BYTES + size;
    else if (!plan.optional) unasked = 0;
  }
  statements.push("output.writeStop();", "output.leaveStruct();");
  return block(head, statements);
}

function holdsStruct(type: Type): boolean {
  switch (type.kind) {
    case "struct":
      return true;
    case "list":
    case "set":
      return holdsStruct(type.element);
    case "map":
      return holdsStruct(type.key) || holdsStruct(type.value);
    default:
      return false;
  }
}

/** The most bytes of a value that is written without asking for room; 0 when it asks itself. */
function fixedSizeMax(plan: FieldPlan): number {
  const code = TYPE[wireName(plan.type)];
  return Math.max(fixedSize(code), compactSizeMax(code));
}

function writeField(file: FileScope, plan: FieldPlan, protocol: ProtocolName): Layout {
  const { property, writtenFallback } = plan;
  const head = `output.writeField(${plan.key}); // ${plan.comment}`;
  const value = `value.${property}`;
  if (writtenFallback !== undefined) {
    const given = orElse(value, writtenFallback, plan.fallbackInline);
    return [head, hardLine, writeCall(file, plan.type, protocol, given)];
  }
  const write = writeCall(file, plan.type, protocol, value);
  if (!plan.optional) return [head, hardLine, write];
  return block(`if (value.${property} !== undefined)`, [head, write]);
}
