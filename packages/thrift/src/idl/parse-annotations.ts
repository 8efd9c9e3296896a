// Annotations: `(name = "value", flag)` after almost anything.

import type { TokenCursor } from "./token-cursor.ts";
import type { AnnotationNode } from "./tree.ts";

/** Parses annotations if there are any here; any name is allowed, known to us or not. */
export function parseAnnotations(cursor: TokenCursor): readonly AnnotationNode[] {
  if (cursor.takeSymbol("(") === undefined) return NONE;
  const annotations: AnnotationNode[] = [];
  while (cursor.takeSymbol(")") === undefined) {
    const name = cursor.peek();
    if (name.kind !== "word") {
      cursor.fail('expected the name of an annotation or ")"');
    }
    cursor.next();
    const value = cursor.takeSymbol("=") === undefined ? "1" : parseValue(cursor);
    annotations.push({ name: name.text, value, start: name.start, end: cursor.lastEnd });
    cursor.takeSeparator();
  }
  return annotations;
}

const NONE: readonly AnnotationNode[] = [];

/** A string, as the grammar says; a number or a word as other compilers write it. */
function parseValue(cursor: TokenCursor): string {
  const token = cursor.peek();
  if (token.kind === "symbol" || token.kind === "end") {
    cursor.fail("expected the annotation's value, a quoted string");
  }
  return cursor.next().text;
}
