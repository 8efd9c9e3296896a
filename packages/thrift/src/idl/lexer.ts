// Text to tokens, one at a time. Scans by hand rather than by pattern: the text may be megabytes
// of one character, where backtracking patterns run out of time or stack.

import { quoted } from "./token.ts";
import type { ProblemCode, ProblemList } from "./problem.ts";
import type { SourceFile } from "./source.ts";
import type { Token, TokenKind } from "./token.ts";

const SYMBOLS = new Set(":;,{}()=<>[]*&-");

const ESCAPES: ReadonlyMap<string, string> = new Map([
  ["n", "\n"],
  ["r", "\r"],
  ["t", "\t"],
  ["\\", "\\"],
  ['"', '"'],
  ["'", "'"],
]);

/** Reads one file's tokens. What is wrong in a token is reported, and a token made all the same. */
export class Lexer {
  readonly #source: SourceFile;
  readonly #text: string;
  readonly #problems: ProblemList;
  #at = 0;
  #lastEnd = 0;
  #firstOnLine = true;
  #doc: Token["doc"] = undefined;

  constructor(source: SourceFile, problems: ProblemList) {
    this.#source = source;
    this.#text = source.text;
    this.#problems = problems;
    if (this.#text.startsWith("\uFEFF")) this.#at = 1;
  }

  /** The next token. Once the problem list is full, only the end: more would not be shown. */
  next(): Token {
    for (;;) {
      this.#skipBlanksAndComments();
      if (this.#at >= this.#text.length || this.#problems.full) return this.#endToken();
      const token = this.#scanToken();
      if (token !== undefined) return token;
    }
  }

  #endToken(): Token {
    // Where the last token ended: an error there shows a line with something on it.
    const at = this.#lastEnd;
    return { kind: "end", text: "", start: at, end: at, firstOnLine: true, doc: undefined };
  }

  #scanToken(): Token | undefined {
    const code = this.#text.charCodeAt(this.#at);
    if (isWordStart(code)) return this.#scanWord();
    if (this.#startsNumber()) return this.#scanNumber();
    const character = this.#text.charAt(this.#at);
    if (character === '"' || character === "'") return this.#scanLiteral(character);
    if (SYMBOLS.has(character)) return this.#token("symbol", character, this.#at + 1);
    this.#skipUnexpected();
    return undefined;
  }

  #token(kind: TokenKind, text: string, end: number): Token {
    const start = this.#at;
    const token = { kind, text, start, end, firstOnLine: this.#firstOnLine, doc: this.#doc };
    this.#at = end;
    this.#lastEnd = end;
    this.#firstOnLine = false;
    this.#doc = undefined;
    return token;
  }

  #skipBlanksAndComments(): void {
    const text = this.#text;
    while (this.#at < text.length) {
      const code = text.charCodeAt(this.#at);
      if (code === NEWLINE) this.#firstOnLine = true;
      if (isBlank(code)) this.#at++;
      else if (code === HASH || text.startsWith("//", this.#at)) this.#skipLine();
      else if (text.startsWith("/*", this.#at)) this.#skipBlockComment();
      else return;
    }
  }

  #skipLine(): void {
    const end = this.#text.indexOf("\n", this.#at);
    this.#at = end < 0 ? this.#text.length : end;
  }

  #skipBlockComment(): void {
    const start = this.#at;
    const close = this.#text.indexOf("*/", start + 2);
    if (close < 0) {
      this.#report(start, start + 2, "unterminated-comment", 'this comment has no closing "*/"');
      this.#at = this.#text.length;
      return;
    }
    this.#at = close + 2;
    if (this.#isDocComment(start, close)) this.#doc = { start, end: this.#at };
    if (this.#text.slice(start, this.#at).includes("\n")) this.#firstOnLine = true;
  }

  /** Two opening stars make a doc comment, unless there is nothing but stars. */
  #isDocComment(start: number, close: number): boolean {
    if (this.#text.charCodeAt(start + 2) !== STAR) return false;
    for (let at = start + 2; at < close; at++) {
      if (this.#text.charCodeAt(at) !== STAR) return true;
    }
    return false;
  }

  #scanWord(): Token {
    let end = this.#at + 1;
    for (; end < this.#text.length; end++) {
      const code = this.#text.charCodeAt(end);
      if (isWordPart(code)) continue;
      // A dot belongs to the word only between two of its parts.
      if (code !== DOT || !isWordPart(this.#text.charCodeAt(end + 1))) break;
    }
    return this.#token("word", this.#text.slice(this.#at, end), end);
  }

  #startsNumber(): boolean {
    let at = this.#at;
    if (isSign(this.#text.charCodeAt(at))) at++;
    if (this.#text.charCodeAt(at) === DOT) at++;
    return isDigit(this.#text.charCodeAt(at));
  }

  #scanNumber(): Token {
    const text = this.#text;
    const start = this.#at;
    let end = isSign(text.charCodeAt(start)) ? start + 1 : start;
    let kind: TokenKind = "integer";
    if (text.charCodeAt(end) === ZERO && (text.charCodeAt(end + 1) | 0x20) === LETTER_X) {
      end = skipWhile(text, end + 2, isHexDigit);
    } else {
      end = skipWhile(text, end, isDigit);
      if (text.charCodeAt(end) === DOT && isDigit(text.charCodeAt(end + 1))) {
        kind = "double";
        end = skipWhile(text, end + 1, isDigit);
      }
      const exponent = exponentEnd(text, end);
      if (exponent > end) {
        kind = "double";
        end = exponent;
      }
    }
    const wordEnd = skipWhile(text, end, (code) => isWordPart(code) || code === DOT);
    const written = text.slice(start, wordEnd);
    if (wordEnd > end || written.endsWith("x") || written.endsWith("X")) {
      this.#report(start, wordEnd, "bad-number", `${quoted(written)} is not a number`);
      return this.#token("integer", "0", wordEnd);
    }
    return this.#token(kind, written, end);
  }

  #scanLiteral(quote: string): Token {
    const text = this.#text;
    const start = this.#at;
    const parts: string[] = [];
    let partStart = start + 1;
    let at = start + 1;
    for (; at < text.length; at++) {
      const code = text.charCodeAt(at);
      if (code === NEWLINE) break;
      if (text[at] === quote) {
        parts.push(text.slice(partStart, at));
        return this.#token("literal", parts.join(""), at + 1);
      }
      if (code !== BACKSLASH) continue;
      parts.push(text.slice(partStart, at), this.#escapeAt(at));
      at++;
      if (text.charCodeAt(at) === NEWLINE) at--;
      partStart = at + 1;
    }
    at = Math.min(at, text.length);
    const message = `this string has no closing ${quote} on its line`;
    this.#report(start, at, "unterminated-literal", message);
    parts.push(text.slice(partStart, at));
    return this.#token("literal", parts.join(""), at);
  }

  #escapeAt(at: number): string {
    const escaped = this.#text[at + 1];
    if (escaped === undefined || escaped === "\n") return "\\";
    const value = ESCAPES.get(escaped);
    if (value !== undefined) return value;
    this.#report(
      at,
      at + 2,
      "bad-escape",
      `${quoted(`\\${escaped}`)} is not an escape; expected \\n, \\r, \\t, \\\\, \\" or \\'`,
    );
    return escaped;
  }

  /** One report for a run of characters that belong to no token, say a word in Cyrillic. */
  #skipUnexpected(): void {
    const start = this.#at;
    const first = String.fromCodePoint(this.#text.codePointAt(start) ?? 0);
    this.#at += first.length;
    while (this.#at < this.#text.length && this.#isUnexpected()) this.#at++;
    const code = (first.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0");
    const shown = /^[\p{L}\p{N}\p{P}\p{S}]$/u.test(first)
      ? `${quoted(first)} (U+${code})`
      : `U+${code}`;
    this.#report(start, this.#at, "unexpected-character", `unexpected character ${shown}`);
    this.#lastEnd = this.#at;
    this.#firstOnLine = false;
  }

  #isUnexpected(): boolean {
    const code = this.#text.charCodeAt(this.#at);
    if (isBlank(code) || isWordPart(code) || code === HASH || code === SLASH) return false;
    const character = this.#text.charAt(this.#at);
    return !SYMBOLS.has(character) && character !== '"' && character !== "'";
  }

  #report(start: number, end: number, code: ProblemCode, message: string): void {
    this.#problems.report(this.#source, { start, end }, { code, message });
  }
}

const NEWLINE = 0x0a;
const HASH = 0x23;
const STAR = 0x2a;
const PLUS = 0x2b;
const MINUS = 0x2d;
const DOT = 0x2e;
const SLASH = 0x2f;
const ZERO = 0x30;
const BACKSLASH = 0x5c;
const UNDERSCORE = 0x5f;
const LETTER_E = 0x65;
const LETTER_X = 0x78;

function isBlank(code: number): boolean {
  return code === 0x20 || (code >= 0x09 && code <= 0x0d);
}

function isDigit(code: number): boolean {
  return code >= ZERO && code <= 0x39;
}

function isHexDigit(code: number): boolean {
  return isDigit(code) || ((code | 0x20) >= 0x61 && (code | 0x20) <= 0x66);
}

function isSign(code: number): boolean {
  return code === PLUS || code === MINUS;
}

function isWordStart(code: number): boolean {
  return ((code | 0x20) >= 0x61 && (code | 0x20) <= 0x7a) || code === UNDERSCORE;
}

function isWordPart(code: number): boolean {
  return isWordStart(code) || isDigit(code);
}

function skipWhile(text: string, from: number, matches: (code: number) => boolean): number {
  let at = from;
  while (at < text.length && matches(text.charCodeAt(at))) at++;
  return at;
}

/** The end of an exponent that starts at `from`; `from` when there is none. */
function exponentEnd(text: string, from: number): number {
  if ((text.charCodeAt(from) | 0x20) !== LETTER_E) return from;
  const digits = isSign(text.charCodeAt(from + 1)) ? from + 2 : from + 1;
  return isDigit(text.charCodeAt(digits)) ? skipWhile(text, digits, isDigit) : from;
}
