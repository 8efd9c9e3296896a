import assert from "node:assert/strict";
import { it } from "node:test";
import { findingsOf } from "../findings-of.ts";
import { moduleState } from "./module-state.ts";

it("refuses variables that a module keeps", () => {
  const text = "let count = 0;\nexport let last = 1;\nvar old;";
  const message = "a module-level variable: make it a field of what is created and passed in";
  assert.deepEqual(
    findingsOf(moduleState, { "packages/a/src/b.ts": text }),
    [1, 2, 3].map((line) => `packages/a/src/b.ts:${line}: ${message}`),
  );
});

it("lets functions have theirs, and tests too", () => {
  const text = "const LIMIT = 3;\nfunction go() { let count = 0; }";
  assert.deepEqual(findingsOf(moduleState, { "packages/a/src/b.ts": text }), []);
  assert.deepEqual(findingsOf(moduleState, { "packages/a/src/b.test.ts": "let seed = 1;" }), []);
});
