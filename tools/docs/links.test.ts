import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { findingsOf } from "../tidy/findings-of.ts";
import { headingIds, links } from "./links.ts";

const FILES = {
  "packages/core/src/a.ts": "one\ntwo",
  "docs/guide.md": "# Guide\n\n## How & why\n\n## How & why\n",
};

/** What is said of a page at docs/page.md. */
function check(text: string): string[] {
  return findingsOf(links, { ...FILES, "docs/page.md": text });
}

describe("links", () => {
  it("may lead to files, folders, headings and lines", () => {
    const text = [
      "[a](guide.md) [b](./guide.md#how--why) [c](guide.md#how--why-1) [d](../packages/core)",
      "[e](../packages/core/src/a.ts#L2) [f](#page) [g](../) ![h](guide.md)",
      "# Page",
    ].join("\n");
    assert.deepEqual(check(text), []);
  });

  it("must not lead nowhere", () => {
    assert.deepEqual(check("[a](gone.md)\n[b](guide.md#gone)\n[c](../packages/core/src/a.ts#L9)"), [
      "docs/page.md:1: gone.md leads to nothing: there is no docs/gone.md",
      "docs/page.md:2: guide.md#gone leads to nothing: docs/guide.md has no such part",
      "docs/page.md:3: ../packages/core/src/a.ts#L9 leads to nothing: " +
        "packages/core/src/a.ts has no such part",
    ]);
  });

  it("are not looked for elsewhere, or in code", () => {
    assert.deepEqual(
      check("[a](https://example.com/x) `[b](gone.md)`\n```\n[c](gone.md)\n```"),
      [],
    );
  });

  it("include files that prose only mentions", () => {
    assert.deepEqual(check("see `packages/core/src/a.ts` and `packages/core/src/b.ts`"), [
      "docs/page.md:1: packages/core/src/b.ts is not there",
    ]);
  });
});

it("names headings as forges do", () => {
  const page = "# The `code` of [it](x.md)\n## A → B, c\n## A → B, c\n";
  assert.deepEqual([...headingIds(page)], ["the-code-of-it", "a--b-c", "a--b-c-1"]);
});
