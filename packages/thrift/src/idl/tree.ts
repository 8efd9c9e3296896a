// The tree of one file as it was written: nothing resolved, nothing checked. It lives between the
// parser and the linker only; the model (model.ts) is what others read.

import type { SourceFile, Span } from "./source.ts";

export interface NameNode extends Span {
  readonly text: string;
}

export interface AnnotationNode extends Span {
  readonly name: string;
  /** "1" when the annotation has no value, as Apache's compiler has it. */
  readonly value: string;
}

export type BaseTypeName =
  "bool" | "byte" | "i16" | "i32" | "i64" | "double" | "string" | "binary" | "uuid";

export type TypeNode = Span & { readonly annotations: readonly AnnotationNode[] } & (
    | { readonly kind: "base"; readonly base: BaseTypeName }
    | { readonly kind: "name"; readonly name: string }
    | { readonly kind: "list" | "set"; readonly element: TypeNode }
    | { readonly kind: "map"; readonly key: TypeNode; readonly value: TypeNode }
  );

export type ConstNode = Span &
  (
    | { readonly kind: "integer" | "double" | "literal" | "name"; readonly text: string }
    | { readonly kind: "list"; readonly elements: readonly ConstNode[] }
    | { readonly kind: "map"; readonly entries: readonly ConstEntryNode[] }
  );

export interface ConstEntryNode {
  readonly key: ConstNode;
  readonly value: ConstNode;
}

export interface FieldNode extends Span {
  readonly id: NameNode | undefined;
  readonly requiredness: NameNode | undefined;
  readonly type: TypeNode;
  readonly name: NameNode;
  readonly defaultValue: ConstNode | undefined;
  readonly annotations: readonly AnnotationNode[];
  readonly doc: string | undefined;
}

export interface EnumValueNode {
  readonly name: NameNode;
  readonly value: NameNode | undefined;
  readonly annotations: readonly AnnotationNode[];
  readonly doc: string | undefined;
}

export interface FunctionNode {
  readonly name: NameNode;
  /** The word `oneway` (or `async`) where it stands. */
  readonly oneway: Span | undefined;
  /** Undefined for `void`. */
  readonly result: TypeNode | undefined;
  readonly arguments: readonly FieldNode[];
  readonly throws: readonly FieldNode[];
  readonly annotations: readonly AnnotationNode[];
  readonly doc: string | undefined;
}

interface DefinitionBase {
  readonly name: NameNode;
  readonly annotations: readonly AnnotationNode[];
  readonly doc: string | undefined;
  /** True when a part of it could not be parsed, so that what seems missing may be there. */
  readonly damaged: boolean;
}

export interface ConstantDefinition extends DefinitionBase {
  readonly kind: "constant";
  readonly type: TypeNode;
  readonly value: ConstNode;
}

export interface TypedefDefinition extends DefinitionBase {
  readonly kind: "typedef";
  readonly type: TypeNode;
}

export interface EnumDefinition extends DefinitionBase {
  readonly kind: "enum";
  readonly values: readonly EnumValueNode[];
}

export interface StructDefinition extends DefinitionBase {
  readonly kind: "struct" | "union" | "exception";
  readonly fields: readonly FieldNode[];
}

export interface ServiceDefinition extends DefinitionBase {
  readonly kind: "service";
  readonly extends: NameNode | undefined;
  readonly functions: readonly FunctionNode[];
}

export type DefinitionNode =
  ConstantDefinition | TypedefDefinition | EnumDefinition | StructDefinition | ServiceDefinition;

export interface NamespaceNode {
  readonly scope: NameNode;
  readonly name: string;
  readonly annotations: readonly AnnotationNode[];
}

/** One parsed file. */
export interface DocumentNode {
  readonly source: SourceFile;
  readonly doc: string | undefined;
  readonly namespaces: readonly NamespaceNode[];
  readonly includes: readonly NameNode[];
  readonly cppIncludes: readonly string[];
  readonly definitions: readonly DefinitionNode[];
  /** Names whose definition could not be parsed: a reference to one is not reported again. */
  readonly brokenNames: ReadonlySet<string>;
}
