import assert from "node:assert/strict";
import { it } from "node:test";
import { findingsOf } from "../findings-of.ts";
import { deadFiles } from "./dead-files.ts";

it("finds files that nothing reaches", () => {
  const files = {
    "packages/a/src/index.ts": 'export * from "./used.ts";',
    "packages/a/src/used.ts": 'import type { Deep } from "./deep/deep.ts";',
    "packages/a/src/deep/deep.ts": "",
    "packages/a/src/dead.ts": 'import "./deader.ts";',
    "packages/a/src/deader.ts": "",
  };
  assert.deepEqual(findingsOf(deadFiles, files), [
    "packages/a/src/dead.ts: nothing reaches it: remove it, or use it",
    "packages/a/src/deader.ts: nothing reaches it: remove it, or use it",
  ]);
});

it("starts from tests, benches, programs and tools", () => {
  const files = {
    "packages/a/src/b.test.ts": 'import "./testing/c.ts";',
    "packages/a/src/testing/c.ts": "",
    "apps/a/src/main.ts": 'await import("./d.ts");',
    "apps/a/src/d.ts": "",
    "tools/check.ts": "",
  };
  assert.deepEqual(findingsOf(deadFiles, files), []);
});

it("starts from files that are named where programs are started", () => {
  const files = {
    "apps/a/src/main.ts": "new Worker(new URL(`./writer.${extension}`, import.meta.url));",
    "apps/a/src/writer.ts": "",
    "bench/servers.ts": "start(`${here}/peers/x/server.ts`);",
    "bench/peers/x/server.ts": "",
    "packages/a/package.json": '{ "bin": "./src/command.ts" }',
    "packages/a/src/command.ts": "",
  };
  assert.deepEqual(findingsOf(deadFiles, files), []);
});

it("does not take a name in another package for this one", () => {
  const files = { "apps/a/src/main.ts": 'run("src/b.ts");', "packages/c/src/b.ts": "" };
  assert.deepEqual(findingsOf(deadFiles, files), [
    "packages/c/src/b.ts: nothing reaches it: remove it, or use it",
  ]);
});
