// Constants and default values: the tree of a value, checked against its type and turned into
// typed values.

import { constantAs, lookUpValue } from "./constant-names.ts";
import { scalarAs, wrongType } from "./constant-scalars.ts";
import { integerOf } from "./integer.ts";
import { UNRESOLVED } from "./link-types.ts";
import { reportIn, sizeOf } from "./scope.ts";
import { didYouMean, namedList } from "./suggest.ts";
import { quoted, shortened } from "./token.ts";
import { ValueIdentity } from "./value-identity.ts";
import type { Scalar } from "./constant-scalars.ts";
import type { ConstValue, Field, ListType, MapType, StructType, Type } from "./model.ts";
import type { ConstantSymbol, FileScope, LinkContext, StructSymbol } from "./scope.ts";
import type { Span } from "./source.ts";
import type { ConstEntryNode, ConstNode } from "./tree.ts";

/** Evaluates constants, each once, and whatever values are written against a type. */
export class ConstantEvaluator {
  readonly #context: LinkContext;
  readonly #identity = new ValueIdentity();

  constructor(context: LinkContext) {
    this.#context = context;
  }

  /** Evaluates a constant and those it names. */
  evaluateConstant(symbol: ConstantSymbol): void {
    if (symbol.progress !== "new") return;
    const { definition, node, scope } = symbol;
    const { openConstants, options } = this.#context;
    symbol.progress = "busy";
    openConstants.push(symbol);
    if (openConstants.length > options.nestingDepthMax) {
      const message = `constants are nested deeper than ${options.nestingDepthMax}, names counted`;
      this.#report(scope, node.name, "too-deep", message);
    } else {
      symbol.value = this.evaluate(scope, node.value, definition.type);
    }
    openConstants.pop();
    symbol.progress = "done";
    if (symbol.value !== undefined) definition.value = symbol.value;
  }

  /** The value of a node as the type; undefined when it has none, which is reported. */
  evaluate(scope: FileScope, node: ConstNode, type: Type): ConstValue | undefined {
    if (type === UNRESOLVED) return undefined;
    switch (node.kind) {
      case "list":
        return this.#evaluateList(scope, node, type);
      case "map":
        return this.#evaluateMap(scope, node, type);
      case "name":
        return this.#evaluateName(scope, node, node.text, type);
      default:
        return scalarAs(this.#place(scope, node), scalarOf(node.kind, node.text), type);
    }
  }

  #evaluateName(
    scope: FileScope,
    node: ConstNode,
    name: string,
    type: Type,
  ): ConstValue | undefined {
    const place = this.#place(scope, node);
    const named = lookUpValue(place, name, type);
    if (named === undefined) return undefined;
    if (named.kind === "scalar") return scalarAs(place, named.scalar, type);
    const { symbol } = named;
    if (symbol.progress === "busy") {
      this.#reportCycle(scope, node, symbol);
      return undefined;
    }
    this.evaluateConstant(symbol);
    return symbol.value && constantAs(place, symbol.definition, symbol.value, type);
  }

  #evaluateList(
    scope: FileScope,
    node: ConstNode & { readonly kind: "list" },
    type: Type,
  ): ConstValue | undefined {
    if (type.kind === "list" || type.kind === "set") {
      return this.#evaluateElements(scope, node, node.elements, type);
    }
    if (type.kind === "map" && node.elements.length === 0) {
      return this.#measured(scope, node, { kind: "map", type, entries: [] }, []);
    }
    const hint = type.kind === "map" || type.kind === "struct" ? "write it in { }" : undefined;
    return wrongType(this.#place(scope, node), type, "a list", hint);
  }

  #evaluateElements(
    scope: FileScope,
    node: Span,
    nodes: readonly ConstNode[],
    type: ListType,
  ): ConstValue | undefined {
    const elements: ConstValue[] = [];
    const seen = new Set<number>();
    let complete = true;
    for (const element of nodes) {
      const value = this.evaluate(scope, element, type.element);
      if (value === undefined) {
        complete = false;
        continue;
      }
      if (type.kind === "set" && !this.#isNew(value, seen)) {
        const message = "this element is already in the set";
        this.#report(scope, element, "duplicate-value", message, "warning");
        continue;
      }
      elements.push(value);
    }
    if (!complete) return undefined;
    return this.#measured(scope, node, { kind: type.kind, type, elements }, elements);
  }

  #evaluateMap(
    scope: FileScope,
    node: ConstNode & { readonly kind: "map" },
    type: Type,
  ): ConstValue | undefined {
    if (type.kind === "map") return this.#evaluateEntries(scope, node, node.entries, type);
    if (type.kind === "struct") return this.#evaluateStruct(scope, node, node.entries, type);
    // Apache's compiler takes an empty map for an empty list or set; its own tests do it.
    if ((type.kind === "list" || type.kind === "set") && node.entries.length === 0) {
      return this.#measured(scope, node, { kind: type.kind, type, elements: [] }, []);
    }
    const hint = type.kind === "list" || type.kind === "set" ? "write it in [ ]" : undefined;
    return wrongType(this.#place(scope, node), type, "a map", hint);
  }

  #evaluateEntries(
    scope: FileScope,
    node: Span,
    nodes: readonly ConstEntryNode[],
    type: MapType,
  ): ConstValue | undefined {
    const entries: { key: ConstValue; value: ConstValue }[] = [];
    const seen = new Set<number>();
    let complete = true;
    for (const entry of nodes) {
      const key = this.evaluate(scope, entry.key, type.key);
      const value = this.evaluate(scope, entry.value, type.value);
      if (key !== undefined && !this.#isNew(key, seen)) {
        this.#report(scope, entry.key, "duplicate-key", "this key is already in the map");
        complete = false;
      } else if (key === undefined || value === undefined) {
        complete = false;
      } else {
        entries.push({ key, value });
      }
    }
    if (!complete) return undefined;
    const parts = entries.flatMap((entry) => [entry.key, entry.value]);
    return this.#measured(scope, node, { kind: "map", type, entries }, parts);
  }

  #evaluateStruct(
    scope: FileScope,
    node: Span,
    nodes: readonly ConstEntryNode[],
    type: StructType,
  ): ConstValue | undefined {
    const { definition } = type;
    const symbol = this.#context.symbols.get(definition);
    if (symbol?.kind !== "struct") throw new Error("a struct without its symbol");
    const fields: { field: Field; value: ConstValue }[] = [];
    const given = new Set<Field>();
    let complete = true;
    for (const entry of nodes) {
      const field = this.#fieldOf(scope, entry.key, symbol);
      if (field === undefined) {
        complete = false;
        continue;
      }
      if (given.has(field)) {
        const message = `"${field.name}" is already given`;
        this.#report(scope, entry.key, "duplicate-key", message);
        complete = false;
      }
      given.add(field);
      const value = this.evaluate(scope, entry.value, field.type);
      if (value === undefined) complete = false;
      else fields.push({ field, value });
    }
    if (!this.#checkGiven(scope, node, symbol, given) || !complete) return undefined;
    const parts = fields.map((entry) => entry.value);
    return this.#measured(scope, node, { kind: "struct", type, definition, fields }, parts);
  }

  #fieldOf(scope: FileScope, key: ConstNode, symbol: StructSymbol): Field | undefined {
    const { name: owner, kind } = symbol.definition;
    if (key.kind !== "literal") {
      reportIn(this.#context, scope, key, {
        code: "wrong-type",
        message: `expected the name of a field of ${kind} "${owner}", a quoted string`,
        hint: key.kind === "name" ? `write it in quotes: "${shortened(key.text)}"` : undefined,
      });
      return key.kind === "name" ? symbol.fieldsByName.get(key.text) : undefined;
    }
    const field = symbol.fieldsByName.get(key.text);
    if (field !== undefined || symbol.node.damaged) return field;
    reportIn(this.#context, scope, key, {
      code: "unknown-field",
      message: `${kind} "${owner}" has no field ${quoted(key.text)}`,
      hint: () =>
        didYouMean(key.text, symbol.fieldsByName.keys()) ??
        namedList("its fields", [...symbol.fieldsByName.keys()]),
    });
    return undefined;
  }

  /** A struct has all its required fields; of a union exactly one is set. */
  #checkGiven(
    scope: FileScope,
    node: Span,
    symbol: StructSymbol,
    given: ReadonlySet<Field>,
  ): boolean {
    if (symbol.node.damaged) return false;
    const { name: owner, kind } = symbol.definition;
    if (kind === "union") {
      if (given.size === 1) return true;
      const message = `a value of union "${owner}" sets exactly one member; found ${given.size}`;
      this.#report(scope, node, "bad-union", message);
      return false;
    }
    const missing: Field[] = [];
    for (const field of symbol.requiredFields) {
      if (!given.has(field)) missing.push(field);
      // The names of a few are enough, and a struct may have thousands.
      if (missing.length > 3) break;
    }
    if (missing.length === 0) return true;
    const names = missing.slice(0, 3).map((field) => `"${field.name}"`);
    const more = missing.length > 3 ? ", …" : "";
    const fields = missing.length > 1 ? "fields" : "field";
    const message = `required ${fields} ${names.join(", ")}${more} of ${kind} "${owner}" not given`;
    this.#report(scope, node, "missing-field", message);
    return false;
  }

  /** Records the size of a value, and refuses one that is too large once written out. */
  #measured(
    scope: FileScope,
    node: Span,
    value: ConstValue,
    parts: readonly ConstValue[],
  ): ConstValue | undefined {
    const { nestingDepthMax, constantNodesMax } = this.#context.options;
    let depth = 0;
    let nodes = 1;
    for (const part of parts) {
      const size = sizeOf(this.#context, part);
      depth = Math.max(depth, size.depth);
      nodes += size.nodes;
    }
    depth += 1;
    if (depth > nestingDepthMax) {
      const message = `constants are nested deeper than ${nestingDepthMax}, names counted`;
      this.#report(scope, node, "too-deep", message);
      return undefined;
    }
    if (nodes > constantNodesMax) {
      const message = `this value has more than ${constantNodesMax} parts with names written out`;
      this.#report(scope, node, "too-large", message);
      return undefined;
    }
    this.#context.sizes.set(value, { depth, nodes });
    return value;
  }

  #isNew(value: ConstValue, seen: Set<number>): boolean {
    const id = this.#identity.idOf(value);
    if (seen.has(id)) return false;
    seen.add(id);
    return true;
  }

  #reportCycle(scope: FileScope, node: Span, symbol: ConstantSymbol): void {
    const { openConstants } = this.#context;
    const chain = [...openConstants.slice(openConstants.indexOf(symbol)), symbol];
    const names = chain.map((constant) => constant.definition.name).join(" → ");
    const message = `constant "${symbol.definition.name}" is defined by itself: ${names}`;
    this.#report(scope, node, "constant-cycle", message);
  }

  #place(scope: FileScope, span: Span) {
    return { context: this.#context, scope, span };
  }

  #report(
    scope: FileScope,
    span: Span,
    code: Parameters<typeof reportIn>[3]["code"],
    message: string,
    severity: "error" | "warning" = "error",
  ): void {
    reportIn(this.#context, scope, span, { code, message, severity });
  }
}

function scalarOf(kind: "integer" | "double" | "literal", text: string): Scalar {
  if (kind === "integer") return { kind, value: integerOf(text), text };
  if (kind === "double") return { kind, value: Number(text) };
  return { kind: "text", value: text };
}
