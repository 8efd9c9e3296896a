// What is known by name while files are linked: the definitions of each file, under construction,
// and how a name as written leads to one of them.

import type { LoadedFile } from "./load.ts";
import type {
  Annotations,
  Constant,
  ConstValue,
  Described,
  Enum,
  EnumValue,
  Field,
  Program,
  Service,
  Struct,
  Type,
  Typedef,
} from "./model.ts";
import type { IdlOptions } from "./options.ts";
import type { ProblemList, ProblemReport } from "./problem.ts";
import type { Span } from "./source.ts";
import type {
  AnnotationNode,
  ConstantDefinition,
  ConstNode,
  EnumDefinition,
  NameNode,
  ServiceDefinition,
  StructDefinition,
  TypedefDefinition,
} from "./tree.ts";

/** A part of the model that is still being filled. */
export type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };

/** Whether a definition that may lead to others has been followed. */
export type Progress = "new" | "busy" | "done";

interface SymbolBase {
  readonly scope: FileScope;
}

export interface TypedefSymbol extends SymbolBase {
  readonly kind: "typedef";
  readonly node: TypedefDefinition;
  readonly definition: Mutable<Typedef>;
  progress: Progress;
  /** What a use of the typedef's name is: its type, with the typedef as alias. */
  use: Type;
}

export interface EnumSymbol extends SymbolBase {
  readonly kind: "enum";
  readonly node: EnumDefinition;
  readonly definition: Mutable<Enum>;
  /** A use of it without annotations. */
  readonly use: Type;
  readonly valuesByName: Map<string, EnumValue>;
  /** Of two values with one number, the first. */
  readonly valuesByNumber: Map<number, EnumValue>;
}

export interface StructSymbol extends SymbolBase {
  readonly kind: "struct";
  readonly node: StructDefinition;
  readonly definition: Mutable<Struct>;
  /** A use of it without annotations. */
  readonly use: Type;
  /** As the nodes of the tree, one for one. */
  fields: readonly Mutable<Field>[];
  readonly fieldsByName: Map<string, Field>;
  /** Those a value must give: required, and without a default. */
  requiredFields: readonly Field[];
}

export interface ServiceSymbol extends SymbolBase {
  readonly kind: "service";
  readonly node: ServiceDefinition;
  readonly definition: Mutable<Service>;
  /** What it extends, when that is known. */
  parent: ServiceSymbol | undefined;
}

/** What shares the file's one set of names for types and services. */
export type TypeSymbol = TypedefSymbol | EnumSymbol | StructSymbol | ServiceSymbol;

export interface ConstantSymbol extends SymbolBase {
  readonly kind: "constant";
  readonly node: ConstantDefinition;
  readonly definition: Mutable<Constant>;
  progress: Progress;
  /** Undefined until it is evaluated, and for ever when it is wrong: that is reported once. */
  value: ConstValue | undefined;
}

/** The names of one file. */
export interface FileScope {
  readonly file: LoadedFile;
  readonly program: Mutable<Program>;
  readonly types: Map<string, TypeSymbol>;
  readonly constants: Map<string, ConstantSymbol>;
  /** All definitions in source order, those too whose name another one has. */
  readonly symbols: (TypeSymbol | ConstantSymbol)[];
  /** By prefix; several files may share one. Undefined stands for a file that is unusable. */
  readonly includes: Map<string, (FileScope | undefined)[]>;
}

/** A default value that is to be evaluated once all types are known. */
export interface PendingDefault {
  readonly scope: FileScope;
  readonly field: Mutable<Field>;
  readonly node: ConstNode;
}

/** How large a type or a value is with all names in it written out. */
export interface Size {
  readonly depth: number;
  readonly nodes: number;
}

/** What all steps of linking share. */
export interface LinkContext {
  readonly problems: ProblemList;
  readonly options: IdlOptions;
  /** Included files before those that include them. */
  readonly scopes: FileScope[];
  readonly symbols: Map<Enum | Struct, EnumSymbol | StructSymbol>;
  readonly pendingDefaults: PendingDefault[];
  /** Of types and values of more than one node. */
  readonly sizes: Map<Type | ConstValue, Size>;
  /** The texts that stand for binaries, as bytes. */
  readonly bytes: Map<string, Uint8Array>;
  /** The typedefs that are being followed, each named by the one before it. */
  readonly openTypedefs: TypedefSymbol[];
  /** The constants that are being evaluated, each named by the one before it. */
  readonly openConstants: ConstantSymbol[];
}

const ONE_NODE: Size = { depth: 1, nodes: 1 };

export function sizeOf(context: LinkContext, of: Type | ConstValue): Size {
  return context.sizes.get(of) ?? ONE_NODE;
}

/** Reports a problem at a place of a file. */
export function reportIn(
  context: LinkContext,
  scope: FileScope,
  span: Span,
  report: ProblemReport,
): void {
  context.problems.report(scope.file.document.source, span, report);
}

/**
 * - `found`
 * - `hidden`: it may stand in a file or a definition that could not be read, so say nothing
 * - `ambiguous`: several included files of one prefix have it
 * - `unknown`
 */
export type Lookup<Found> =
  | { readonly state: "found"; readonly symbol: Found }
  | { readonly state: "hidden" | "ambiguous" | "unknown" };

/** Finds a type or a service by the name as written, prefix included. */
export function lookUpType(scope: FileScope, name: string): Lookup<TypeSymbol> {
  return lookUp(scope, name, (at) => at.types);
}

/** Finds a constant by the name as written, prefix included. */
export function lookUpConstant(scope: FileScope, name: string): Lookup<ConstantSymbol> {
  return lookUp(scope, name, (at) => at.constants);
}

function lookUp<Found>(
  scope: FileScope,
  name: string,
  tableOf: (scope: FileScope) => ReadonlyMap<string, Found>,
): Lookup<Found> {
  const dot = name.lastIndexOf(".");
  const targets = dot < 0 ? [scope] : scope.includes.get(name.slice(0, dot));
  if (targets === undefined) return { state: "unknown" };
  const local = name.slice(dot + 1);
  const found = new Set<Found>();
  let hidden = false;
  for (const target of targets) {
    const symbol = target && tableOf(target).get(local);
    if (symbol !== undefined) found.add(symbol);
    else if (target === undefined) hidden = true;
    else if (target.file.document.brokenNames.has(local)) hidden = true;
  }
  const [symbol] = found;
  if (symbol !== undefined) {
    return found.size === 1 ? { state: "found", symbol } : { state: "ambiguous" };
  }
  return { state: hidden ? "hidden" : "unknown" };
}

/** The names of types that may be written in a file, those of included files with their prefix. */
export function* visibleTypeNames(scope: FileScope): Generator<string> {
  yield* scope.types.keys();
  for (const [prefix, targets] of scope.includes) {
    for (const target of targets) {
      for (const name of target?.types.keys() ?? []) yield `${prefix}.${name}`;
    }
  }
}

/** The names of values that may be written in a file: constants and values of enums. */
export function* visibleValueNames(scope: FileScope): Generator<string> {
  yield* valueNamesIn(scope, "");
  for (const [prefix, targets] of scope.includes) {
    for (const target of targets) {
      if (target !== undefined) yield* valueNamesIn(target, `${prefix}.`);
    }
  }
}

function* valueNamesIn(scope: FileScope, prefix: string): Generator<string> {
  for (const name of scope.constants.keys()) yield prefix + name;
  for (const [name, symbol] of scope.types) {
    if (symbol.kind !== "enum") continue;
    for (const value of symbol.definition.values) yield `${prefix}${name}.${value.name}`;
  }
}

/** A definition's name as it must be written in a file: with its prefix if it is not its own. */
export function nameSeenFrom(
  scope: FileScope,
  definition: { readonly name: string; readonly program: Program },
): string {
  const own = definition.program === scope.program;
  return own ? definition.name : `${definition.program.name}.${definition.name}`;
}

const NO_ANNOTATIONS: Annotations = new Map();

/** Annotations by name. One that is written twice counts as its last, with a warning. */
export function linkAnnotations(
  context: LinkContext,
  scope: FileScope,
  nodes: readonly AnnotationNode[],
): Annotations {
  if (nodes.length === 0) return NO_ANNOTATIONS;
  const annotations = new Map<string, string>();
  for (const node of nodes) {
    if (annotations.has(node.name) && annotations.get(node.name) !== node.value) {
      reportIn(context, scope, node, {
        severity: "warning",
        code: "duplicate-name",
        message: `annotation "${node.name}" is given twice; this value counts`,
      });
    }
    annotations.set(node.name, node.value);
  }
  return annotations;
}

/** A name, its doc comment, its annotations and its place, as every part of the model has them. */
export function describe(
  context: LinkContext,
  scope: FileScope,
  node: {
    readonly name: NameNode;
    readonly doc: string | undefined;
    readonly annotations: readonly AnnotationNode[];
  },
): Described {
  return {
    name: node.name.text,
    doc: node.doc,
    annotations: linkAnnotations(context, scope, node.annotations),
    position: scope.file.document.source.positionOf(node.name.start),
  };
}
