/** What somebody does first, as they do it: pack, new, install, test, start, call, end. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { HOLDFAST, type ProgramRun, runProgram, startProgram } from "./testing/run-program.ts";

const PACK = join(import.meta.dirname, "..", "..", "..", "..", "tools", "pack.ts");
const STEP_TIMEOUT_MS = 120_000;
const NODE = process.execPath;

async function succeed(program: string, args: readonly string[], cwd: string): Promise<ProgramRun> {
  const run = await runProgram(program, args, { cwd, timeoutMs: STEP_TIMEOUT_MS });
  assert.equal(run.code, 0, `${program} ${args.join(" ")}\n${run.stdout}\n${run.stderr}`);
  return run;
}

test("a new service installs, tests, starts, answers, and ends with nothing lost", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "holdfast-new-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const demo = join(folder, "demo");
  const packed = join(folder, "packed");
  await succeed(NODE, [PACK, packed], folder);
  await succeed(NODE, [HOLDFAST, "new", "demo", "--local", packed], folder);
  await succeed("npm", ["install", "--prefer-offline", "--no-audit", "--no-fund"], demo);
  await succeed("npm", ["test"], demo);
  await succeed("npm", ["run", "types"], demo);
  await succeed("npm", ["run", "gen", "--", "--check"], demo);
  await startAndCall(demo);
});

async function startAndCall(demo: string): Promise<void> {
  const { child, match } = await startProgram(NODE, ["src/main.ts"], {
    cwd: demo,
    timeoutMs: STEP_TIMEOUT_MS,
    environment: { PORT: "0", OPS_PORT: "0" },
    until: /^demo answers calls on (\S+), operators on (\S+)$/,
  });
  try {
    const [, address = "", ops = ""] = match;
    // The published command, as the service has it installed.
    const command = join(demo, "node_modules", ".bin", "holdfast");
    const json = '{"name": "Ada"}';
    const args = ["call", address, "Demo.Greet", json, "--idl", "idl/demo.thrift"];
    const { stdout } = await succeed(command, args, demo);
    assert.deepEqual(JSON.parse(stdout), { text: "Hello, Ada!", count: "1" });
    assert.equal((await fetch(`${ops}/readyz`)).status, 200);
    const ended = once(child, "close");
    child.kill("SIGTERM");
    assert.deepEqual(await ended, [0, null]);
  } finally {
    child.kill("SIGKILL");
  }
}

test("in a checkout, a new service brings the packages along", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "holdfast-new-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  await succeed(NODE, [HOLDFAST, "new", "feed-counter", "--dir", "made"], folder);
  const made = join(folder, "made");
  const text = readFileSync(join(made, "package.json"), "utf8");
  const { dependencies } = JSON.parse(text) as { dependencies: Record<string, string> };
  assert.match(dependencies["holdfast"] ?? "", /^file:vendor\/holdfast-[\d.]+\.tgz$/);
  const files = Object.values(dependencies).map((place) => place.replace("file:", ""));
  for (const file of files) assert.ok(existsSync(join(made, file)), file);
  assert.equal(files.length, readdirSync(join(made, "vendor")).length);
});
