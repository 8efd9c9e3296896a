import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { cleanDocComment } from "./doc-comment.ts";

const cases: readonly (readonly [name: string, comment: string, text: string | undefined])[] = [
  ["one line", "/** Says it. */", "Says it."],
  ["no blanks at all", "/**tight*/", "tight"],
  ["stars in front of each line", "/**\n   * One\n   * two\n   */", "One\ntwo"],
  ["text on the first and the last line", "/** One\n * two\n * three */", "One\ntwo\nthree"],
  ["more than two stars at either end", "/*** Wide ***/", "Wide"],
  ["indented code", "/**\n * if (x) {\n *   y();\n * }\n */", "if (x) {\n  y();\n}"],
  ["a title indented more than the text", "/**\n *   Title\n * text\n */", "  Title\ntext"],
  ["no stars, a shared indentation", "/**\n  One\n    two\n  three\n*/", "One\n  two\nthree"],
  [
    "a bullet list without stars in front",
    "/**\n  List:\n  * one\n  * two\n*/",
    "List:\n* one\n* two",
  ],
  ["blank lines inside", "/**\n * One\n *\n * two\n */", "One\n\ntwo"],
  ["blanks at line ends, Windows line ends", "/** One  \r\n * two\t\r\n */", "One\ntwo"],
  ["stars set out of line", "/**\n * one\n* two\n  * three\n */", "one\ntwo\nthree"],
  ["nothing but stars and blanks", "/**\n *\n *\n */", undefined],
];

describe("cleanDocComment", () => {
  for (const [name, comment, text] of cases) {
    it(`cleans ${name}`, () => assert.equal(cleanDocComment(comment), text));
  }
});
