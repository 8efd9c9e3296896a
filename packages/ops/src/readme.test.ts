/** The README's example runs and prints what it says; its table is the table of routes. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { it } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { completeOpsOptions } from "./ops-options.ts";
import { ROUTES } from "./routes.ts";

const readme = await readFile(new URL("../README.md", import.meta.url), "utf8");

it("shows an example that runs and prints what it says", async () => {
  const blocks = [...readme.matchAll(/```(?:ts|text)\n([^]*?)```/g)].map((match) => match[1]!);
  assert.equal(blocks.length, 2);
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ["--input-type=module-typescript", "-e", blocks[0]!],
    { cwd: fileURLToPath(new URL("..", import.meta.url)), timeout: 20_000 },
  );
  assert.equal(stdout, blocks[1]!);
});

it("lists every route, and no other", () => {
  const listed = [...readme.matchAll(/^\| `(\/\w*)` +\| (\w+) +\|/gm)];
  assert.deepEqual(
    listed.map(([, path, method]) => `${method} ${path}`).sort(),
    ROUTES.map(({ path, method }) => `${method} ${path}`).sort(),
  );
});

it("lists every option", () => {
  for (const name of Object.keys(completeOpsOptions({}))) {
    assert.match(readme, new RegExp(`^\\| \`${name}\` +\\|`, "m"));
  }
});
