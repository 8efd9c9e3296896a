/** Lines fit beside each other on a screen; the formatter leaves long strings and comments. */
import { linesOutsideCode } from "../../source/markdown.ts";
import { isForTests, isGenerated } from "../../source/place.ts";
import type { SourceTree } from "../../source/source-tree.ts";
import type { Finding, Rule } from "../rule.ts";

const COLUMNS_MAX = 100;
const CHECKED = /(\.(ts|md|sh|c|h|cpp|go)|(^|\/)(Makefile|run))$/;

export const lineLength: Rule = {
  name: "line-length",
  promise: `lines have at most ${COLUMNS_MAX} columns`,
  check: (tree) =>
    [...tree.files.keys()]
      .filter((path) => CHECKED.test(path) && !isGenerated(path))
      .flatMap((path) => longLines(tree, path)),
};

function longLines(tree: SourceTree, path: string): Finding[] {
  const findings: Finding[] = [];
  // What a page quotes is as long as it is.
  const prose = path.endsWith(".md") ? linesOutsideCode(tree.text(path)) : undefined;
  const checked = new Set(prose?.map(({ line }) => line));
  let start = 0;
  for (const [index, line] of tree.text(path).split("\n").entries()) {
    const columns = Array.from(line).length;
    const isQuoted = prose !== undefined && !checked.has(index + 1);
    if (columns > COLUMNS_MAX && !isQuoted && !mayBeLong(tree, path, line, start)) {
      const message = `${columns} columns; at most ${COLUMNS_MAX}`;
      findings.push({ path, line: index + 1, message });
    }
    start += line.length + 1;
  }
  return findings;
}

/** A table's row, an address that stands alone, and what a test gives or expects to the letter. */
function mayBeLong(tree: SourceTree, path: string, line: string, start: number): boolean {
  if (path.endsWith(".md") && line.startsWith("|")) return true;
  if (/^\s*\S*https?:\/\/\S+$/.test(line)) return true;
  return isForTests(path) && path.endsWith(".ts") && isInText(tree, path, start + COLUMNS_MAX);
}

function isInText(tree: SourceTree, path: string, offset: number): boolean {
  let found = false;
  tree.module(path).walk(({ type, start, end }) => {
    if (/^(Literal|TemplateElement)$/.test(type) && start <= offset && offset <= end) found = true;
  });
  return found;
}
