// Fields of structs, arguments and exceptions of a throws list: ids, names, requiredness, types.

import { fitsBits, integerOf } from "./integer.ts";
import { linkType } from "./link-types.ts";
import { describe, reportIn } from "./scope.ts";
import { shortened } from "./token.ts";
import type { Field } from "./model.ts";
import type { FileScope, LinkContext, Mutable } from "./scope.ts";
import type { FieldNode, NameNode } from "./tree.ts";

export type FieldRole = "struct" | "union" | "exception" | "argument" | "throws";

/** Links a list of fields, one for one. `owner` is how messages name what they belong to. */
export function linkFields(
  context: LinkContext,
  scope: FileScope,
  nodes: readonly FieldNode[],
  role: FieldRole,
  owner: string,
): Mutable<Field>[] {
  const fields: Mutable<Field>[] = [];
  const byId = new Map<number, Field>();
  const byName = new Map<string, Field>();
  // Apache's numbers for fields without an id.
  let implicitId = -1;
  let freeId = firstFreeId(nodes);
  for (const node of nodes) {
    if (node.id === undefined) reportMissingId(context, scope, node, role, freeId++);
    const given = node.id && linkId(context, scope, node.id);
    const field: Mutable<Field> = {
      ...describe(context, scope, node),
      id: given ?? implicitId--,
      requiredness: requirednessOf(context, scope, node, role),
      type: linkType(context, scope, node.type),
      defaultValue: undefined,
    };
    fields.push(field);
    if (node.defaultValue !== undefined) {
      context.pendingDefaults.push({ scope, field, node: node.defaultValue });
    }
    if (given !== undefined) registerId(context, scope, node, field, byId, owner);
    registerName(context, scope, node, field, byName, owner);
  }
  if (role === "union") checkUnionDefaults(context, scope, nodes, fields, owner);
  return fields;
}

/** The id after the highest one: what a field without an id may be given. */
function firstFreeId(nodes: readonly FieldNode[]): number {
  let highest = 0n;
  for (const node of nodes) {
    const id = node.id && integerOf(node.id.text);
    if (id !== undefined && id > highest && fitsBits(id, 16n)) highest = id;
  }
  return Number(highest) + 1;
}

/** The id as given; undefined when it cannot be used, which is reported. */
function linkId(context: LinkContext, scope: FileScope, node: NameNode): number | undefined {
  const id = integerOf(node.text);
  if (id !== undefined && id > 0n && fitsBits(id, 16n)) return Number(id);
  reportIn(context, scope, node, {
    code: "id-out-of-range",
    message: `field id ${shortened(node.text)} is out of range; expected 1 to 32767`,
  });
  return undefined;
}

/**
 * In a struct a missing id is an error: the number that would be counted for it changes with
 * every field added above. In an argument list it is a warning, for old files leave it out there
 * and Apache's compiler still takes them; the ids are those it counts.
 */
function reportMissingId(
  context: LinkContext,
  scope: FileScope,
  node: FieldNode,
  role: FieldRole,
  free: number,
): void {
  const tolerated = role === "argument" || role === "throws";
  reportIn(
    context,
    scope,
    { start: node.start, end: node.name.end },
    {
      severity: tolerated ? "warning" : "error",
      code: "missing-id",
      message: `field "${node.name.text}" has no id`,
      hint: free <= 32767 ? `write "${free}:" before it` : undefined,
    },
  );
}

function requirednessOf(
  context: LinkContext,
  scope: FileScope,
  node: FieldNode,
  role: FieldRole,
): Field["requiredness"] {
  const word = node.requiredness;
  if (role === "union") {
    if (word?.text === "required") {
      const message = `a member of a union cannot be required: only one of them is ever set`;
      reportIn(context, scope, word, { code: "bad-union", message });
    }
    return "optional";
  }
  if (word === undefined) return "default";
  if (role === "throws" || (role === "argument" && word.text === "optional")) {
    const place = role === "throws" ? "in a throws list" : "for an argument";
    reportIn(context, scope, word, {
      severity: "warning",
      code: "ignored",
      message: `"${word.text}" means nothing ${place}`,
    });
    return "default";
  }
  return word.text === "required" ? "required" : "optional";
}

function registerId(
  context: LinkContext,
  scope: FileScope,
  node: FieldNode,
  field: Field,
  byId: Map<number, Field>,
  owner: string,
): void {
  const earlier = byId.get(field.id);
  if (earlier === undefined) {
    byId.set(field.id, field);
    return;
  }
  reportIn(context, scope, node.id ?? node.name, {
    code: "duplicate-id",
    message: `id ${field.id} in ${owner} is already that of "${earlier.name}"`,
    related: [{ message: `"${earlier.name}" is here`, position: earlier.position }],
  });
}

function registerName(
  context: LinkContext,
  scope: FileScope,
  node: FieldNode,
  field: Field,
  byName: Map<string, Field>,
  owner: string,
): void {
  const earlier = byName.get(field.name);
  if (earlier === undefined) {
    byName.set(field.name, field);
    return;
  }
  reportIn(context, scope, node.name, {
    code: "duplicate-name",
    message: `the name "${field.name}" in ${owner} is already that of another field`,
    related: [{ message: "first defined here", position: earlier.position }],
  });
}

function checkUnionDefaults(
  context: LinkContext,
  scope: FileScope,
  nodes: readonly FieldNode[],
  fields: readonly Field[],
  owner: string,
): void {
  let first: Field | undefined;
  for (const [index, node] of nodes.entries()) {
    if (node.defaultValue === undefined) continue;
    if (first === undefined) {
      first = fields[index];
      continue;
    }
    reportIn(context, scope, node.defaultValue, {
      code: "bad-union",
      message: `${owner} has more than one default value; only one member is ever set`,
      related: [{ message: `"${first.name}" has one`, position: first.position }],
    });
  }
}
