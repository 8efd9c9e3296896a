// What a compiled IDL is: definitions with every name resolved and every value checked. This is
// what code generators and run-time schemas are written against.
//
// All of it is read-only data. It is a graph, not a tree: a type points at the definition it
// names, a struct may contain itself through a list, and every definition points back at its
// program. So do not serialize it as JSON, and do not follow `definition` without an end.
//
// Types and services share one set of names per file; constants have their own. (A file may thus
// hold `const i32 Limit` and `struct Limit`, as Apache's compiler allows.)

import type { Position } from "./source.ts";

/** Annotations by name, in source order; the value of one written without is "1". */
export type Annotations = ReadonlyMap<string, string>;

/** What every definition and every part of one has. */
export interface Described {
  readonly name: string;
  /** The doc comment without stars and indentation; lines are separated by "\n". */
  readonly doc?: string | undefined;
  readonly annotations: Annotations;
  /** Where the name stands in the source. */
  readonly position: Position;
}

/** One IDL file. */
export interface Program {
  /** The path it was read from, as `readSource` got it. */
  readonly path: string;
  /** The file's name without folder and extension: the prefix others use for what is in it. */
  readonly name: string;
  /** The doc comment before the first header. */
  readonly doc?: string | undefined;
  /** By language: `js`, `py`, …, and `*` for all others. */
  readonly namespaces: ReadonlyMap<string, Namespace>;
  readonly includes: readonly Include[];
  readonly cppIncludes: readonly string[];
  // Each list is in source order.
  readonly constants: readonly Constant[];
  readonly typedefs: readonly Typedef[];
  readonly enums: readonly Enum[];
  /** Structs, unions and exceptions. */
  readonly structs: readonly Struct[];
  readonly services: readonly Service[];
}

/** `namespace scope name` */
export interface Namespace extends Described {
  readonly scope: string;
}

/** `include "path"` */
export interface Include {
  /** The prefix of what comes from there: `shared` in `shared.Item`. */
  readonly name: string;
  /** The path as it is written in the source. */
  readonly path: string;
  readonly program: Program;
  readonly position: Position;
}

interface Definition extends Described {
  /** The file it stands in. */
  readonly program: Program;
}

/** `const type name = value` */
export interface Constant extends Definition {
  readonly kind: "constant";
  readonly type: Type;
  readonly value: ConstValue;
}

/** `typedef type name`. Types that use it are resolved; their `alias` leads back here. */
export interface Typedef extends Definition {
  readonly kind: "typedef";
  /** The type it stands for. Another typedef in between is that type's `alias`. */
  readonly type: Type;
}

export interface Enum extends Definition {
  readonly kind: "enum";
  readonly values: readonly EnumValue[];
}

export interface EnumValue extends Described {
  /** An i32. Two names may share one number (a warning): the first is its name when reading. */
  readonly value: number;
}

export interface Struct extends Definition {
  readonly kind: "struct" | "union" | "exception";
  /** In source order, which need not be the order of ids. */
  readonly fields: readonly Field[];
}

export interface Field extends Described {
  /**
   * 1 to 32767, unique in its list. Only arguments and exceptions of a throws list that were
   * written without an id have a negative one: -1, -2, … as Apache's compiler numbers them.
   */
  readonly id: number;
  /**
   * `default` is what Thrift calls a field that says neither: always written, may be missing when
   * read. Members of a union are always `optional`. Arguments are `required` or `default`.
   * What stands in a throws list is `default`.
   */
  readonly requiredness: "required" | "optional" | "default";
  readonly type: Type;
  readonly defaultValue?: ConstValue | undefined;
}

export interface Service extends Definition {
  readonly kind: "service";
  readonly extends?: Service | undefined;
  /** Its own functions, without those of the service it extends: {@link functionsOf} has all. */
  readonly functions: readonly ServiceFunction[];
}

export interface ServiceFunction extends Described {
  /** No reply is sent; the result is void and nothing is thrown. */
  readonly oneway: boolean;
  /** Undefined for `void`. */
  readonly result?: Type | undefined;
  readonly arguments: readonly Field[];
  /** Fields of the reply; each one's type is an exception, and none is named twice. */
  readonly throws: readonly Field[];
}

export type BaseKind =
  "bool" | "byte" | "i16" | "i32" | "i64" | "double" | "string" | "binary" | "uuid";

interface TypeBase {
  /**
   * The annotations in force here: those of the type itself, of every typedef it was named
   * through, and those written at this use; the nearer to the use wins. So `js.type` is found
   * here wherever it was written, except on the field, which has annotations of its own:
   * {@link annotationOf} looks at both. (The annotations of a struct or enum that a type names are
   * its definition's, not the type's.)
   */
  readonly annotations: Annotations;
  /** The typedef by which the type was named here, if it was. */
  readonly alias?: Typedef | undefined;
}

/** A type with all typedefs resolved. `i8` is `byte`. */
export type Type = BaseType | ListType | MapType | EnumType | StructType;

export interface BaseType extends TypeBase {
  readonly kind: BaseKind;
}

export interface ListType extends TypeBase {
  readonly kind: "list" | "set";
  readonly element: Type;
}

/** Any type may be a key, structs and containers too. */
export interface MapType extends TypeBase {
  readonly kind: "map";
  readonly key: Type;
  readonly value: Type;
}

export interface EnumType extends TypeBase {
  readonly kind: "enum";
  readonly definition: Enum;
}

/** A struct, a union or an exception: see `definition.kind`. */
export interface StructType extends TypeBase {
  readonly kind: "struct";
  readonly definition: Struct;
}

interface ConstValueBase<T extends Type> {
  /** The type it was checked against. Its `kind` is always the value's `kind`. */
  readonly type: T;
  /** The constant by whose name it was written here, if it was. */
  readonly constant?: Constant | undefined;
}

/**
 * A checked value. Numbers are in the range of their type, names are replaced by what they name,
 * `true` and 1 are the same bool, a double is finite.
 */
export type ConstValue =
  | BoolValue
  | IntegerValue
  | DoubleValue
  | TextValue
  | BinaryValue
  | EnumConst
  | ListValue
  | MapValue
  | StructValue;

export interface BoolValue extends ConstValueBase<BaseType> {
  readonly kind: "bool";
  readonly value: boolean;
}

export interface IntegerValue extends ConstValueBase<BaseType> {
  readonly kind: "byte" | "i16" | "i32" | "i64";
  readonly value: bigint;
}

export interface DoubleValue extends ConstValueBase<BaseType> {
  readonly kind: "double";
  readonly value: number;
}

export interface TextValue extends ConstValueBase<BaseType> {
  /** A uuid is in lower case, with dashes and without braces: 36 characters. */
  readonly kind: "string" | "uuid";
  readonly value: string;
}

export interface BinaryValue extends ConstValueBase<BaseType> {
  readonly kind: "binary";
  /** The string of the source as UTF-8. */
  readonly value: Uint8Array;
}

export interface EnumConst extends ConstValueBase<EnumType> {
  readonly kind: "enum";
  readonly definition: Enum;
  readonly value: EnumValue;
}

export interface ListValue extends ConstValueBase<ListType> {
  /** A set holds no value twice. */
  readonly kind: "list" | "set";
  readonly elements: readonly ConstValue[];
}

export interface MapValue extends ConstValueBase<MapType> {
  readonly kind: "map";
  /** No key twice, in source order. */
  readonly entries: readonly { readonly key: ConstValue; readonly value: ConstValue }[];
}

export interface StructValue extends ConstValueBase<StructType> {
  readonly kind: "struct";
  readonly definition: Struct;
  /**
   * What is written in the source, in that order. A field that is not here has its default value
   * or is unset; a required one is here or has a default. Of a union exactly one is here.
   */
  readonly fields: readonly { readonly field: Field; readonly value: ConstValue }[];
}

/** An annotation of a field, or else of its type (see {@link Type}'s annotations). */
export function annotationOf(
  field: { readonly annotations: Annotations; readonly type: Type },
  name: string,
): string | undefined {
  return field.annotations.get(name) ?? field.type.annotations.get(name);
}

/** All functions of a service: those of the services it extends first, the oldest first. */
export function functionsOf(service: Service): ServiceFunction[] {
  const generations: (readonly ServiceFunction[])[] = [];
  for (let at: Service | undefined = service; at !== undefined; at = at.extends) {
    generations.unshift(at.functions);
  }
  return generations.flat();
}

/** A program and all it includes, directly or not: each once, included files first. */
export function programsOf(program: Program): Program[] {
  const found = new Set<Program>();
  const visited = new Set<Program>();
  const visit = (at: Program) => {
    if (visited.has(at)) return;
    visited.add(at);
    for (const include of at.includes) visit(include.program);
    found.add(at);
  };
  visit(program);
  return [...found];
}
