// One field: of a struct, an argument list or a throws list, which share one grammar.

import { parseAnnotations } from "./parse-annotations.ts";
import { parseConstant } from "./parse-constant.ts";
import { parseList } from "./parse-list.ts";
import { CONTAINER_TYPES, parseType } from "./parse-type.ts";
import { closestName, didYouMean } from "./suggest.ts";
import type { TokenCursor } from "./token-cursor.ts";
import type { FieldNode, NameNode } from "./tree.ts";

const REQUIREDNESS = ["required", "optional"];

/**
 * `1: required i32 name = 5 (annotations)`. The id may be missing here; the linker knows where
 * that is an error. The C++ reference mark `&` and the xsd_ words of old files mean nothing to us.
 */
export function parseField(cursor: TokenCursor): FieldNode {
  const doc = cursor.doc();
  const start = cursor.peek().start;
  const id = parseId(cursor);
  const requiredness = parseRequiredness(cursor);
  const type = parseType(cursor, id === undefined ? "a field" : `a type for field ${id.text}`);
  cursor.takeSymbol("&");
  const name = cursor.expectName("a name for the field");
  const defaultValue =
    cursor.takeSymbol("=") && parseConstant(cursor, `a default value for "${name.text}"`);
  cursor.takeWord("xsd_optional");
  cursor.takeWord("xsd_nillable");
  if (cursor.takeWord("xsd_attrs") !== undefined) skipXsdAttributes(cursor);
  const annotations = parseAnnotations(cursor);
  const end = name.end;
  return { id, requiredness, type, name, defaultValue, annotations, doc, start, end };
}

function parseId(cursor: TokenCursor): NameNode | undefined {
  const token = cursor.peek();
  if (token.kind !== "integer") return undefined;
  cursor.next();
  cursor.expectSymbol(":", `after field id ${token.text}`);
  return token;
}

function parseRequiredness(cursor: TokenCursor): NameNode | undefined {
  const token = cursor.peek();
  if (token.kind !== "word") return undefined;
  if (REQUIREDNESS.includes(token.text)) return cursor.next();
  const meant = closestName(token.text, REQUIREDNESS);
  if (meant === undefined || !looksLikeThreeWords(cursor)) return undefined;
  cursor.next();
  cursor.report(token, {
    code: "syntax",
    message: `expected required, optional or a type, found "${token.text}"`,
    hint: didYouMean(token.text, REQUIREDNESS),
  });
  return { ...token, text: meant };
}

/** True when a type and a name follow the word that stands here, all on one line. */
function looksLikeThreeWords(cursor: TokenCursor): boolean {
  const type = cursor.peek(1);
  const name = cursor.peek(2);
  if (type.kind !== "word" || type.firstOnLine || name.firstOnLine) return false;
  if (CONTAINER_TYPES.has(type.text)) return cursor.atSymbol("<", 2);
  return name.kind === "word" && !name.text.startsWith("xsd_");
}

function skipXsdAttributes(cursor: TokenCursor): void {
  parseList(
    cursor,
    { opener: "{", closer: "}", owner: "xsd_attrs", item: "a field", withIds: true },
    parseField,
  );
}
