import assert from "node:assert/strict";
import { it } from "node:test";
import { findingsOf } from "../findings-of.ts";
import { fileHeader } from "./file-header.ts";

it("asks every file what it is", () => {
  assert.deepEqual(findingsOf(fileHeader, { "a.ts": "go();\n/** Late. */" }), [
    "a.ts: open with one to three sentences: what it is, where it stands",
  ]);
});

it("takes either kind of comment, under the line that makes a program", () => {
  const files = {
    "a.ts": "/** What it is. */\ngo();",
    "b.ts": "// What it is.\ngo();",
    "c.ts": "#!/usr/bin/env node\n/** What it is. */",
  };
  assert.deepEqual(findingsOf(fileHeader, files), []);
});

it("lets the names of tests speak for their file", () => {
  assert.deepEqual(findingsOf(fileHeader, { "a.test.ts": "go();" }), []);
});
