/** The README's example runs, and prints what the README says. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { it } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

it("shows an example that runs and prints what it says", async () => {
  const readme = await readFile(new URL("../README.md", import.meta.url), "utf8");
  const blocks = [...readme.matchAll(/```(?:ts|text)\n([^]*?)```/g)].map((match) => match[1]!);
  assert.equal(blocks.length, 2);
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ["--input-type=module-typescript", "-e", blocks[0]!],
    { cwd: fileURLToPath(new URL("..", import.meta.url)), timeout: 20_000 },
  );
  assert.equal(stdout, blocks[1]!);
});
