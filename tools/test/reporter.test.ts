import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";

const HERE = import.meta.dirname;

describe("a report of a run", () => {
  const folder = mkdtempSync(join(tmpdir(), "holdfast-report-"));
  after(() => rmSync(folder, { recursive: true }));

  /** Runs one test file made of `text` as tools/test.ts does. */
  function report(text: string): Promise<{ failed: boolean; lines: string[] }> {
    writeFileSync(join(folder, "a.test.ts"), `import { describe, it } from "node:test";\n${text}`);
    const options = [
      "--test",
      `--test-reporter=${join(HERE, "reporter.ts")}`,
      `--import=${join(HERE, "left-open.ts")}`,
      "a.test.ts",
    ];
    // The runner inside a test would report to the one outside.
    const { NODE_TEST_CONTEXT: _, ...env } = process.env;
    return new Promise((resolve) => {
      execFile(process.execPath, options, { cwd: folder, env }, (error, stdout) => {
        resolve({ failed: error !== null, lines: stdout.trimEnd().split("\n") });
      });
    });
  }

  it("has a line for each file, and Node's own count at the very end", async () => {
    const { failed, lines } = await report(
      'it("works", (t) => t.diagnostic("a word")); it.skip("does not", () => {});',
    );
    assert.equal(failed, false);
    assert.match(lines[0]!, /^✔ a\.test\.ts {2}2, 1 skipped {2}\d+\.\d s$/);
    assert.match(lines.at(-1)!, /^ℹ duration_ms /);
    const counts = lines.slice(-8, -1);
    assert.deepEqual(
      counts.map((line) => line.replace("ℹ ", "")),
      ["tests 2", "suites 0", "pass 1", "fail 0", "cancelled 0", "skipped 1", "todo 0"],
    );
  });

  it("tells each failure once, with its place and what was thrown", async () => {
    const text =
      'describe("a suite", () => { it("breaks", () => { throw new Error("loud"); }); });';
    const { failed, lines } = await report(text);
    assert.equal(failed, true);
    assert.match(lines[0]!, /^✖ a\.test\.ts/);
    assert.deepEqual(lines.filter((line) => line.startsWith("✖")).slice(1), ["✖ breaks"]);
    assert.deepEqual(lines.slice(3, 5), ["  a.test.ts:2", "    Error: loud"]);
    assert.ok(lines.includes("ℹ fail 1"));
  });

  it("shows what a failed file printed, and nothing of the others", async () => {
    const quiet = await report('console.log("chatter"); it("works", () => {});');
    assert.ok(!quiet.lines.some((line) => line.includes("chatter")));
    const loud = await report('console.log("clue"); it("breaks", () => { throw 1; });');
    assert.ok(loud.lines.includes("    clue"));
  });

  it("shows why a file does not even load", async () => {
    const { failed, lines } = await report('import "./nothing.ts";');
    assert.equal(failed, true);
    assert.ok(lines.some((line) => line.includes("ERR_MODULE_NOT_FOUND")));
  });

  it("fails a file that leaves a timer open, and says so", { timeout: 30_000 }, async () => {
    const { failed, lines } = await report('it("leaks", () => { setInterval(() => {}, 1e6); });');
    assert.equal(failed, true);
    assert.ok(lines.includes("    still open 3 s after the last test: Timeout"));
  });
});
