// Everything of the language that stands in brackets as a row of items: fields, arguments, enum
// values, functions. An item that cannot be parsed is reported and skipped; the rest is kept.

import { SyntaxFailure } from "./token-cursor.ts";
import { describeToken } from "./token.ts";
import type { Token } from "./token.ts";
import type { TokenCursor } from "./token-cursor.ts";

export interface ListShape {
  readonly opener: "{" | "(";
  readonly closer: "}" | ")";
  /** What the list belongs to, as it stands in messages: `struct "Item"`. */
  readonly owner: string;
  /** What may stand in it, as it stands in messages: `a field`. */
  readonly item: string;
  /** True when items start with an id, as `1:`. */
  readonly withIds: boolean;
  /** True at a word that cannot start an item, so that the closing bracket must be missing. */
  readonly endsBefore?: (cursor: TokenCursor) => boolean;
}

export interface ParsedList<Item> {
  readonly items: readonly Item[];
  /** True when something in the list could not be parsed. */
  readonly damaged: boolean;
}

export function parseList<Item>(
  cursor: TokenCursor,
  shape: ListShape,
  parseItem: (cursor: TokenCursor) => Item,
): ParsedList<Item> {
  const outside = cursor.mark();
  const opener = cursor.expectSymbol(shape.opener, `to open ${shape.owner}`);
  const inside = cursor.mark();
  const items: Item[] = [];
  let damaged = false;
  while (!atListEnd(cursor, shape)) {
    const itemStart = cursor.peek().start;
    try {
      items.push(parseItem(cursor));
      cursor.takeSeparator();
    } catch (error) {
      if (!(error instanceof SyntaxFailure)) throw error;
      damaged = true;
      cursor.skipItem(inside, itemStart, shape.closer, shape.withIds);
    }
  }
  if (cursor.takeSymbol(shape.closer) === undefined) {
    damaged = true;
    reportUnclosed(cursor, shape, opener);
    cursor.closeTo(outside);
  }
  return { items, damaged };
}

function atListEnd(cursor: TokenCursor, shape: ListShape): boolean {
  if (cursor.peek().kind === "end" || cursor.atSymbol(shape.closer)) return true;
  if (shape.closer === ")" && cursor.atSymbol("}")) return true;
  return cursor.atDefinition() || shape.endsBefore?.(cursor) === true;
}

function reportUnclosed(cursor: TokenCursor, shape: ListShape, opener: Token): void {
  const found = cursor.peek();
  const expected = `expected ${shape.item} or "${shape.closer}" to close ${shape.owner}`;
  cursor.report(found, {
    code: "syntax",
    message: `${expected}, found ${describeToken(found)}`,
    related: [
      {
        message: `"${shape.opener}" opened here`,
        position: cursor.source.positionOf(opener.start),
      },
    ],
  });
}
