/** Finds test files: everything below the folders that have tests, sorted, so that runs compare. */
import { readdirSync } from "node:fs";
import { join, relative, sep } from "node:path";

const FOLDERS = ["packages", "apps", "tools", "tests"];
/** What needs nothing but Node. */
const UNIT_FOLDERS = ["packages", "tools"];
/** Stands beside what it tests, and needs npm's registry. */
const NO_UNIT_TESTS = new Set(["packages/holdfast/src/command/from-nothing.test.ts"]);
/** Installed and generated things, and test data, which may look like tests. */
const SKIPPED = new Set(["node_modules", "testdata"]);

export interface FindTests {
  readonly unit: boolean;
  readonly fuzz: boolean;
  readonly paths: readonly string[];
  readonly without: readonly string[];
}

/** Paths relative to `root`. */
export function findTests(root: string, { unit, fuzz, paths, without }: FindTests): string[] {
  const ending = fuzz ? ".fuzz.ts" : ".test.ts";
  const folders = unit ? UNIT_FOLDERS : FOLDERS;
  const below = paths.map((path) => relative(root, join(root, path)).split(sep).join("/"));
  return folders
    .flatMap((folder) => filesBelow(join(root, folder)))
    .map((file) => relative(root, file).split(sep).join("/"))
    .filter((file) => file.endsWith(ending) && isBelow(file, below))
    .filter((file) => !without.includes(file))
    .filter((file) => !unit || !NO_UNIT_TESTS.has(file))
    .toSorted();
}

function isBelow(file: string, paths: readonly string[]): boolean {
  return paths.length === 0 || paths.some((path) => file === path || file.startsWith(`${path}/`));
}

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    if (entry.name.startsWith(".") || SKIPPED.has(entry.name)) return [];
    const path = join(folder, entry.name);
    return entry.isDirectory() ? filesBelow(path) : [path];
  });
}
