/**
 * Where a new service gets Holdfast from: the npm registry; or, out of a checkout or with packed
 * packages at hand, tarballs that are copied into the service, so that it installs all the same
 * and may be moved.
 */
import { spawn } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, readdirSync } from "node:fs";
import { basename, join } from "node:path";
import { CommandError, EXIT, usageError } from "../command.ts";
import { holdfastVersion, PACKAGE_FOLDER } from "../version.ts";

/** By package name, as package.json has them. */
export type Dependencies = Readonly<Record<string, string>>;

const VENDOR = "vendor";
/** In a checkout only. */
const PACK = join(PACKAGE_FOLDER, "..", "..", "tools", "pack.ts");

/** `folder` is the new service's; `local` a folder of packed packages. */
export async function findDependencies(
  folder: string,
  local: string | undefined,
): Promise<Dependencies> {
  const vendor = join(folder, VENDOR);
  if (local !== undefined) copyTarballs(local, vendor);
  else if (existsSync(PACK)) await pack(vendor);
  else return { holdfast: `^${holdfastVersion()}` };
  return fileDependencies(readdirSync(vendor));
}

/** Holdfast and all its sisters: npm takes what the service names itself before it asks around. */
function fileDependencies(files: readonly string[]): Dependencies {
  const suffix = `-${holdfastVersion()}.tgz`;
  const entries = files
    .filter((file) => file.endsWith(suffix))
    .map((file) => [packageOf(file.slice(0, -suffix.length)), `file:${VENDOR}/${file}`] as const);
  return Object.fromEntries(entries.toSorted(([one], [other]) => (one < other ? -1 : 1)));
}

/** npm packs @holdfast/core as holdfast-core. */
function packageOf(stem: string): string {
  return stem.replace(/^holdfast-/, "@holdfast/");
}

function copyTarballs(from: string, vendor: string): void {
  const version = holdfastVersion();
  const files = listFolder(from).filter((file) => file.endsWith(`-${version}.tgz`));
  if (!files.includes(`holdfast-${version}.tgz`)) {
    throw usageError(
      `there is no holdfast-${version}.tgz in ${from}`,
      "pack it in a checkout of Holdfast first: node tools/pack.ts DIR",
    );
  }
  mkdirSync(vendor, { recursive: true });
  for (const file of files) copyFileSync(join(from, file), join(vendor, basename(file)));
}

function listFolder(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    const { message } = error as Error;
    const advice = "--local takes a folder of packed .tgz files";
    throw new CommandError(EXIT.usage, `cannot read ${folder}: ${message}`, advice, error);
  }
}

function pack(vendor: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const packing = spawn(process.execPath, [PACK, vendor], {
      stdio: ["ignore", "ignore", "pipe"],
    });
    let said = "";
    packing.stderr.on("data", (data: Buffer) => (said += data.toString()));
    packing.once("error", reject);
    packing.once("close", (code) => {
      if (code === 0) return resolve();
      const advice = said.trim() || "run node tools/pack.ts in the checkout to see why";
      reject(new CommandError(EXIT.failed, "the packages of this checkout do not pack", advice));
    });
  });
}
