/**
 * Writes unions: `{ field: "text", value: … }`, told apart by `field`. Why not an object with one
 * of many properties? This one cannot hold two by mistake, a switch over it is checked for
 * completeness, and the type grows by one line for each member. Reading refuses a union that has
 * not exactly one field, or one that is not known here: there is nothing it could become.
 */
import type { Struct } from "../idl/index.ts";
import { docLayout } from "./doc-comment.ts";
import { type FieldPlan, planFields } from "./field-plan.ts";
import { type FileScope, PROTOCOLS, type ProtocolName } from "./file-scope.ts";
import {
  assign,
  block,
  group,
  hardLine,
  indent,
  join,
  type Layout,
  line,
  objectLiteral,
  objectType,
  union,
} from "./layout.ts";
import { quote } from "./literal.ts";
import { readCall, typeLayout, writeCall } from "./type-text.ts";
import { fieldLoop, functionHead, structCodec } from "./write-struct.ts";

export function unionLayouts(file: FileScope, struct: Struct): Layout[] {
  const names = file.names.ofStruct(struct);
  const plans = planFields(file, struct, "struct");
  const functions = PROTOCOLS.flatMap((protocol) => [
    readFunction(file, struct, plans, protocol),
    writeFunction(file, struct, plans, protocol),
  ]);
  const type = [docLayout(unionDoc(struct)), unionType(names.type, plans)];
  return [type, ...functions, structCodec(file, { names, exported: true })];
}

function unionType(name: string, plans: readonly FieldPlan[]): Layout {
  const head = `export type ${name}`;
  if (plans.length === 0) return `${head} = never;`;
  const [only] = plans;
  if (plans.length === 1 && only !== undefined) return [`${head} = `, member(only), ";"];
  return [assign(head, union(plans.map(member))), ";"];
}

function member(plan: FieldPlan): Layout {
  const value = ["value: ", typeLayout(plan.typeText)];
  return objectType([`field: ${quote(plan.field.name)}`, value]);
}

/** Fields have no place of their own for their comments, so those follow the union's. */
function unionDoc(struct: Struct): string | undefined {
  const documented = struct.fields.filter(({ doc }) => doc !== undefined);
  if (documented.length === 0) return struct.doc;
  const lines = documented.map(({ name, doc }) => `- ${name}: ${doc?.replaceAll("\n", "\n  ")}`);
  return [...(struct.doc === undefined ? [] : [struct.doc, ""]), ...lines].join("\n");
}

function readFunction(
  file: FileScope,
  struct: Struct,
  plans: readonly FieldPlan[],
  protocol: ProtocolName,
): Layout {
  const names = file.names.ofStruct(struct);
  const input = `input: ${file.thriftType(`${protocol}Reader`)}`;
  const cases = plans.map((plan): Layout => {
    const value = readCall(file, plan.type, protocol);
    const given = group(["value:", indent([line, value])]);
    const made = objectLiteral([`field: ${quote(plan.field.name)}`, given]);
    const statement = ["value = ", made, ";"];
    return [
      `case ${plan.key}: // ${plan.comment}`,
      indent([hardLine, statement, hardLine, "break;"]),
    ];
  });
  const error = `${file.thriftValue("notOneField")}(${quote(struct.name)}, count)`;
  return block(functionHead(true, names[`read${protocol}`], [input], names.type), [
    `let value: ${names.type} | undefined;`,
    "let count = 0;",
    "input.enterStruct();",
    fieldLoop(cases, ["count++;"]),
    "input.leaveStruct();",
    group(["if (value === undefined || count !== 1)", indent([line, `throw ${error};`])]),
    "return value;",
  ]);
}

function writeFunction(
  file: FileScope,
  struct: Struct,
  plans: readonly FieldPlan[],
  protocol: ProtocolName,
): Layout {
  const names = file.names.ofStruct(struct);
  const output = `output: ${file.thriftType(`${protocol}Writer`)}`;
  const head = functionHead(
    true,
    names[`write${protocol}`],
    [output, `value: ${names.type}`],
    "void",
  );
  const cases = plans.map((plan): Layout => {
    const statements = [
      `output.writeField(${plan.key}); // ${plan.comment}`,
      writeCall(file, plan.type, protocol, "value.value"),
      "break;",
    ];
    return [`case ${quote(plan.field.name)}:`, indent([hardLine, join(statements, hardLine)])];
  });
  const error = `throw ${file.thriftValue("unknownMember")}(${quote(struct.name)}, value);`;
  if (plans.length === 0) return block(head, ["void output;", error]);
  return block(head, [
    "output.enterStruct();",
    block("switch (value.field)", [...cases, ["default:", indent([hardLine, error])]]),
    "output.writeStop();",
    "output.leaveStruct();",
  ]);
}
