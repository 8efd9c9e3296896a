import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { treeOf } from "../source/source-tree.ts";
import { findingsOf } from "../tidy/findings-of.ts";
import { fillSnippets, snippets } from "./snippets.ts";

const FENCE = "```";

function block(text: string, above = ""): string {
  return `# Page\n\n${above}${FENCE}ts\n${text}${FENCE}\n`;
}

describe("code in pages", () => {
  const marked = block("old();\n", "<!-- snippets/a.ts -->\n\n");
  const files = { "docs/page.md": marked, "docs/snippets/a.ts": "fresh();\nlines();\n" };

  it("is the file that stands above it", () => {
    assert.deepEqual(findingsOf(snippets, files), [
      "docs/page.md:3: block 1 is not snippets/a.ts; run: make gen",
    ]);
    const filled = fillSnippets(treeOf(files), "docs/page.md");
    assert.equal(filled, marked.replace("old();\n", files["docs/snippets/a.ts"]));
    assert.deepEqual(findingsOf(snippets, { ...files, "docs/page.md": filled }), []);
    assert.deepEqual(findingsOf(snippets, { "docs/page.md": marked }), [
      "docs/page.md:3: there is no snippets/a.ts",
    ]);
  });

  it("passes the compiler when it is a program", () => {
    const good =
      'import { ServiceError } from "@holdfast/core";\nnew ServiceError("internal", "");\n';
    assert.deepEqual(findingsOf(snippets, { "a.md": block(good) }), []);
    const bad = good.replace('"internal"', "5");
    const [finding] = findingsOf(snippets, { "a.md": block(bad) });
    assert.match(finding!, /^a\.md:5: Argument of type '5' is not assignable/);
  });

  it("is at least TypeScript when it is a part", () => {
    assert.deepEqual(findingsOf(snippets, { "a.md": block("const filter = make(parts);\n") }), []);
    const [finding] = findingsOf(snippets, { "a.md": block("const = 5;\n") });
    assert.match(finding!, /^a\.md:3: /);
  });
});
