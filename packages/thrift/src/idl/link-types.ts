// Types: names followed to what they stand for, through typedefs and into other files.

import { BASE_TYPES, CONTAINER_TYPES } from "./parse-type.ts";
import {
  linkAnnotations,
  lookUpConstant,
  lookUpType,
  reportIn,
  sizeOf,
  visibleTypeNames,
} from "./scope.ts";
import { didYouMean } from "./suggest.ts";
import { quoted } from "./token.ts";
import type { Annotations, BaseType, Type } from "./model.ts";
import type { FileScope, LinkContext, TypedefSymbol, TypeSymbol } from "./scope.ts";
import type { BaseTypeName, TypeNode } from "./tree.ts";

const NO_ANNOTATIONS: Annotations = new Map();

/**
 * Stands where a type is unknown; that is reported, so nothing about it is reported again. Told
 * by identity. No program with one leaves the linker.
 */
export const UNRESOLVED: BaseType = { kind: "bool", annotations: NO_ANNOTATIONS };

const PLAIN_BASE_TYPES: ReadonlyMap<BaseTypeName, BaseType> = new Map(
  [...BASE_TYPES.values()].map((kind) => [kind, { kind, annotations: NO_ANNOTATIONS }]),
);

/** The type a node stands for; {@link UNRESOLVED} when it stands for none. */
export function linkType(context: LinkContext, scope: FileScope, node: TypeNode): Type {
  const annotations = linkAnnotations(context, scope, node.annotations);
  if (node.kind === "name") {
    return withAnnotations(context, linkNamedType(context, scope, node), annotations);
  }
  if (node.kind === "base") {
    const plain = PLAIN_BASE_TYPES.get(node.base);
    return annotations.size === 0 && plain ? plain : { kind: node.base, annotations };
  }
  if (node.kind === "map") {
    const key = linkType(context, scope, node.key);
    const value = linkType(context, scope, node.value);
    return measured(context, scope, node, { kind: "map", key, value, annotations }, [key, value]);
  }
  const element = linkType(context, scope, node.element);
  return measured(context, scope, node, { kind: node.kind, element, annotations }, [element]);
}

/** Records the size of a container, and refuses one that is too large once written out. */
function measured(
  context: LinkContext,
  scope: FileScope,
  node: { readonly start: number; readonly end: number },
  type: Type,
  parts: readonly Type[],
): Type {
  const { nestingDepthMax, typeNodesMax } = context.options;
  let depth = 0;
  let nodes = 1;
  for (const part of parts) {
    const size = sizeOf(context, part);
    depth = Math.max(depth, size.depth);
    nodes += size.nodes;
  }
  depth += 1;
  if (depth > nestingDepthMax) {
    const message = `this type is nested deeper than ${nestingDepthMax}, typedefs counted`;
    reportIn(context, scope, node, { code: "too-deep", message });
    return UNRESOLVED;
  }
  if (nodes > typeNodesMax) {
    const message = `this type has more than ${typeNodesMax} parts with its typedefs written out`;
    reportIn(context, scope, node, { code: "too-large", message });
    return UNRESOLVED;
  }
  context.sizes.set(type, { depth, nodes });
  return type;
}

function linkNamedType(
  context: LinkContext,
  scope: FileScope,
  node: TypeNode & { readonly kind: "name" },
): Type {
  const found = lookUpType(scope, node.name);
  if (found.state === "found") return useOf(context, scope, node, found.symbol);
  if (found.state === "hidden") return UNRESOLVED;
  if (found.state === "ambiguous") {
    const message = `${quoted(node.name)} is defined by more than one of the included files`;
    reportIn(context, scope, node, { code: "ambiguous-name", message });
    return UNRESOLVED;
  }
  if (node.name === "slist") return useHistoricalString(context, scope, node);
  const other = lookUpConstant(scope, node.name).state === "found" ? "a constant" : undefined;
  reportIn(context, scope, node, {
    code: "unknown-name",
    message: other
      ? `${quoted(node.name)} is ${other}, not a type`
      : `unknown type ${quoted(node.name)}`,
    hint: other ? undefined : () => typeHint(scope, node.name),
  });
  return UNRESOLVED;
}

function useOf(
  context: LinkContext,
  scope: FileScope,
  node: TypeNode & { readonly kind: "name" },
  symbol: TypeSymbol,
): Type {
  if (symbol.kind === "enum" || symbol.kind === "struct") return symbol.use;
  if (symbol.kind === "service") {
    const message = `${quoted(node.name)} is a service, not a type`;
    reportIn(context, scope, node, { code: "unknown-name", message });
    return UNRESOLVED;
  }
  if (symbol.progress === "busy") {
    const chain = context.openTypedefs.slice(context.openTypedefs.indexOf(symbol));
    const names = [...chain, symbol].map((typedef) => typedef.definition.name).join(" → ");
    const message = `typedef "${symbol.definition.name}" stands for itself: ${names}`;
    reportIn(context, scope, node, { code: "typedef-cycle", message });
    return UNRESOLVED;
  }
  linkTypedef(context, symbol);
  return symbol.use;
}

/** Follows a typedef to its type, once. */
export function linkTypedef(context: LinkContext, symbol: TypedefSymbol): void {
  if (symbol.progress !== "new") return;
  const { definition, node, scope } = symbol;
  symbol.progress = "busy";
  context.openTypedefs.push(symbol);
  const tooDeep = context.openTypedefs.length > context.options.nestingDepthMax;
  const target = tooDeep ? UNRESOLVED : linkType(context, scope, node.type);
  context.openTypedefs.pop();
  symbol.progress = "done";
  definition.type = target;
  if (target === UNRESOLVED && !tooDeep) return;
  const { depth, nodes } = sizeOf(context, target);
  if (tooDeep || depth + 1 > context.options.nestingDepthMax) {
    const message = `typedefs are nested deeper than ${context.options.nestingDepthMax}`;
    reportIn(context, scope, node.name, { code: "too-deep", message });
    return;
  }
  const annotations = merged(target.annotations, definition.annotations);
  symbol.use = { ...target, alias: definition, annotations };
  context.sizes.set(symbol.use, { depth: depth + 1, nodes });
}

/** `slist` was a string before 2010. */
function useHistoricalString(context: LinkContext, scope: FileScope, node: TypeNode): Type {
  reportIn(context, scope, node, {
    severity: "warning",
    code: "historical",
    message: '"slist" is the old word for "string"',
  });
  return { kind: "string", annotations: NO_ANNOTATIONS };
}

function typeHint(scope: FileScope, name: string): string | undefined {
  const dot = name.lastIndexOf(".");
  if (dot < 0) {
    for (const [prefix, targets] of scope.includes) {
      if (targets.some((target) => target?.types.has(name))) {
        return `did you mean "${prefix}.${name}"?`;
      }
    }
  } else if (!scope.includes.has(name.slice(0, dot))) {
    const prefix = name.slice(0, dot);
    const close = didYouMean(prefix, scope.includes.keys());
    return `no include is called ${quoted(prefix)}${close === undefined ? "" : `; ${close}`}`;
  }
  const words = [...BASE_TYPES.keys(), ...CONTAINER_TYPES];
  return didYouMean(name, [...words, ...visibleTypeNames(scope)]);
}

function withAnnotations(context: LinkContext, type: Type, annotations: Annotations): Type {
  if (annotations.size === 0 || type === UNRESOLVED) return type;
  const annotated = { ...type, annotations: merged(type.annotations, annotations) };
  context.sizes.set(annotated, sizeOf(context, type));
  return annotated;
}

function merged(far: Annotations, near: Annotations): Annotations {
  if (near.size === 0) return far;
  return far.size === 0 ? near : new Map([...far, ...near]);
}

/** How a message names a type: as it was written, with what it stands for. */
export function typeName(type: Type): string {
  if (type.alias !== undefined && type.kind !== "enum" && type.kind !== "struct") {
    return `${type.alias.name} (${plainTypeName(type)})`;
  }
  return plainTypeName(type);
}

function plainTypeName(type: Type): string {
  switch (type.kind) {
    case "list":
    case "set":
      return `${type.kind}<${nestedTypeName(type.element)}>`;
    case "map":
      return `map<${nestedTypeName(type.key)}, ${nestedTypeName(type.value)}>`;
    case "enum":
    case "struct":
      return type.definition.name;
    default:
      return type.kind;
  }
}

function nestedTypeName(type: Type): string {
  return type.alias === undefined ? plainTypeName(type) : type.alias.name;
}

/** True when two types are the same on the wire, whatever their aliases and annotations. */
export function sameType(one: Type, other: Type): boolean {
  if (one === other) return true;
  if (one.kind === "list" || one.kind === "set") {
    return other.kind === one.kind && sameType(one.element, other.element);
  }
  if (one.kind === "map") {
    return other.kind === "map" && sameType(one.key, other.key) && sameType(one.value, other.value);
  }
  if (one.kind === "enum" || one.kind === "struct") {
    return other.kind === one.kind && other.definition === one.definition;
  }
  return other.kind === one.kind;
}
