import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, describe, it } from "node:test";
import { findTests } from "./find.ts";

describe("finding tests", () => {
  const root = mkdtempSync(join(tmpdir(), "holdfast-find-"));
  after(() => rmSync(root, { recursive: true }));
  for (const path of [
    "apps/chat/src/room.test.ts",
    "packages/core/src/b.test.ts",
    "packages/core/src/a/c.test.ts",
    "packages/core/src/a/c.fuzz.ts",
    "packages/core/src/a/c.ts",
    "packages/core/node_modules/x/y.test.ts",
    "packages/core/src/testdata/z.test.ts",
    "packages/core/.scratch/w.test.ts",
    "tests/drain.test.ts",
    "tools/tidy.test.ts",
  ]) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), "");
  }
  const find = (wanted: object): string[] =>
    findTests(root, { unit: false, fuzz: false, paths: [], without: [], ...wanted });

  it("takes what is ours, in the same order every time", () => {
    assert.deepEqual(find({}), [
      "apps/chat/src/room.test.ts",
      "packages/core/src/a/c.test.ts",
      "packages/core/src/b.test.ts",
      "tests/drain.test.ts",
      "tools/tidy.test.ts",
    ]);
  });

  it("takes packages and tools as unit tests", () => {
    assert.deepEqual(find({ unit: true }), [
      "packages/core/src/a/c.test.ts",
      "packages/core/src/b.test.ts",
      "tools/tidy.test.ts",
    ]);
  });

  it("takes the searches apart", () => {
    assert.deepEqual(find({ fuzz: true }), ["packages/core/src/a/c.fuzz.ts"]);
  });

  it("takes what is below given paths, and no other whose name begins alike", () => {
    assert.deepEqual(find({ paths: ["packages/core/src/a/", "./tools"] }), [
      "packages/core/src/a/c.test.ts",
      "tools/tidy.test.ts",
    ]);
    assert.deepEqual(find({ paths: ["packages/co"] }), []);
    assert.deepEqual(find({ paths: ["tools"], without: ["tools/tidy.test.ts"] }), []);
  });
});
