/** A page is about one thing, which its only first-level heading names. */
import { linesOutsideCode } from "../../source/markdown.ts";
import type { Rule } from "../rule.ts";

export const markdownHeading: Rule = {
  name: "markdown-heading",
  promise: "a page has one heading of the first level",
  check: (tree) =>
    [...tree.files].flatMap(([path, text]) => {
      if (!path.endsWith(".md")) return [];
      const headings = linesOutsideCode(text).filter(({ text: line }) => line.startsWith("# "));
      if (headings.length === 1) return [];
      return [{ path, message: `${headings.length} headings of the first level; it needs one` }];
    }),
};
