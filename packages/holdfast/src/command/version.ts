/** Which release of Holdfast this is. */
import { readFileSync } from "node:fs";
import { join } from "node:path";

/** The folder of this package: the same distance from `src/command` and from `dist/command`. */
export const PACKAGE_FOLDER = join(import.meta.dirname, "..", "..");

export function holdfastVersion(): string {
  const text = readFileSync(join(PACKAGE_FOLDER, "package.json"), "utf8");
  return (JSON.parse(text) as { version: string }).version;
}
