/** For tests of rules: what a rule says about a tree that is made of strings. */
import { treeOf } from "../source/source-tree.ts";
import { formatFinding, type Rule } from "./rule.ts";

export function findingsOf(rule: Rule, files: Readonly<Record<string, string>>): string[] {
  return rule.check(treeOf(files)).map(formatFinding);
}
