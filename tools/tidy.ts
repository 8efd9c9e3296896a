/** Says what in the repository is not as its rules want it: `node tools/tidy.ts [RULE…]`. */
import { join } from "node:path";
import { readRepository } from "./source/source-tree.ts";
import { formatFinding } from "./tidy/rule.ts";
import { RULES } from "./tidy/rules.ts";

const wanted = process.argv.slice(2);
const tree = readRepository(join(import.meta.dirname, ".."));
for (const { name, check } of RULES) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  for (const finding of check(tree)) {
    console.log(`${formatFinding(finding)} (${name})`);
    process.exitCode = 1;
  }
}
