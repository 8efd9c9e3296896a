/**
 * Writes every generated file of the repository again: `node tools/generate.ts`. With `--check` it
 * writes nothing and fails when one of them is not what its IDL says.
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { compileIdlFile, formatProblem, generate, type GenerateOptions } from "@holdfast/thrift";

const ROOT = join(import.meta.dirname, "..");

interface Generated {
  readonly idl: string;
  readonly outDir: string;
  readonly options: Partial<GenerateOptions>;
}

/** What a program that stands on the door of Holdfast imports. */
const DOOR: Partial<GenerateOptions> = { thriftPackage: "holdfast", corePackage: "holdfast" };
const TEST_DATA = "packages/thrift/src/codegen/testdata";

/** Each IDL whose generated files are committed. */
const GENERATED: readonly Generated[] = [
  { idl: "apps/feed/idl/feed.thrift", outDir: "apps/feed/src/gen", options: DOOR },
  { idl: "apps/feed/idl/feed.thrift", outDir: "tests/feed-fleet/gen", options: DOOR },
  {
    idl: "apps/feed-history/idl/feed_history.thrift",
    outDir: "apps/feed-history/src/gen",
    options: DOOR,
  },
  { idl: "apps/ssh-proxy/idl/accounts.thrift", outDir: "apps/ssh-proxy/src/gen", options: DOOR },
  { idl: "apps/ssh-proxy/idl/routes.thrift", outDir: "apps/ssh-proxy/src/gen", options: DOOR },
  { idl: "bench/idl/echo.thrift", outDir: "bench/holdfast/gen", options: DOOR },
  {
    idl: "docs/snippets/greeter/greeter.thrift",
    outDir: "docs/snippets/greeter/gen",
    options: DOOR,
  },
  {
    idl: "packages/rpc/src/testing/probe.thrift",
    outDir: "packages/rpc/src/testing/gen",
    options: {},
  },
  { idl: "tests/interop/idl/thrift_test.thrift", outDir: "tests/interop/gen", options: DOOR },
  ...["apache", "everything", "names", "page"].map((name) => ({
    idl: `${TEST_DATA}/${name}.thrift`,
    outDir: `${TEST_DATA}/gen`,
    options: {},
  })),
];

function main(): void {
  const check = process.argv.includes("--check");
  const stale: string[] = [];
  for (const { idl, outDir, options } of GENERATED) {
    for (const [name, text] of generateFiles(join(ROOT, idl), options)) {
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

function generateFiles(idl: string, options: Partial<GenerateOptions>): Map<string, string> {
  const { program, problems } = compileIdlFile(idl);
  if (program !== undefined) return generate(program, options);
  throw new Error(problems.map(formatProblem).join("\n"));
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
