import assert from "node:assert/strict";
import { it } from "node:test";
import { codeBlocks, linesOutsideCode } from "./markdown.ts";

const PAGE = ["# Page", "```ts", "# code", "```", "text", "````md", "```", "````", "end"].join(
  "\n",
);

it("tells prose from code", () => {
  assert.deepEqual(
    linesOutsideCode(PAGE).map(({ line, text }) => `${line} ${text}`),
    ["1 # Page", "5 text", "9 end"],
  );
});

it("gives blocks with their language, and fences within them", () => {
  assert.deepEqual(codeBlocks(PAGE), [
    { line: 2, language: "ts", text: "# code\n" },
    { line: 6, language: "md", text: "```\n" },
  ]);
});
