import assert from "node:assert/strict";
import { it } from "node:test";
import { findingsOf } from "../findings-of.ts";
import { leftovers } from "./leftovers.ts";

it("finds notes in comments and in every other file", () => {
  const files = { "a.ts": "go();\n/*\n * FIXME later\n */", "b.sh": "# TODO" };
  assert.deepEqual(findingsOf(leftovers, files), [
    "a.ts:3: FIXME: do it, or open an issue",
    "b.sh:1: TODO: do it, or open an issue",
  ]);
});

it("leaves code and longer words alone", () => {
  assert.deepEqual(findingsOf(leftovers, { "a.ts": 'const word = "TODO";' }), []);
  assert.deepEqual(findingsOf(leftovers, { "a.md": "ITODOB" }), []);
});
