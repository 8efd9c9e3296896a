import assert from "node:assert/strict";
import { it } from "node:test";
import { findingsOf } from "../findings-of.ts";
import { lockFiles } from "./lock-files.ts";

it("finds the first address", () => {
  const text = '{\n  "resolved": "packages/core",\n  "resolved": "https://example.com/x.tgz"\n}';
  assert.deepEqual(findingsOf(lockFiles, { "bench/package-lock.json": text }), [
    "bench/package-lock.json:3: " +
      "has addresses: write it again with omit-lockfile-registry-resolved, .npmrc",
  ]);
});

it("lets links to workspaces pass", () => {
  assert.deepEqual(findingsOf(lockFiles, { "package-lock.json": '"resolved": "apps/a"' }), []);
});
