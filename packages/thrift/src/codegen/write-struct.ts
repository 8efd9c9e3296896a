/** Writes the functions that read and write one struct, field by field in a straight line. */
import { type FileScope, PROTOCOLS, type ProtocolName } from "./file-scope.ts";
import type { FieldPlan } from "./field-plan.ts";
import { block, group, hardLine, indent, type Layout, line, list } from "./layout.ts";
import { objectLiteral, tallObject } from "./layout.ts";
import type { StructNames } from "./names.ts";
import { quote } from "./literal.ts";
import { readText, writeText } from "./type-text.ts";
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
 * Bytes of fixed size that are written before room is asked for again. Below HEADROOM, 512, by
 * what may stand behind: an element of a container, the end of the struct.
 */
const UNASKED_MAX_BYTES = 480;
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
  return [
    `${exported ? "export " : ""}const ${names.codec}: ${file.thriftType("Codec")}<${names.type}> = `,
    codecObject(`${file.thriftValue("TYPE")}.struct`, names),
    ";",
  ];
}

export function codecObject(
  code: string,
  names: Pick<StructNames, "readBinary" | "writeBinary" | "readCompact" | "writeCompact">,
): Layout {
  return tallObject([
    `type: ${code}`,
    `readBinary: ${names.readBinary}`,
    `writeBinary: ${names.writeBinary}`,
    `readCompact: ${names.readCompact}`,
    `writeCompact: ${names.writeCompact}`,
  ]);
}

/** `function name(parameters): Result` */
export function functionHead(
  exported: boolean,
  name: string,
  parameters: readonly Layout[],
  result: string,
): Layout {
  return group([
    exported ? "export " : "",
    `function ${name}`,
    list("(", parameters, ")"),
    `: ${result}`,
  ]);
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
  if (fallback === undefined || !plan.fallbackFirst)
    return `let ${local}: ${typeText} | undefined;`;
  const inferred = ["boolean", "number", "bigint", "string"].includes(typeText);
  return group([`let ${local}${inferred ? "" : `: ${typeText}`} =`, indent([line, fallback]), ";"]);
}

function readCase(file: FileScope, plan: FieldPlan, protocol: ProtocolName): Layout {
  const value = readText(file, plan.type, protocol);
  return [
    `case ${plan.key}: // ${plan.comment}`,
    indent([hardLine, `${plan.local} = ${value};`, hardLine, "break;"]),
  ];
}

function checkRequired(file: FileScope, shape: StructShape, plan: FieldPlan): Layout {
  const call = `${file.thriftValue("missingField")}(${quote(shape.title)}, ${quote(plan.field.name)})`;
  return group([`if (${plan.local} === undefined)`, indent([line, `throw ${call};`])]);
}

function returnStruct(shape: StructShape): Layout {
  const properties = shape.plans.map((plan): Layout => {
    const { property, local, fallback } = plan;
    if (fallback !== undefined && !plan.fallbackFirst) {
      return [`${property}: ${local} ?? `, fallback];
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
  for (const plan of plans) {
    const size = fixedSizeMax(plan);
    if (unasked + FIELD_HEAD_MAX_BYTES + size > UNASKED_MAX_BYTES) {
      statements.push("output.reserve(0);");
      unasked = 0;
    }
    statements.push(writeField(file, plan, protocol));
    // What has no fixed size asks for room itself, unless it is absent.
    unasked = size > 0 || plan.optional ? unasked + FIELD_HEAD_MAX_BYTES + size : 0;
  }
  statements.push("output.writeStop();", "output.leaveStruct();");
  return block(head, statements);
}

/** The most bytes of a value that is written without asking for room; 0 when it asks itself. */
function fixedSizeMax(plan: FieldPlan): number {
  const code = TYPE[wireName(plan.type)];
  return Math.max(fixedSize(code), compactSizeMax(code));
}

function writeField(file: FileScope, plan: FieldPlan, protocol: ProtocolName): Layout {
  const { property, writtenFallback } = plan;
  const head = `output.writeField(${plan.key}); // ${plan.comment}`;
  if (writtenFallback !== undefined) return writeWithFallback(file, plan, protocol, head);
  const write = writeText(file, plan.type, protocol, `value.${property}`);
  if (!plan.optional) return [head, hardLine, write];
  return block(`if (value.${property} !== undefined)`, [head, write]);
}

function writeWithFallback(
  file: FileScope,
  plan: FieldPlan,
  protocol: ProtocolName,
  head: string,
): Layout {
  const text = writeText(file, plan.type, protocol, "\u0000");
  const [before = "", after = ""] = text.split("\u0000");
  const value = [`value.${plan.property} ?? `, plan.writtenFallback ?? ""];
  const open = before.lastIndexOf("(") + 1;
  const given = before.slice(open).replace(/, $/, "");
  const parameters = given === "" ? [value] : [given, value];
  return [head, hardLine, list(before.slice(0, open), parameters, ")"), after.slice(1)];
}
