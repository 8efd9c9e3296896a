// Services: what they extend, and what each function takes, returns and throws.

import { linkFields } from "./link-fields.ts";
import { linkType, typeName, UNRESOLVED } from "./link-types.ts";
import { describe, lookUpType, reportIn } from "./scope.ts";
import { didYouMean } from "./suggest.ts";
import { quoted } from "./token.ts";
import type { Field, ServiceFunction } from "./model.ts";
import type { FileScope, LinkContext, ServiceSymbol } from "./scope.ts";
import type { FieldNode, FunctionNode, NameNode } from "./tree.ts";

/** Fills a service with its own functions and finds the service it extends. */
export function linkService(context: LinkContext, symbol: ServiceSymbol): void {
  const { scope, node, definition } = symbol;
  if (node.extends !== undefined) symbol.parent = linkParent(context, scope, node.extends);
  definition.functions = node.functions.map((item) => linkFunction(context, scope, item));
}

function linkParent(
  context: LinkContext,
  scope: FileScope,
  name: NameNode,
): ServiceSymbol | undefined {
  const found = lookUpType(scope, name.text);
  if (found.state === "hidden") return undefined;
  if (found.state === "ambiguous") {
    const message = `${quoted(name.text)} is defined by more than one of the included files`;
    reportIn(context, scope, name, { code: "ambiguous-name", message });
    return undefined;
  }
  if (found.state === "found") {
    if (found.symbol.kind === "service") return found.symbol;
    const kind = found.symbol.definition.kind;
    const message = `${quoted(name.text)} is a ${kind}; expected a service to extend`;
    reportIn(context, scope, name, { code: "unknown-name", message });
    return undefined;
  }
  reportIn(context, scope, name, {
    code: "unknown-name",
    message: `unknown service ${quoted(name.text)}`,
    hint: () => didYouMean(name.text, visibleServiceNames(scope)),
  });
  return undefined;
}

function* visibleServiceNames(scope: FileScope): Generator<string> {
  for (const [name, symbol] of scope.types) if (symbol.kind === "service") yield name;
  for (const [prefix, targets] of scope.includes) {
    for (const target of targets) {
      for (const [name, symbol] of target?.types ?? []) {
        if (symbol.kind === "service") yield `${prefix}.${name}`;
      }
    }
  }
}

function linkFunction(context: LinkContext, scope: FileScope, node: FunctionNode): ServiceFunction {
  const name = node.name.text;
  const result = node.result && linkType(context, scope, node.result);
  const ownerOfArguments = `the arguments of "${name}"`;
  const parameters = linkFields(context, scope, node.arguments, "argument", ownerOfArguments);
  const ownerOfThrows = `the throws list of "${name}"`;
  const throws = linkFields(context, scope, node.throws, "throws", ownerOfThrows);
  for (const [index, field] of throws.entries()) {
    checkThrown(context, scope, node.throws[index], field);
  }
  if (node.oneway !== undefined) checkOneway(context, scope, node);
  return {
    ...describe(context, scope, node),
    oneway: node.oneway !== undefined,
    result,
    arguments: parameters,
    throws,
  };
}

function checkThrown(
  context: LinkContext,
  scope: FileScope,
  node: FieldNode | undefined,
  field: Field,
): void {
  if (node === undefined || field.type === UNRESOLVED) return;
  if (node.defaultValue !== undefined) {
    const message = "a default value means nothing in a throws list";
    reportIn(context, scope, node.defaultValue, { severity: "warning", code: "ignored", message });
  }
  const definition = field.type.kind === "struct" ? field.type.definition : undefined;
  if (definition?.kind === "exception") return;
  const kind = definition === undefined ? "" : `, a ${definition.kind}`;
  const message = `only exceptions can be thrown; found ${typeName(field.type)}${kind}`;
  reportIn(context, scope, node.type, { code: "bad-throws", message });
}

/** The caller of a oneway function hears nothing back. */
function checkOneway(context: LinkContext, scope: FileScope, node: FunctionNode): void {
  if (node.result !== undefined) {
    const message = `oneway function "${node.name.text}" must return void: no reply is sent`;
    reportIn(context, scope, node.result, { code: "bad-oneway", message });
  }
  const thrown = node.throws[0];
  if (thrown !== undefined) {
    const message = `oneway function "${node.name.text}" cannot throw: no reply is sent`;
    const span = { start: thrown.start, end: thrown.name.end };
    reportIn(context, scope, span, { code: "bad-oneway", message });
  }
}

/**
 * Joins each service with the one it extends, refuses circles, and finds functions that have the
 * name of an inherited one: on the wire there is only the name.
 */
export function linkInheritance(context: LinkContext, services: readonly ServiceSymbol[]): void {
  for (const symbol of services) breakCycle(context, symbol);
  for (const symbol of services) symbol.definition.extends = symbol.parent?.definition;
  const functions = new Map(services.map((symbol) => [symbol, functionsByName(context, symbol)]));
  for (const symbol of services) {
    const ancestors = ancestorsOf(context, symbol);
    for (const [name, own] of functions.get(symbol) ?? []) {
      for (const ancestor of ancestors) {
        const inherited = functions.get(ancestor)?.get(name);
        if (inherited === undefined) continue;
        reportIn(context, symbol.scope, own.node.name, {
          code: "duplicate-name",
          message: `service "${ancestor.definition.name}" already has a function "${name}"`,
          related: [{ message: "inherited from here", position: inherited.position }],
        });
        break;
      }
    }
  }
}

/** Cuts the tie to the parent when following it leads back here, so each circle is told once. */
function breakCycle(context: LinkContext, symbol: ServiceSymbol): void {
  const names = [symbol.definition.name];
  let at = symbol.parent;
  // Longer chains than this are refused below; here it bounds the work.
  for (let step = 0; step <= context.options.nestingDepthMax && at !== undefined; step++) {
    names.push(at.definition.name);
    if (at === symbol) {
      symbol.parent = undefined;
      const message = `service "${names[0]}" extends itself: ${names.join(" → ")}`;
      const span = symbol.node.extends ?? symbol.node.name;
      reportIn(context, symbol.scope, span, { code: "extends-cycle", message });
      return;
    }
    at = at.parent;
  }
}

interface OwnFunction {
  readonly node: FunctionNode;
  readonly position: ServiceFunction["position"];
}

function functionsByName(context: LinkContext, symbol: ServiceSymbol): Map<string, OwnFunction> {
  const byName = new Map<string, OwnFunction>();
  const { name: owner, functions } = symbol.definition;
  for (const [index, node] of symbol.node.functions.entries()) {
    const linked = functions[index];
    const earlier = byName.get(node.name.text);
    if (earlier !== undefined) {
      reportIn(context, symbol.scope, node.name, {
        code: "duplicate-name",
        message: `service "${owner}" already has a function "${node.name.text}"`,
        related: [{ message: "first defined here", position: earlier.position }],
      });
    } else if (linked !== undefined) {
      byName.set(node.name.text, { node, position: linked.position });
    }
  }
  return byName;
}

function ancestorsOf(context: LinkContext, symbol: ServiceSymbol): readonly ServiceSymbol[] {
  const { nestingDepthMax } = context.options;
  const ancestors: ServiceSymbol[] = [];
  for (let at = symbol.parent; at !== undefined; at = at.parent) {
    if (ancestors.length >= nestingDepthMax) {
      const message = `services extend each other more than ${nestingDepthMax} deep`;
      const span = symbol.node.extends ?? symbol.node.name;
      reportIn(context, symbol.scope, span, { code: "too-deep", message });
      return [];
    }
    ancestors.push(at);
  }
  return ancestors;
}
