// Where the parser stands in the tokens of a file, what it says when something else should stand
// there, and how it finds the next place from which the file makes sense again.

import { cleanDocComment } from "./doc-comment.ts";
import { Lexer } from "./lexer.ts";
import { describeToken } from "./token.ts";
import type { IdlOptions } from "./options.ts";
import type { ProblemList, ProblemReport } from "./problem.ts";
import type { SourceFile, Span } from "./source.ts";
import type { NameNode } from "./tree.ts";
import type { Token } from "./token.ts";

/** Unwinds the parser to the nearest list or definition; the problem is already reported. */
export class SyntaxFailure extends Error {}

/** How many brackets are open, to come back to after a failure. */
export interface BracketMark {
  readonly depth: number;
  readonly braces: number;
}

/** Words that open a definition. Each is followed by another word, which a field name is not. */
export const DEFINITION_WORDS: ReadonlySet<string> = new Set([
  "const",
  "typedef",
  "enum",
  "senum",
  "struct",
  "union",
  "exception",
  "service",
]);

/** Words that start something; each may be a name too, though not at a line's start. */
const KEYWORDS: ReadonlySet<string> = new Set([
  ...DEFINITION_WORDS,
  ..."required optional oneway async void throws list set map".split(" "),
  ..."bool byte i8 i16 i32 i64 double string binary uuid".split(" "),
]);

/** Words that open a line before the definitions; the underscored ones are from before 2009. */
export const HEADER_WORDS: ReadonlySet<string> = new Set([
  "include",
  "cpp_include",
  "namespace",
  "cpp_namespace",
  "php_namespace",
  "py_module",
  "perl_package",
  "ruby_namespace",
  "java_package",
  "cocoa_prefix",
  "csharp_namespace",
  "smalltalk_category",
  "smalltalk_prefix",
  "xsd_namespace",
]);

const OPENERS: ReadonlyMap<string, string> = new Map([
  ["}", "{"],
  [")", "("],
  ["]", "["],
]);

export class TokenCursor {
  readonly source: SourceFile;
  readonly problems: ProblemList;
  readonly options: IdlOptions;
  readonly #lexer: Lexer;
  /** Tokens read but not taken; at most three. */
  readonly #ahead: Token[] = [];
  /** The brackets open at this place, outermost first, and how many there are of each kind. */
  readonly #open: string[] = [];
  readonly #openCounts = new Map<string, number>();
  /** Where the last taken token ended. */
  lastEnd = 0;

  constructor(source: SourceFile, problems: ProblemList, options: IdlOptions) {
    this.source = source;
    this.problems = problems;
    this.options = options;
    this.#lexer = new Lexer(source, problems);
  }

  /** A token that is still to come: the next one, or one of the two after it. */
  peek(distance: 0 | 1 | 2 = 0): Token {
    while (this.#ahead.length <= distance) this.#ahead.push(this.#lexer.next());
    const token = this.#ahead[distance];
    if (token === undefined) throw new Error("the lexer gave no token");
    return token;
  }

  next(): Token {
    const token = this.peek();
    this.#ahead.shift();
    this.lastEnd = token.end;
    if (token.kind === "symbol") this.#countBracket(token.text);
    return token;
  }

  atSymbol(text: string, distance: 0 | 1 | 2 = 0): boolean {
    const token = this.peek(distance);
    return token.kind === "symbol" && token.text === text;
  }

  atWord(text: string): boolean {
    const token = this.peek();
    return token.kind === "word" && token.text === text;
  }

  /** Takes the symbol if it stands here. */
  takeSymbol(text: string): Token | undefined {
    return this.atSymbol(text) ? this.next() : undefined;
  }

  /** Takes the word if it stands here. */
  takeWord(text: string): Token | undefined {
    return this.atWord(text) ? this.next() : undefined;
  }

  /** Takes a `,` or a `;` if one stands here; the language asks for neither. */
  takeSeparator(): void {
    if (this.takeSymbol(",") === undefined) this.takeSymbol(";");
  }

  expectSymbol(text: string, where: string): Token {
    return this.takeSymbol(text) ?? this.failBehind(`expected "${text}" ${where}`);
  }

  expectLiteral(what: string): Token {
    return this.peek().kind === "literal" ? this.next() : this.failBehind(`expected ${what}`);
  }

  /** Takes a name without dots. Keywords are names here; the values true and false are not. */
  expectName(what: string): NameNode {
    const token = this.peek();
    // A keyword on the next line starts something there, and the name is what is missing here.
    const isNext = token.firstOnLine && KEYWORDS.has(token.text);
    if (token.kind !== "word" || isNext) return this.failBehind(`expected ${what}`);
    if (token.text === "true" || token.text === "false") {
      return this.fail(`expected ${what} (true and false are values)`);
    }
    if (token.text.includes(".")) return this.fail(`expected ${what} without dots`);
    this.next();
    return token;
  }

  /** The cleaned doc comment before the next token. */
  doc(): string | undefined {
    const doc = this.peek().doc;
    return doc && cleanDocComment(this.source.text.slice(doc.start, doc.end));
  }

  /** Reports that the next token is not what was expected, and gives the current part up. */
  fail(expected: string, hint?: ProblemReport["hint"]): never {
    const found = this.peek();
    const message = `${expected}, found ${describeToken(found)}`;
    return this.failWith(found, { code: "syntax", message, hint });
  }

  /** As {@link fail}; but what is missing at the end of a line is reported there. */
  failBehind(expected: string): never {
    const found = this.peek();
    if (!found.firstOnLine || this.lastEnd === 0) return this.fail(expected);
    const { line } = this.source.positionOf(found.start);
    const where = found.kind === "end" ? "" : ` on line ${line}`;
    const message = `${expected}, found ${describeToken(found)}${where}`;
    return this.failWith({ start: this.lastEnd, end: this.lastEnd }, { code: "syntax", message });
  }

  /** Reports a problem and gives the current part up. */
  failWith(span: Span, report: ProblemReport): never {
    this.report(span, report);
    throw new SyntaxFailure(report.message);
  }

  report(span: Span, report: ProblemReport): void {
    this.problems.report(this.source, span, report);
  }

  mark(): BracketMark {
    return { depth: this.#open.length, braces: this.#braces() };
  }

  /** Forgets brackets opened after the mark, when the closing ones will not come. */
  closeTo(mark: BracketMark): void {
    while (this.#open.length > mark.depth) this.#popBracket();
  }

  /** True when a new definition starts here: its word, first on its line, and a name after it. */
  atDefinition(): boolean {
    const token = this.peek();
    if (token.kind !== "word" || !token.firstOnLine) return false;
    return DEFINITION_WORDS.has(token.text) && this.peek(1).kind === "word";
  }

  /** True when a header starts here. */
  atHeader(): boolean {
    const token = this.peek();
    return token.kind === "word" && HEADER_WORDS.has(token.text);
  }

  /**
   * Skips the rest of a broken item of a list, to where the next item probably starts: after a
   * separator, at a line's start, at a field id if the items have one; or to the list's end.
   */
  skipItem(mark: BracketMark, itemStart: number, closer: string, withIds: boolean): void {
    for (;;) {
      const token = this.peek();
      if (token.kind === "end" || this.atDefinition()) break;
      const isItemStart = token.start === itemStart;
      if (this.#braces() <= mark.braces) {
        const inside = this.#open.length > mark.depth;
        if (this.atSymbol("}") || (closer === ")" && !inside && this.atSymbol(")"))) break;
        const startsField = withIds && token.kind === "integer" && this.atSymbol(":", 1);
        // An item without an id starts with a word, even if a "(" before it was never closed.
        const startsLine = token.firstOnLine && (!inside || (!withIds && token.kind === "word"));
        if (!isItemStart && (startsField || startsLine)) break;
        if (!inside && (this.atSymbol(",") || this.atSymbol(";"))) {
          this.next();
          break;
        }
      }
      this.next();
    }
    this.closeTo(mark);
  }

  /** Skips the rest of a broken definition, to where the next one probably starts. */
  skipDefinition(definitionStart: number): void {
    for (;;) {
      const token = this.peek();
      if (token.kind === "end") break;
      if (token.start !== definitionStart && this.#startsTopLevel(token)) break;
      this.next();
      if (token.kind === "symbol" && token.text === "}" && this.#braces() === 0) break;
    }
    this.closeTo({ depth: 0, braces: 0 });
  }

  #startsTopLevel(token: Token): boolean {
    if (!token.firstOnLine || token.kind !== "word") return false;
    // Outside of braces a definition's word needs no name behind it: that may be what is wrong.
    const isOutside = this.#braces() === 0 && DEFINITION_WORDS.has(token.text);
    return isOutside || this.atDefinition() || this.atHeader();
  }

  /** Skips to the next line that has a token on it: a header is one line. */
  skipLine(headerStart: number): void {
    for (;;) {
      const token = this.peek();
      if (token.kind === "end" || (token.firstOnLine && token.start !== headerStart)) break;
      this.next();
    }
    this.closeTo({ depth: 0, braces: 0 });
  }

  #braces(): number {
    return (this.#openCounts.get("{") ?? 0) + (this.#openCounts.get("[") ?? 0);
  }

  #countBracket(text: string): void {
    if (text === "{" || text === "(" || text === "[") {
      this.#open.push(text);
      this.#openCounts.set(text, (this.#openCounts.get(text) ?? 0) + 1);
      return;
    }
    const opener = OPENERS.get(text);
    if (opener === undefined || (this.#openCounts.get(opener) ?? 0) === 0) return;
    // What was opened inside and never closed ends with it.
    while (this.#popBracket() !== opener);
  }

  #popBracket(): string | undefined {
    const opener = this.#open.pop();
    if (opener !== undefined) {
      this.#openCounts.set(opener, (this.#openCounts.get(opener) ?? 0) - 1);
    }
    return opener;
  }
}
