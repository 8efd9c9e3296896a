import assert from "node:assert/strict";
import { it } from "node:test";
import { findingsOf } from "../findings-of.ts";
import { fileNames } from "./file-names.ts";

it("refuses names that say nothing", () => {
  const files = { "a/utils/b.ts": "", "a/helpers.ts": "", "common/c.ts": "" };
  assert.deepEqual(findingsOf(fileNames, files), [
    'a/helpers.ts: "helpers" says nothing: name it after what is in it',
    'a/utils/b.ts: "utils" says nothing: name it after what is in it',
    'common/c.ts: "common" says nothing: name it after what is in it',
  ]);
});

it("lets such words be part of a name", () => {
  assert.deepEqual(findingsOf(fileNames, { "a/shared-reader.ts": "" }), []);
});
