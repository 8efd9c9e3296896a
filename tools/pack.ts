/**
 * Builds what is published: `node tools/pack.ts DIR` compiles every package to JavaScript with
 * declarations and packs each into DIR as npm would upload it.
 */
import { spawnSync } from "node:child_process";
import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join, resolve } from "node:path";

const ROOT = join(import.meta.dirname, "..");
const PACKAGES = join(ROOT, "packages");
/** Compiling and packing take seconds; this only ends what hangs. */
const STEP_TIMEOUT_MS = 120_000;

/** The fields of a package.json that matter here; the others stay as they are. */
export interface PackageJson {
  readonly name: string;
  readonly version: string;
  readonly exports: Readonly<Record<string, string>>;
  readonly bin?: Readonly<Record<string, string>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly [field: string]: unknown;
}

interface Package {
  /** The name of its folder below packages/. */
  readonly folder: string;
  readonly json: PackageJson;
}

/** Packs every package into `outDir`, and returns the tarballs' names. Throws what tools said. */
export function packAll(outDir: string): string[] {
  const packages = findPackages();
  mkdirSync(join(ROOT, ".cache"), { recursive: true });
  // Inside the repository, so that the compiler finds what is installed here.
  const stage = mkdtempSync(join(ROOT, ".cache", "pack-"));
  try {
    compile(packages, stage);
    for (const each of packages) stagePackage(each, packages, stage);
    mkdirSync(outDir, { recursive: true });
    const folders = packages.map(({ folder }) => `./${folder}`);
    const options = ["--pack-destination", resolve(outDir), "--ignore-scripts", "--loglevel=error"];
    const output = run("npm", ["pack", ...folders, ...options], stage);
    return output.split("\n").filter((line) => line.endsWith(".tgz"));
  } finally {
    rmSync(stage, { recursive: true, force: true });
  }
}

function findPackages(): Package[] {
  return readdirSync(PACKAGES)
    .toSorted()
    .filter((folder) => existsSync(join(PACKAGES, folder, "package.json")))
    .map((folder) => {
      const text = readFileSync(join(PACKAGES, folder, "package.json"), "utf8");
      return { folder, json: JSON.parse(text) as PackageJson };
    });
}

/** Only what the doors and commands reach is compiled: tests and benches stay out. */
function compile(packages: readonly Package[], stage: string): void {
  const files = packages.flatMap(({ folder, json }) =>
    entriesOf(json).map((path) => join(PACKAGES, folder, path)),
  );
  const config = {
    extends: join(ROOT, "tsconfig.base.json"),
    compilerOptions: {
      rootDir: PACKAGES,
      outDir: join(stage, "compiled"),
      declaration: true,
      noEmitOnError: true,
      // Through node_modules, sisters would count as somebody else's and not be compiled.
      paths: Object.fromEntries(
        packages.map(({ folder, json }) => [json.name, [join(PACKAGES, folder, mainOf(json))]]),
      ),
    },
    files,
  };
  writeFileSync(join(stage, "tsconfig.json"), JSON.stringify(config));
  const compiler = join(ROOT, "node_modules", "typescript", "bin", "tsc");
  run(process.execPath, [compiler, "-p", join(stage, "tsconfig.json")], ROOT);
}

function mainOf({ name, exports }: PackageJson): string {
  const door = exports["."];
  if (door === undefined) throw new Error(`${name} has no door: exports["."] is missing`);
  return door;
}

function entriesOf({ exports, bin = {} }: PackageJson): string[] {
  return [...Object.values(exports), ...Object.values(bin)];
}

function stagePackage(
  { folder, json }: Package,
  packages: readonly Package[],
  stage: string,
): void {
  const to = join(stage, folder);
  const dist = join(to, "dist");
  cpSync(join(stage, "compiled", folder, "src"), dist, { recursive: true });
  for (const file of filesBelow(dist, ".d.ts")) {
    writeFileSync(file, rewriteImports(readFileSync(file, "utf8")));
  }
  const versions = new Map(packages.map(({ json: { name, version } }) => [name, version]));
  const published = publishedPackageJson(json, versions);
  writeFileSync(join(to, "package.json"), `${JSON.stringify(published, undefined, 2)}\n`);
  copyFileSync(join(ROOT, "LICENSE"), join(to, "LICENSE"));
  const readme = join(PACKAGES, folder, "README.md");
  if (existsSync(readme)) copyFileSync(readme, join(to, "README.md"));
}

/** The compiler rewrites the endings in JavaScript, not in declarations. */
export function rewriteImports(declarations: string): string {
  return declarations.replace(/((?:from|import) ?\(?"\.{1,2}\/[^"]*)\.ts"/g, '$1.js"');
}

/** A sister is taken in exactly this version: they are tested together and published together. */
export function publishedPackageJson(
  json: PackageJson,
  versions: ReadonlyMap<string, string>,
): object {
  const { bin, dependencies = {} } = json;
  const doors = Object.entries(json.exports).map(([door, path]) => {
    return [door, { types: inDist(path, ".d.ts"), default: inDist(path, ".js") }] as const;
  });
  const commands = Object.entries(bin ?? {}).map(
    ([name, path]) => [name, inDist(path, ".js")] as const,
  );
  const exact = Object.entries(dependencies).map(([name, range]) => {
    return [name, versions.get(name) ?? range] as const;
  });
  return {
    ...json,
    exports: Object.fromEntries(doors),
    ...(bin === undefined ? {} : { bin: Object.fromEntries(commands) }),
    files: ["dist"],
    dependencies: Object.fromEntries(exact),
  };
}

function inDist(path: string, ending: string): string {
  return path.replace(/^\.\/src\//, "./dist/").replace(/\.ts$/, ending);
}

function filesBelow(folder: string, ending: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(ending))
    .map((file) => join(folder, file));
}

/** What it printed; throws all that it said when it failed. */
function run(program: string, args: readonly string[], cwd: string): string {
  const options = { cwd, encoding: "utf8", timeout: STEP_TIMEOUT_MS } as const;
  const { status, signal, error, stdout, stderr } = spawnSync(program, args, options);
  if (status === 0) return stdout;
  const how = error?.message ?? signal ?? `exit code ${status}`;
  throw new Error(`${program} ${args[0]} failed (${how})\n${stdout}${stderr}`);
}

function main(): void {
  const [outDir, ...more] = process.argv.slice(2);
  if (outDir === undefined || more.length > 0 || outDir.startsWith("-")) {
    console.error("usage: node tools/pack.ts DIR");
    process.exitCode = 2;
    return;
  }
  try {
    for (const file of packAll(outDir)) console.log(join(outDir, file));
  } catch (error) {
    console.error((error as Error).message);
    process.exitCode = 1;
  }
}

if (import.meta.main) main();
