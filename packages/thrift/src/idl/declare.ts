// The first step of linking: every definition of a file gets its place in the model and its name
// in the file's scope, still without what other definitions contribute to it.

import { nameOfFile } from "./load.ts";
import { UNRESOLVED } from "./link-types.ts";
import { describe, linkAnnotations, reportIn } from "./scope.ts";
import type { LoadedFile } from "./load.ts";
import type { ConstValue, EnumType, Include, Namespace, Program, StructType } from "./model.ts";
import type {
  ConstantSymbol,
  FileScope,
  LinkContext,
  Mutable,
  StructSymbol,
  TypeSymbol,
} from "./scope.ts";
import type { DefinitionNode } from "./tree.ts";

/** Declares a file. Those it includes are declared before it. */
export function declareFile(
  context: LinkContext,
  file: LoadedFile,
  declared: ReadonlyMap<LoadedFile, FileScope>,
): FileScope {
  const program: Mutable<Program> = {
    path: file.path,
    name: nameOfFile(file.path),
    doc: file.document.doc,
    namespaces: new Map(),
    includes: [],
    cppIncludes: file.document.cppIncludes,
    constants: [],
    typedefs: [],
    enums: [],
    structs: [],
    services: [],
  };
  const scope: FileScope = {
    file,
    program,
    types: new Map(),
    constants: new Map(),
    symbols: [],
    includes: new Map(),
  };
  declareIncludes(scope, declared);
  program.namespaces = linkNamespaces(context, scope);
  for (const node of file.document.definitions) {
    const symbol = makeSymbol(context, scope, node);
    scope.symbols.push(symbol);
    register(context, scope, symbol);
  }
  const definitions = scope.symbols.map((symbol) => symbol.definition);
  program.constants = definitions.filter((definition) => definition.kind === "constant");
  program.typedefs = definitions.filter((definition) => definition.kind === "typedef");
  program.enums = definitions.filter((definition) => definition.kind === "enum");
  program.services = definitions.filter((definition) => definition.kind === "service");
  program.structs = scope.symbols
    .filter((symbol): symbol is StructSymbol => symbol.kind === "struct")
    .map((symbol) => symbol.definition);
  return scope;
}

function declareIncludes(scope: FileScope, declared: ReadonlyMap<LoadedFile, FileScope>): void {
  const includes: Include[] = [];
  const { source } = scope.file.document;
  for (const { node, prefix, file } of scope.file.includes) {
    const target = file && declared.get(file);
    const targets = scope.includes.get(prefix);
    if (targets === undefined) scope.includes.set(prefix, [target]);
    else if (!targets.includes(target)) targets.push(target);
    else continue;
    if (target === undefined) continue;
    const position = source.positionOf(node.start);
    includes.push({ name: prefix, path: node.text, program: target.program, position });
  }
  scope.program.includes = includes;
}

function linkNamespaces(context: LinkContext, scope: FileScope): ReadonlyMap<string, Namespace> {
  const namespaces = new Map<string, Namespace>();
  const { source } = scope.file.document;
  for (const node of scope.file.document.namespaces) {
    const earlier = namespaces.get(node.scope.text);
    if (earlier !== undefined && earlier.name !== node.name) {
      reportIn(context, scope, node.scope, {
        severity: "warning",
        code: "duplicate-name",
        message: `the namespace for "${node.scope.text}" is given twice; this one counts`,
        related: [{ message: "first given here", position: earlier.position }],
      });
    }
    namespaces.set(node.scope.text, {
      scope: node.scope.text,
      name: node.name,
      annotations: linkAnnotations(context, scope, node.annotations),
      position: source.positionOf(node.scope.start),
    });
  }
  return namespaces;
}

function makeSymbol(
  context: LinkContext,
  scope: FileScope,
  node: DefinitionNode,
): TypeSymbol | ConstantSymbol {
  const base = { ...describe(context, scope, node), program: scope.program };
  switch (node.kind) {
    case "constant":
      return {
        kind: "constant",
        scope,
        node,
        definition: { kind: "constant", ...base, type: UNRESOLVED, value: UNKNOWN_VALUE },
        progress: "new",
        value: undefined,
      };
    case "typedef":
      return {
        kind: "typedef",
        scope,
        node,
        definition: { kind: "typedef", ...base, type: UNRESOLVED },
        progress: "new",
        use: UNRESOLVED,
      };
    case "enum": {
      const definition = { kind: "enum", ...base, values: [] } as const;
      const use: EnumType = { kind: "enum", definition, annotations: new Map() };
      const tables = { valuesByName: new Map(), valuesByNumber: new Map() };
      return { kind: "enum", scope, node, definition, use, ...tables };
    }
    case "service":
      return {
        kind: "service",
        scope,
        node,
        definition: { kind: "service", ...base, extends: undefined, functions: [] },
        parent: undefined,
      };
    default: {
      const definition = { kind: node.kind, ...base, fields: [] };
      const use: StructType = { kind: "struct", definition, annotations: new Map() };
      const tables = { fields: [], fieldsByName: new Map(), requiredFields: [] };
      return { kind: "struct", scope, node, definition, use, ...tables };
    }
  }
}

/** Stands in a constant until its value is evaluated; no program with one leaves the linker. */
const UNKNOWN_VALUE: ConstValue = { kind: "bool", type: UNRESOLVED, value: false };

function register(
  context: LinkContext,
  scope: FileScope,
  symbol: TypeSymbol | ConstantSymbol,
): void {
  if (symbol.kind === "enum" || symbol.kind === "struct") {
    context.symbols.set(symbol.definition, symbol);
  }
  const { name } = symbol.node;
  const earlier =
    symbol.kind === "constant" ? scope.constants.get(name.text) : scope.types.get(name.text);
  if (earlier !== undefined) {
    const { position } = earlier.definition;
    reportIn(context, scope, name, {
      code: "duplicate-name",
      message: `"${name.text}" is already the name of a ${earlier.definition.kind}`,
      related: [{ message: "first defined here", position }],
    });
  } else if (symbol.kind === "constant") {
    scope.constants.set(name.text, symbol);
  } else {
    scope.types.set(name.text, symbol);
  }
}
