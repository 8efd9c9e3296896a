import assert from "node:assert/strict";
import { it } from "node:test";
import { findingsOf } from "../findings-of.ts";
import { lineLength } from "./line-length.ts";

const LONG = "x".repeat(101);

it("refuses lines above 100 columns, in code and in prose", () => {
  assert.deepEqual(findingsOf(lineLength, { "packages/a/src/b.ts": `\n// ${LONG}` }), [
    "packages/a/src/b.ts:2: 104 columns; at most 100",
  ]);
  assert.deepEqual(findingsOf(lineLength, { "README.md": LONG, Makefile: LONG, LICENSE: LONG }), [
    "Makefile:1: 101 columns; at most 100",
    "README.md:1: 101 columns; at most 100",
  ]);
});

it("counts characters as they are seen", () => {
  assert.deepEqual(findingsOf(lineLength, { "a.md": "🌊".repeat(100) }), []);
});

it("lets pass what cannot be broken", () => {
  assert.deepEqual(findingsOf(lineLength, { "a.md": `| ${LONG} |\nhttps://${LONG}` }), []);
  assert.deepEqual(findingsOf(lineLength, { "a.md": `\`\`\`text\n${LONG}\n\`\`\`` }), []);
  assert.deepEqual(findingsOf(lineLength, { "packages/a/src/gen/b.ts": `// ${LONG}` }), []);
});

it("lets tests quote what they expect", () => {
  const text = `const expected =\n  "${LONG}";`;
  assert.deepEqual(findingsOf(lineLength, { "packages/a/src/b.test.ts": text }), []);
  assert.deepEqual(findingsOf(lineLength, { "packages/a/src/b.ts": text }), [
    "packages/a/src/b.ts:2: 106 columns; at most 100",
  ]);
});
