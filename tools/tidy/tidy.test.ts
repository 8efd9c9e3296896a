import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { readRepository } from "../source/source-tree.ts";
import { formatFinding } from "./rule.ts";
import { RULES } from "./rules.ts";

describe("in this repository", () => {
  const tree = readRepository(join(import.meta.dirname, "..", ".."));
  for (const { promise, check } of RULES) {
    it(promise, () => {
      const findings = check(tree).map(formatFinding);
      if (findings.length > 0) assert.fail(`\n${findings.join("\n")}`);
    });
  }
});

it("knows every rule by the name of its file, and tests each", () => {
  const files = readdirSync(join(import.meta.dirname, "rules")).toSorted();
  const names = RULES.map(({ name }) => name).toSorted();
  assert.deepEqual(
    files,
    names.flatMap((name) => [`${name}.test.ts`, `${name}.ts`]),
  );
});
