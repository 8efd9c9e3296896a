/** Runs every `*.bench.ts` that stands beside the code, one after the other: `make microbench`. */
import { spawnSync } from "node:child_process";
import { globSync } from "node:fs";
import { join } from "node:path";

const ROOT = join(import.meta.dirname, "..");

const only = process.argv.slice(2);
const files = globSync("{packages,apps}/*/src/**/*.bench.ts", { cwd: ROOT }).toSorted();
for (const file of files) {
  if (only.length > 0 && !only.some((path) => file.startsWith(path))) continue;
  console.log(`\n## ${file}\n`);
  const { status } = spawnSync(process.execPath, [file], { cwd: ROOT, stdio: "inherit" });
  if (status !== 0) process.exitCode = 1;
}
