// A model printed as IDL and compiled again is the same model: nothing that was read is lost, and
// nothing is read in two ways.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { programsOf } from "./model.ts";
import { compile, programOf } from "./testing/compile-text.ts";
import { printProgram } from "./testing/print-program.ts";
import { EVERYTHING_IDL, OLD_AND_NEW_IDL, SHARED_IDL, STORE_IDL } from "./testing/samples.ts";
import type { Program } from "./model.ts";

/** Each file of a program as IDL, by path. */
function printed(program: Program): Record<string, string> {
  return Object.fromEntries(programsOf(program).map((each) => [each.path, printProgram(each)]));
}

describe("a program printed as IDL", () => {
  for (const [name, text] of Object.entries({
    EVERYTHING_IDL,
    OLD_AND_NEW_IDL,
    STORE_IDL,
    SHARED_IDL,
  })) {
    it(`compiles to what it was: ${name}`, () => {
      const files = { "main.thrift": text, "shared.thrift": SHARED_IDL };
      const once = printed(programOf(files));
      const { problems } = compile(once);
      assert.deepEqual(
        problems.filter((problem) => problem.code !== "missing-id"),
        [],
      );
      assert.deepEqual(printed(programOf(once)), once);
    });
  }
});
