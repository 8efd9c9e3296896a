// Types as they are written: base types, containers, names.

import { parseAnnotations } from "./parse-annotations.ts";
import type { TokenCursor } from "./token-cursor.ts";
import type { AnnotationNode, BaseTypeName, TypeNode } from "./tree.ts";

/** The words for base types; `byte` and `i8` are one type. */
export const BASE_TYPES: ReadonlyMap<string, BaseTypeName> = new Map<string, BaseTypeName>([
  ["bool", "bool"],
  ["byte", "byte"],
  ["i8", "byte"],
  ["i16", "i16"],
  ["i32", "i32"],
  ["i64", "i64"],
  ["double", "double"],
  ["string", "string"],
  ["binary", "binary"],
  ["uuid", "uuid"],
]);

export const CONTAINER_TYPES: ReadonlySet<string> = new Set(["list", "set", "map"]);

/** Parses a type with its annotations. `depth` is how many containers stand around it. */
export function parseType(cursor: TokenCursor, what: string, depth = 1): TypeNode {
  const token = cursor.peek();
  if (token.kind !== "word") cursor.fail(`expected ${what}`);
  if (token.text === "void") {
    const message = `expected ${what}; void is only what a function returns`;
    cursor.failWith(token, { code: "syntax", message });
  }
  if (depth > cursor.options.nestingDepthMax) {
    const message = `types are nested deeper than ${cursor.options.nestingDepthMax}`;
    cursor.failWith(token, { code: "too-deep", message });
  }
  cursor.next();
  if (CONTAINER_TYPES.has(token.text)) return parseContainer(cursor, token, depth);
  const base = BASE_TYPES.get(token.text);
  const annotations = parseAnnotations(cursor);
  const { start, end } = token;
  if (base !== undefined) return { kind: "base", base, annotations, start, end };
  return { kind: "name", name: token.text, annotations, start, end };
}

function parseContainer(
  cursor: TokenCursor,
  word: { readonly text: string; readonly start: number },
  depth: number,
): TypeNode {
  const cppType = parseCppType(cursor);
  cursor.expectSymbol("<", `after ${word.text}`);
  const first = parseType(cursor, `a type for ${word.text}<…>`, depth + 1);
  let second: TypeNode | undefined;
  if (word.text === "map") {
    cursor.expectSymbol(",", "and the type of the values after the type of the map's keys");
    second = parseType(cursor, "a type for the values of map<…>", depth + 1);
  }
  const { end } = cursor.expectSymbol(">", `to close ${word.text}<…>`);
  // Before 2016 the C++ type of a list stood behind it.
  const cppTypeBehind = word.text === "list" ? parseCppType(cursor) : [];
  const annotations = [...cppType, ...cppTypeBehind, ...parseAnnotations(cursor)];
  const span = { annotations, start: word.start, end };
  if (second !== undefined) return { kind: "map", key: first, value: second, ...span };
  return { kind: word.text === "set" ? "set" : "list", element: first, ...span };
}

/** `cpp_type "std::…"`, kept as an annotation of that name. */
function parseCppType(cursor: TokenCursor): readonly AnnotationNode[] {
  const word = cursor.takeWord("cpp_type");
  if (word === undefined) return [];
  const literal = cursor.expectLiteral("the C++ type, a quoted string, after cpp_type");
  return [{ name: "cpp_type", value: literal.text, start: word.start, end: literal.end }];
}
