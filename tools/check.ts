/**
 * What must hold before a change is proposed: `make check`. One line for each check; what it has
 * to say only when it failed. Two run at a time.
 *
 *   node tools/check.ts                    everything
 *   node tools/check.ts --without-tests    not the unit tests
 *   node tools/check.ts lint docs          only these
 */
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { forEachOf } from "./process/for-each-of.ts";

const ROOT = join(import.meta.dirname, "..");
const AT_ONCE = 2;

interface Check {
  readonly name: string;
  /** Programs are found among the repository's own first. */
  readonly command: readonly string[];
}

/** Slow ones first, so that the last to end does not begin last. */
const CHECKS: readonly Check[] = [
  {
    name: "format",
    command: [
      ...["prettier", "--check", "--log-level=warn", "--cache", "--cache-strategy=content"],
      ...["--cache-location=.cache/prettier.json", "."],
    ],
  },
  { name: "types", command: ["tsc", "--noEmit"] },
  { name: "lint", command: ["oxlint", "--type-aware", "--deny-warnings", "--format=unix"] },
  { name: "tidy", command: ["node", "tools/tidy.ts"] },
  { name: "docs", command: ["node", "tools/docs.ts"] },
  { name: "generated", command: ["node", "tools/generate.ts", "--check"] },
  {
    name: "tests",
    // The rules and pages of the whole tree have just been looked at.
    command: [
      ...["node", "tools/test.ts", "--unit"],
      ...["--without=tools/tidy/tidy.test.ts", "--without=tools/docs/docs.test.ts"],
    ],
  },
];

/** Its peers' types are there once `make bench` has installed them. */
const BENCH_TYPES: Check = { name: "types of bench", command: ["tsc", "--noEmit", "-p", "bench"] };

async function main(): Promise<void> {
  const checks = chosenChecks(process.argv.slice(2));
  if (typeof checks === "string") {
    console.error(checks);
    process.exitCode = 2;
    return;
  }
  const failed: string[] = [];
  await forEachOf(checks, AT_ONCE, async (check) => {
    const startMs = performance.now();
    const { passed, output } = await runCheck(check);
    const seconds = ((performance.now() - startMs) / 1000).toFixed(1);
    console.log(`${passed ? "✔" : "✖"} ${check.name.padEnd(14)} ${seconds.padStart(5)} s`);
    if (passed) return;
    failed.push(check.name);
    const said = output.replace(/^✔ .*\n/gm, "").trim();
    console.log(said.replace(/^(?=.)/gm, "    "));
  });
  if (failed.length > 0) console.log(`failed: ${failed.join(", ")}`);
  process.exitCode = failed.length > 0 ? 1 : 0;
}

/** The checks that the arguments name, or what is wrong with them. */
function chosenChecks(args: readonly string[]): readonly Check[] | string {
  const checks = existsSync(join(ROOT, "bench", "node_modules"))
    ? [...CHECKS, BENCH_TYPES]
    : CHECKS;
  if (args.length === 0) return checks;
  if (args[0] === "--without-tests") return checks.filter(({ name }) => name !== "tests");
  const chosen = checks.filter(({ name }) => args.includes(name));
  if (chosen.length === args.length) return chosen;
  return `checks are: ${checks.map(({ name }) => name).join(", ")}, or --without-tests`;
}

function runCheck({ command }: Check): Promise<{ passed: boolean; output: string }> {
  const path = [join(ROOT, "node_modules", ".bin"), process.env["PATH"] ?? ""].join(delimiter);
  return new Promise((resolve) => {
    const [program, ...args] = command;
    const running = spawn(program!, args, {
      cwd: ROOT,
      env: { ...process.env, PATH: path },
      stdio: ["ignore", "pipe", "pipe"],
    });
    const output: string[] = [];
    for (const stream of [running.stdout, running.stderr]) {
      stream.setEncoding("utf8").on("data", (text: string) => output.push(text));
    }
    running.on("error", (error) => resolve({ passed: false, output: error.message }));
    running.on("close", (status) => resolve({ passed: status === 0, output: output.join("") }));
  });
}

await main();
