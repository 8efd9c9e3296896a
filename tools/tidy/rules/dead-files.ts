/**
 * Every TypeScript file is used: something that starts by itself reaches it. Those are the doors of
 * packages, programs, tests, benches, and whatever another file names in a string.
 */
import { isGenerated, packageFolderOf, resolveRelative } from "../../source/place.ts";
import type { SourceTree } from "../../source/source-tree.ts";
import type { Rule } from "../rule.ts";

/** They start by themselves, or are what others import. */
const STARTS = /((^|\/)(index|main)|\.(test|bench|fuzz))\.ts$|^(tools|bench)\/[^/]+\.ts$/;
/** Files that start programs by their paths. */
const NAMES_PROGRAMS = /\.(ts|sh|json)$|(^|\/)Makefile$/;

export const deadFiles: Rule = {
  name: "dead-files",
  promise: "every file is reached from a door, a program, a test or a bench",
  check(tree) {
    const named = pathsInStrings(tree);
    const starts = tree.typescript.filter(
      (path) => STARTS.test(path) || isGenerated(path) || isNamed(path, named),
    );
    const reached = reachedFrom(tree, starts);
    return tree.typescript
      .filter((path) => !reached.has(path))
      .map((path) => ({ path, message: "nothing reaches it: remove it, or use it" }));
  },
};

function reachedFrom(tree: SourceTree, starts: readonly string[]): Set<string> {
  const reached = new Set<string>();
  const open = [...starts];
  for (let path = open.pop(); path !== undefined; path = open.pop()) {
    if (reached.has(path)) continue;
    reached.add(path);
    for (const { specifier } of tree.module(path).imports) {
      const target = specifier.startsWith(".") ? resolveRelative(path, specifier) : undefined;
      if (target !== undefined && tree.files.has(target)) open.push(target);
    }
  }
  return reached;
}

/** A thread's file may end in .js once it is built, so its name is made: `./writer.${ending}`. */
const PATH = /(?<=["'`\s=}])([\w./-]+)\.(?:ts(?=["'`\s),;]|$)|\$\{)/g;

/** Everything in quotes, or in a script, that ends like a TypeScript file; with who says it. */
function pathsInStrings(tree: SourceTree): { from: string; path: string }[] {
  return [...tree.files].flatMap(([from, text]) => {
    if (!NAMES_PROGRAMS.test(from) || isGenerated(from)) return [];
    return Array.from(text.matchAll(PATH), (match) => ({
      from,
      path: `${match[1]!.replace(/^(\.?\/)+/, "")}.ts`,
      imported: /\b(from|import)\s*\(?["']$/.test(
        text.slice(Math.max(0, match.index - 12), match.index),
      ),
    })).filter(({ path, imported }) => !path.startsWith("..") && !imported);
  });
}

/** Within its own package; a string in another may mean another file. */
function isNamed(path: string, named: readonly { from: string; path: string }[]): boolean {
  const folder = packageFolderOf(path) ?? path.split("/")[0];
  return named.some(
    (each) =>
      each.from !== path &&
      (path === each.path ||
        ((packageFolderOf(each.from) ?? each.from.split("/")[0]) === folder &&
          path.endsWith(`/${each.path}`))),
  );
}
