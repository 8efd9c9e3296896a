/** Where the Consul is that tests start; built when it is not there yet. */
import { spawnSync } from "node:child_process";
import { join } from "node:path";

const MISSING_TOOLCHAIN = 3;

/**
 * Why tests on a real Consul are skipped, or false. A missing Go is loud, and continuous
 * integration does not take it.
 */
export function skipConsul(): string | false {
  const { status, said } = runSetup();
  if (status === 0) return false;
  if (status !== MISSING_TOOLCHAIN || process.env["CI"] === "true") {
    throw new Error(`consul was not built (${status}):\n${said}`);
  }
  console.error(said);
  return said;
}

/** The program's path. */
export function consulProgram(): string {
  const { status, said, printed } = runSetup();
  if (status !== 0) throw new Error(`consul was not built (${status}):\n${said}`);
  return printed;
}

function runSetup(): { status: number | null; said: string; printed: string } {
  const setup = spawnSync("sh", [join(import.meta.dirname, "setup.sh")], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
  });
  return { status: setup.status, said: setup.stderr.trim(), printed: setup.stdout.trim() };
}
