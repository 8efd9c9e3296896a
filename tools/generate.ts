/**
 * Writes every generated file of the repository again: `node tools/generate.ts`. With `--check` it
 * writes nothing and fails when one of them is not what its IDL says.
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { compileIdlFile, formatProblem, generate } from "@holdfast/thrift";

const ROOT = join(import.meta.dirname, "..");

/** Each IDL whose generated files are committed. */
const GENERATED: readonly { readonly idl: string; readonly outDir: string }[] = [
  { idl: "apps/feed-history/idl/feed_history.thrift", outDir: "apps/feed-history/src/gen" },
  { idl: "bench/idl/echo.thrift", outDir: "bench/holdfast/gen" },
];

function main(): void {
  const check = process.argv.includes("--check");
  const stale: string[] = [];
  for (const { idl, outDir } of GENERATED) {
    for (const [name, text] of generateFiles(join(ROOT, idl))) {
      const path = join(ROOT, outDir, name);
      if (readIfThere(path) === text) continue;
      stale.push(relative(ROOT, path));
      if (check) continue;
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, text);
    }
  }
  for (const path of stale) console.log(check ? `not what its IDL says: ${path}` : `wrote ${path}`);
  if (check && stale.length > 0) {
    console.log("run: npm run gen");
    process.exitCode = 1;
  }
}

function generateFiles(idl: string): Map<string, string> {
  const { program, problems } = compileIdlFile(idl);
  for (const problem of problems) console.error(formatProblem(problem));
  if (program === undefined) throw new Error(`${idl} does not compile`);
  return generate(program, { thriftPackage: "holdfast", corePackage: "holdfast" });
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

main();
