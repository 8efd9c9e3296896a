import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { compile, problemsOf } from "./testing/compile-text.ts";
import {
  ANY_TEXT,
  checkAnswer,
  checkValid,
  DEFINITION_SOUP,
  MUTATED_SAMPLE,
  TOKEN_SOUP,
  VALID_SEED,
} from "./testing/idl-fuzz.ts";

/** A short run of what compile.fuzz.ts does at length; the seed makes it the same each time. */
const RUNS = { numRuns: 300, seed: 20260816 };

describe("compileIdl", () => {
  it("answers any characters with a program or with errors", () => {
    fc.assert(fc.property(ANY_TEXT, checkAnswer), RUNS);
  });

  it("answers the words of the language in any order with a program or with errors", () => {
    fc.assert(fc.property(TOKEN_SOUP, checkAnswer), RUNS);
  });

  it("answers good files with mistakes in them with a program or with errors", () => {
    fc.assert(fc.property(MUTATED_SAMPLE, checkAnswer), RUNS);
  });

  it("answers definitions that mean anything with a program or with errors", () => {
    fc.assert(fc.property(DEFINITION_SOUP, checkAnswer), RUNS);
  });

  it("answers good files with a program that says the same", () => {
    fc.assert(fc.property(VALID_SEED, checkValid), RUNS);
  });

  it("reports words, grammar, names and values of one file in one run, in order of place", () => {
    const codes = compile(`
const i32 A = "text"
struct S { 1: Unknown u, 2: i32 }
@
const string B = "x
enum E { X, X }
const E C = E.Y
`).problems.map(({ code, position }) => `${position.line} ${code}`);
    assert.deepEqual(codes, [
      "2 wrong-type",
      "3 unknown-name",
      "3 syntax",
      "4 unexpected-character",
      "5 unterminated-literal",
      "6 duplicate-name",
      "7 unknown-enum-value",
    ]);
  });

  it("gives a program in spite of warnings", () => {
    const text = "service S { async void f(i32 a) }";
    assert.equal(problemsOf(text).length, 2);
    assert.ok(compile(text).program);
  });

  it("lets pass what the reader throws", () => {
    const read = () => {
      throw new Error("disk on fire");
    };
    assert.throws(() => compile(Object.defineProperty({}, "main.thrift", { get: read })), /fire/);
  });
});
