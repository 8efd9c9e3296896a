import assert from "node:assert/strict";
import { it } from "node:test";
import { findingsOf } from "../findings-of.ts";
import { markdownHeading } from "./markdown-heading.ts";

it("asks for one heading of the first level", () => {
  const files = { "a.md": "## Sub\n", "b.md": "# One\n\n# Two\n", "c.md": "# One\n\n## Sub\n" };
  assert.deepEqual(findingsOf(markdownHeading, files), [
    "a.md: 0 headings of the first level; it needs one",
    "b.md: 2 headings of the first level; it needs one",
  ]);
});

it("does not take a comment in a script for one", () => {
  const text = "# One\n\n```sh\n# not a heading\n```\n";
  assert.deepEqual(findingsOf(markdownHeading, { "a.md": text }), []);
});
