// Finds structs of which no value can exist, since each would have to hold another of its kind.
// A list or an optional field in between makes the value finite; a required field does not. A
// circle of unions only is a warning: nobody can send one, but Apache's own tests define one.

import { reportIn } from "./scope.ts";
import type { Field, Struct } from "./model.ts";
import type { LinkContext, StructSymbol } from "./scope.ts";

/** Reports each circle of required fields once. */
export function checkFinite(context: LinkContext, structs: readonly StructSymbol[]): void {
  const finite = finiteStructs(structs);
  const followed = new Set<StructSymbol>();
  for (const start of structs) {
    const path: Step[] = [];
    const onPath = new Set<StructSymbol>();
    let at: StructSymbol | undefined = start;
    while (at !== undefined && !finite.has(at.definition) && !followed.has(at)) {
      followed.add(at);
      onPath.add(at);
      const step = nextStep(context, at, finite);
      if (step === undefined) break;
      path.push(step);
      at = step.target;
    }
    if (at === undefined || !onPath.has(at)) continue;
    const end = at;
    reportCircle(context, path.slice(path.findIndex((step) => step.symbol === end)));
  }
}

interface Step {
  readonly symbol: StructSymbol;
  readonly fieldIndex: number;
  readonly target: StructSymbol;
}

/** The structs that have a value: grown from those that need no other. */
function finiteStructs(structs: readonly StructSymbol[]): ReadonlySet<Struct> {
  const finite = new Set<Struct>();
  const missing = new Map<Struct, number>();
  const neededBy = new Map<Struct, Struct[]>();
  const queue: Struct[] = [];
  for (const { definition } of structs) {
    const needed = neededStructs(definition);
    missing.set(
      definition,
      definition.kind === "union" ? Math.min(1, needed.length) : needed.length,
    );
    for (const other of needed) {
      const users = neededBy.get(other);
      if (users === undefined) neededBy.set(other, [definition]);
      else users.push(definition);
    }
    if (needed.length === 0) queue.push(definition);
  }
  for (let definition = queue.pop(); definition !== undefined; definition = queue.pop()) {
    finite.add(definition);
    for (const user of neededBy.get(definition) ?? []) {
      const left = (missing.get(user) ?? 0) - 1;
      missing.set(user, left);
      if (left === 0) queue.push(user);
    }
  }
  return finite;
}

/** Of a struct all that must be had; of a union those of which one must be had. */
function neededStructs(definition: Struct): Struct[] {
  const needed: Struct[] = [];
  for (const field of definition.fields) {
    const other = structOf(field);
    // A union with a member that is no struct has a value.
    if (definition.kind === "union" && other === undefined) return [];
    if (other !== undefined && needs(definition, field)) needed.push(other);
  }
  return needed;
}

function structOf(field: Field): Struct | undefined {
  return field.type.kind === "struct" ? field.type.definition : undefined;
}

function needs(definition: Struct, field: Field): boolean {
  return definition.kind === "union" || field.requiredness === "required";
}

/** A field that leads from a struct without a value to another one. */
function nextStep(
  context: LinkContext,
  symbol: StructSymbol,
  finite: ReadonlySet<Struct>,
): Step | undefined {
  for (const [fieldIndex, field] of symbol.fields.entries()) {
    const other = structOf(field);
    if (other === undefined || finite.has(other) || !needs(symbol.definition, field)) continue;
    const target = context.symbols.get(other);
    if (target?.kind === "struct") return { symbol, fieldIndex, target };
  }
  return undefined;
}

/** How many steps of a long circle a message names. */
const STEPS_SHOWN = 8;

function reportCircle(context: LinkContext, circle: readonly Step[]): void {
  const first = circle[0];
  const node = first?.symbol.node.fields[first.fieldIndex];
  if (first === undefined || node === undefined) return;
  const steps = circle.map(
    (step) => `${step.symbol.definition.name}.${step.symbol.fields[step.fieldIndex]?.name}`,
  );
  const shown = steps.length > STEPS_SHOWN ? [...steps.slice(0, STEPS_SHOWN), "…"] : steps;
  const { kind, name } = first.symbol.definition;
  const allUnions = circle.every((step) => step.symbol.definition.kind === "union");
  reportIn(context, first.symbol.scope, node.name, {
    severity: allUnions ? "warning" : "error",
    code: "infinite-value",
    message: `no value of ${kind} "${name}" can end: ${[...shown, name].join(" → ")}`,
    hint: allUnions
      ? "give a union of the circle another member"
      : "make a field of the circle optional, or put a list in between",
  });
}
