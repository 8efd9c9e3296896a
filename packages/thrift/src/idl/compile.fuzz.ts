// Long searches for a text that the IDL front end does not answer in good order. A failure prints
// its seed and path; fc.assert(…, { seed, path }) repeats it.

import { describe, it } from "node:test";
import fc from "fast-check";
import {
  ANY_TEXT,
  checkAnswer,
  checkValid,
  DEFINITION_SOUP,
  MUTATED_SAMPLE,
  TOKEN_SOUP,
  VALID_SEED,
} from "./testing/idl-fuzz.ts";

const RUNS = { numRuns: 50_000 };

describe("compileIdl answers with a program or with errors", () => {
  it("to any characters", () => {
    fc.assert(fc.property(ANY_TEXT, checkAnswer), RUNS);
  });

  it("to the words of the language in any order", () => {
    fc.assert(fc.property(TOKEN_SOUP, checkAnswer), RUNS);
  });

  it("to good files with mistakes in them", () => {
    fc.assert(fc.property(MUTATED_SAMPLE, checkAnswer), RUNS);
  });

  it("to definitions that mean anything", () => {
    fc.assert(fc.property(DEFINITION_SOUP, checkAnswer), RUNS);
  });

  it("to good files: with a program that says the same", () => {
    fc.assert(fc.property(VALID_SEED, checkValid), RUNS);
  });
});
