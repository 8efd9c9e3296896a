/** The README's examples run, and print what the README says. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { it } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

it("shows examples that run and print what it says", async () => {
  const readme = await readFile(new URL("../README.md", import.meta.url), "utf8");
  const blocks = [...readme.matchAll(/```(ts|text)\n([^]*?)```/g)];
  assert.ok(blocks.length >= 2);
  for (let index = 0; index < blocks.length; index += 2) {
    const [program, output] = [blocks[index], blocks[index + 1]];
    assert.deepEqual([program?.[1], output?.[1]], ["ts", "text"], "each with what it prints");
    // One after the other: each is a process.
    // oxlint-disable-next-line no-await-in-loop
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ["--input-type=module-typescript", "-e", program![2]!],
      { cwd: fileURLToPath(new URL("..", import.meta.url)), timeout: 20_000 },
    );
    assert.equal(stdout, output![2]);
  }
});
