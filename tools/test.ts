/**
 * Runs the tests: finds the `*.test.ts` of the repository and gives them to `node --test`.
 *
 *   node tools/test.ts                    everything
 *   node tools/test.ts --unit             what needs nothing but Node: packages and tools
 *   node tools/test.ts --with-node-24     the unit tests on Node 24 first, then everything
 *   node tools/test.ts --node PATH        on another Node
 *   node tools/test.ts --fuzz             the `*.fuzz.ts` instead: long searches
 *   node tools/test.ts packages/rpc       only below these paths
 *   node tools/test.ts --without FILE     all but this one
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { availableParallelism } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { findTests } from "./test/find.ts";
import { installNode24 } from "./test/node-24.ts";
import { parseTestArguments, type TestArguments } from "./test/arguments.ts";

const ROOT = join(import.meta.dirname, "..");
const REPORTER = join(import.meta.dirname, "test", "reporter.ts");
const LOADED_FIRST = ["left-open.ts", "fixed-seed.ts"].map((name) => {
  return `--import=${join(import.meta.dirname, "test", name)}`;
});

/** A test that takes this long hangs. The slowest start real servers many times over. */
const TEST_TIMEOUT_MS = 300_000;
/** A search may take as long as it was told to; this only ends one that hangs. */
const FUZZ_TIMEOUT_MS = 3_600_000;

async function main(): Promise<void> {
  const wanted = parseTestArguments(process.argv.slice(2));
  if (typeof wanted === "string") {
    console.error(wanted);
    process.exitCode = 2;
    return;
  }
  let passed = true;
  if (wanted.withNode24) {
    const node = installNode24(ROOT);
    if (node === undefined) console.log("no Node 24 for this machine: its tests are left out\n");
    else passed = await runTests({ ...wanted, unit: true, node });
  }
  passed = (await runTests(wanted)) && passed;
  process.exitCode = passed ? 0 : 1;
}

/** True when every test passed, and there was at least one. */
async function runTests(wanted: TestArguments): Promise<boolean> {
  const { fuzz, node } = wanted;
  const files = findTests(ROOT, wanted);
  if (files.length === 0) {
    console.error("no tests found");
    return false;
  }
  const timeoutMs = fuzz ? FUZZ_TIMEOUT_MS : TEST_TIMEOUT_MS;
  const runner = spawn(
    node,
    [
      "--test",
      // Node's own default is one less than there are cores, which is one on two.
      `--test-concurrency=${Math.max(2, availableParallelism())}`,
      `--test-timeout=${timeoutMs}`,
      `--test-reporter=${REPORTER}`,
      "--test-reporter-destination=stdout",
      ...LOADED_FIRST,
      ...files,
    ],
    { cwd: ROOT, stdio: "inherit", env: environmentFor(node) },
  );
  // It takes the test processes with it.
  process.once("SIGTERM", () => runner.kill());
  try {
    const [status] = (await once(runner, "close")) as [number | null];
    return status === 0;
  } catch (error) {
    console.error(`${node} does not start: ${(error as Error).message}`);
    return false;
  }
}

/** Programs that tests start by name: this Node, and what tools/setup.sh put aside. */
function environmentFor(node: string): NodeJS.ProcessEnv {
  const places = [dirname(node), join(ROOT, ".cache", "bin"), process.env["PATH"] ?? ""];
  return { ...process.env, PATH: places.join(delimiter) };
}

await main();
