import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { it } from "node:test";
import { codeBlocks } from "../source/markdown.ts";

const ROOT = join(import.meta.dirname, "..", "..");

it("shows a service that runs, prints what the page says, and drains", async () => {
  const page = codeBlocks(readFileSync(join(ROOT, "README.md"), "utf8"));
  const shown = page.findIndex(({ text }) => text.includes("startService("));
  const expected = page[shown + 1]!.text.trimEnd().split("\n");
  const program = spawn(process.execPath, ["docs/snippets/greeter/main.ts"], {
    cwd: ROOT,
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = once(program, "close");
  const printed: string[] = [];
  for await (const line of createInterface(program.stdout)) {
    // The log is on standard output as well.
    if (line.startsWith('{"')) continue;
    printed.push(line);
    if (printed.length === expected.length) program.kill("SIGTERM");
  }
  assert.deepEqual(printed.map(withoutPorts), expected.map(withoutPorts));
  assert.deepEqual(await ended, [0, null]);
});

/** Free ports differ from run to run. */
function withoutPorts(line: string): string {
  return line.replace(/:\d{4,5}\b/g, ":PORT");
}
