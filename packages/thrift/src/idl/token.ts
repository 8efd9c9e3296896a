// The words of the language as the lexer hands them out. Keywords are not told from names here:
// Thrift allows most of them as field names, so only the parser can tell.

import { harmless } from "./source.ts";

/**
 * - `word`: a name or keyword, dots included (`shared.Item`, `py.twisted`)
 * - `integer`, `double`: a number as written, sign included
 * - `literal`: a quoted string; `text` is its value, escapes replaced
 * - `symbol`: one of `: ; , { } ( ) = < > [ ] * & -`
 * - `end`: the end of the file, handed out for ever
 */
export type TokenKind = "word" | "integer" | "double" | "literal" | "symbol" | "end";

export interface Token {
  readonly kind: TokenKind;
  readonly text: string;
  readonly start: number;
  readonly end: number;
  /** True when only blanks and comments stand before it on its line. */
  readonly firstOnLine: boolean;
  /** The doc comment before it, the last if there are several; undefined when there is none. */
  readonly doc: { readonly start: number; readonly end: number } | undefined;
}

/** How a message names a token. */
export function describeToken(token: Token): string {
  if (token.kind === "end") return "the end of the file";
  if (token.kind === "literal") return `the string ${quoted(token.text)}`;
  if (token.kind === "integer" || token.kind === "double") {
    return `the number ${shortened(token.text)}`;
  }
  return quoted(token.text);
}

/** A text of the source in quotes, escaped, and shortened to fit into a message. */
export function quoted(text: string): string {
  return harmless(JSON.stringify(shortened(text)));
}

/** A path in quotes; of a very long one the end, which tells most. */
export function quotedPath(path: string): string {
  const shown = path.length <= PATH_SHOWN_MAX ? path : `…${path.slice(-PATH_SHOWN_MAX)}`;
  return harmless(JSON.stringify(shown));
}

const PATH_SHOWN_MAX = 200;

/** The longest name or value that a message repeats in full. */
const SHOWN_MAX = 60;

/** A text of the source, cut when it is too long for a message. */
export function shortened(text: string): string {
  return text.length <= SHOWN_MAX ? text : `${text.slice(0, SHOWN_MAX)}…`;
}
