import assert from "node:assert/strict";
import { it } from "node:test";
import { findingsOf } from "../findings-of.ts";
import { fileLength } from "./file-length.ts";

const LONG = "step();\n".repeat(400);

it("asks a long file for its reason", () => {
  assert.deepEqual(findingsOf(fileLength, { "a.ts": `// A.\n${LONG}` }), [
    'a.ts: 401 lines: split it, or say in its header: "one file, because …"',
  ]);
});

it("is content with a reason, or with 400 lines", () => {
  assert.deepEqual(findingsOf(fileLength, { "a.ts": LONG }), []);
  const header = "/** The table. One file, because its lines refer to each other. */\n";
  assert.deepEqual(findingsOf(fileLength, { "a.ts": header + LONG }), []);
  const lines = "// The table.\n// One file, because its lines refer to each other.\n";
  assert.deepEqual(findingsOf(fileLength, { "a.ts": lines + LONG }), []);
});
