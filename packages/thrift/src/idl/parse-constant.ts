// Constant values as they are written: `{"a": [1, 2.5, Color.RED]}`.

import type { TokenCursor } from "./token-cursor.ts";
import type { ConstEntryNode, ConstNode } from "./tree.ts";

/** Parses one value. `depth` is how many lists and maps stand around it, itself counted. */
export function parseConstant(cursor: TokenCursor, what: string, depth = 1): ConstNode {
  const token = cursor.peek();
  if (depth > cursor.options.nestingDepthMax) {
    const message = `constants are nested deeper than ${cursor.options.nestingDepthMax}`;
    cursor.failWith(token, { code: "too-deep", message });
  }
  if (token.kind === "symbol") {
    if (token.text === "[") return parseListConstant(cursor, depth);
    if (token.text === "{") return parseMapConstant(cursor, depth);
  }
  if (token.kind === "symbol" || token.kind === "end" || cursor.atDefinition()) {
    cursor.fail(`expected ${what} (a number, a string, a name, "[" or "{")`);
  }
  cursor.next();
  const kind = token.kind === "word" ? "name" : token.kind;
  return { kind, text: token.text, start: token.start, end: token.end };
}

function parseListConstant(cursor: TokenCursor, depth: number): ConstNode {
  const { start } = cursor.next();
  const elements: ConstNode[] = [];
  while (!cursor.atSymbol("]")) {
    elements.push(parseConstant(cursor, 'a value or "]"', depth + 1));
    cursor.takeSeparator();
  }
  const { end } = cursor.next();
  return { kind: "list", elements, start, end };
}

function parseMapConstant(cursor: TokenCursor, depth: number): ConstNode {
  const { start } = cursor.next();
  const entries: ConstEntryNode[] = [];
  while (!cursor.atSymbol("}")) {
    const key = parseConstant(cursor, 'a key or "}"', depth + 1);
    cursor.expectSymbol(":", "and a value after a key");
    const value = parseConstant(cursor, "the key's value", depth + 1);
    entries.push({ key, value });
    cursor.takeSeparator();
  }
  const { end } = cursor.next();
  return { kind: "map", entries, start, end };
}
