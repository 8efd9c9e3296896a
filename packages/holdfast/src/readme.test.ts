/** The README's service is the one that `holdfast new` makes, which another test runs. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { COMMANDS } from "./command/commands.ts";
import { serviceFiles } from "./command/new/service-files.ts";

const README = readFileSync(join(import.meta.dirname, "..", "README.md"), "utf8");

test("the README shows the service that `holdfast new greeter` makes", () => {
  const files = serviceFiles("greeter", {});
  const blocks = [...README.matchAll(/^```\w+\n([^]*?)^```$/gm)].map(([, text]) => text);
  const shown = ["idl/greeter.thrift", "src/handler.ts", "src/main.ts"];
  assert.deepEqual(
    blocks,
    shown.map((path) => files.get(path)),
  );
});

test("the README lists every command", () => {
  for (const { name } of COMMANDS) assert.ok(README.includes(`| \`holdfast ${name} `), name);
});
