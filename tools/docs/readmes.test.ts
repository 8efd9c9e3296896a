import assert from "node:assert/strict";
import { it } from "node:test";
import { findingsOf } from "../tidy/findings-of.ts";
import { readmes } from "./readmes.ts";

it("misses a package's page", () => {
  const files = {
    "package.json": "",
    "packages/a/package.json": "",
    "packages/a/README.md": "# a",
    "apps/b/package.json": "",
  };
  assert.deepEqual(findingsOf(readmes, files), [
    "apps/b/README.md: is missing: " +
      "what it is, an example that runs, its place, a sentence per dependency",
  ]);
});
