/** The programs of OpenSSH that tests start: where they are, or why the tests are left out. */
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";

/** Where tools/setup.sh puts sshd, which is in nobody's PATH. */
const CACHED = join(import.meta.dirname, "..", "..", "..", ".cache", "openssh");
const SYSTEM = ["/usr/sbin", "/usr/local/sbin"];

/**
 * Why tests that need these programs are skipped, or false. A missing one is loud, and continuous
 * integration does not take it.
 */
export function skipWithout(...names: readonly string[]): string | false {
  const missing = names.filter((name) => findProgram(name) === undefined);
  if (missing.length === 0) return false;
  const said = `${missing.join(", ")} not installed: run sh tools/setup.sh`;
  if (process.env["CI"] === "true") throw new Error(said);
  console.error(said);
  return said;
}

/** The path of a program, in PATH or where servers are. */
export function findProgram(name: string): string | undefined {
  const inPath = (process.env["PATH"] ?? "").split(delimiter);
  return [CACHED, ...inPath, ...SYSTEM].map((place) => join(place, name)).find(isExecutable);
}

export function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
