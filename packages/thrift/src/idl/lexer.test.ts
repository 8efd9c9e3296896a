import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Lexer } from "./lexer.ts";
import { ProblemList } from "./problem.ts";
import { SourceFile } from "./source.ts";
import type { Token } from "./token.ts";

function scan(text: string): { tokens: Token[]; problems: string[] } {
  const problems = new ProblemList(100);
  const lexer = new Lexer(new SourceFile("a.thrift", text), problems);
  const tokens: Token[] = [];
  for (let token = lexer.next(); token.kind !== "end"; token = lexer.next()) tokens.push(token);
  const shown = problems
    .sorted()
    .map(({ position, message }) => `${position.line}:${position.column} ${message}`);
  return { tokens, problems: shown };
}

function tokensOf(text: string): string[] {
  const { tokens, problems } = scan(text);
  assert.deepEqual(problems, []);
  return tokens.map((token) => `${token.kind} ${token.text}`);
}

function docsOf(text: string): (string | undefined)[] {
  const { tokens } = scan(text);
  return tokens.map(({ doc }) => doc && text.slice(doc.start, doc.end));
}

describe("Lexer", () => {
  it("keeps dots inside words, and keywords are words", () => {
    assert.deepEqual(tokensOf("struct py.twisted a.b.c1 _x"), [
      "word struct",
      "word py.twisted",
      "word a.b.c1",
      "word _x",
    ]);
  });

  it("reads every form of number, its sign included", () => {
    assert.deepEqual(tokensOf("0 +12 -3 0x1F -0xff 098 1.5 -.5 1e10 2E-3 +1.5e+7 7:8"), [
      "integer 0",
      "integer +12",
      "integer -3",
      "integer 0x1F",
      "integer -0xff",
      "integer 098",
      "double 1.5",
      "double -.5",
      "double 1e10",
      "double 2E-3",
      "double +1.5e+7",
      "integer 7",
      "symbol :",
      "integer 8",
    ]);
  });

  it("takes e10 for a word, not for a number", () => {
    assert.deepEqual(tokensOf("e10"), ["word e10"]);
  });

  it("replaces escapes in strings of either quote", () => {
    assert.deepEqual(tokensOf(String.raw`"a\n\r\t\\\"'" 'b"\''`), [
      "literal a\n\r\t\\\"'",
      "literal b\"'",
    ]);
  });

  it("splits >> into two", () => {
    assert.deepEqual(tokensOf(">>"), ["symbol >", "symbol >"]);
  });

  it("skips blanks, a byte order mark, and all three kinds of comment", () => {
    const text = "\uFEFF a # one\n// two\r\n/* three \n * * / */ b /**/ c /***/ d";
    assert.deepEqual(tokensOf(text), ["word a", "word b", "word c", "word d"]);
  });

  it("knows which token is the first on its line, comments aside", () => {
    const { tokens } = scan("a b\n c /* x */ d\n/* y */ e /* \n */ f");
    const first = tokens.filter((token) => token.firstOnLine).map((token) => token.text);
    assert.deepEqual(first, ["a", "c", "e", "f"]);
  });

  it("hands the last doc comment to the token behind it, plain comments in between or not", () => {
    assert.deepEqual(docsOf("/** one */ a b /** two */ /** three */ /* four */ # five\n c"), [
      "/** one */",
      undefined,
      "/** three */",
    ]);
  });

  it("takes no comment that is all stars for a doc comment", () => {
    assert.deepEqual(docsOf("/**/ a /***/ b /*****/ c /* d */ d"), [
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
  });

  it("points at the start of a comment that does not end", () => {
    assert.deepEqual(scan("a\n  /* b").problems, ['2:3 this comment has no closing "*/"']);
  });

  it("ends an unclosed string with its line, and reads on", () => {
    const { tokens, problems } = scan("x = 'abc\ny \"d");
    assert.deepEqual(problems, [
      "1:5 this string has no closing ' on its line",
      '2:3 this string has no closing " on its line',
    ]);
    assert.deepEqual(
      tokens.map((token) => token.text),
      ["x", "=", "abc", "y", "d"],
    );
  });

  it("survives a backslash at the end of a line and of the file", () => {
    assert.deepEqual(scan('"a\\\nb "c\\').problems, [
      '1:1 this string has no closing " on its line',
      '2:3 this string has no closing " on its line',
    ]);
  });

  it("points at an escape the language does not have", () => {
    assert.deepEqual(scan(String.raw`"a\d"`).problems, [
      String.raw`1:3 "\\d" is not an escape; expected \n, \r, \t, \\, \" or \'`,
    ]);
  });

  it("refuses numbers that run into letters or stop short", () => {
    assert.deepEqual(scan("5x 0x 1. 0xfg 1e").problems, [
      '1:1 "5x" is not a number',
      '1:4 "0x" is not a number',
      '1:7 "1." is not a number',
      '1:10 "0xfg" is not a number',
      '1:15 "1e" is not a number',
    ]);
  });

  it("says once for a run of them what characters it does not know", () => {
    assert.deepEqual(scan("a @@@ имя \u0001 / +").problems, [
      '1:3 unexpected character "@" (U+0040)',
      '1:7 unexpected character "и" (U+0438)',
      "1:11 unexpected character U+0001",
      '1:13 unexpected character "/" (U+002F)',
      '1:15 unexpected character "+" (U+002B)',
    ]);
  });
});
