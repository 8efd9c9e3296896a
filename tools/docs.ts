/**
 * Says what in the documentation does not hold: `node tools/docs.ts`. With `--write` it writes what
 * is made from the sources: the page of options, and the files that pages show.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { DOC_CHECKS, stalePages } from "./docs/checks.ts";
import { readRepository } from "./source/source-tree.ts";
import { formatFinding } from "./tidy/rule.ts";

const ROOT = join(import.meta.dirname, "..");

function main(): void {
  const tree = readRepository(ROOT);
  if (process.argv.includes("--write")) {
    for (const [path, text] of stalePages(tree)) {
      mkdirSync(join(ROOT, dirname(path)), { recursive: true });
      writeFileSync(join(ROOT, path), text);
      console.log(`wrote ${path}`);
    }
    return;
  }
  for (const { name, check } of DOC_CHECKS) {
    for (const finding of check(tree)) {
      console.log(`${formatFinding(finding)} (${name})`);
      process.exitCode = 1;
    }
  }
}

main();
