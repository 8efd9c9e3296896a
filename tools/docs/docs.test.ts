import assert from "node:assert/strict";
import { join } from "node:path";
import { describe, it } from "node:test";
import { readRepository } from "../source/source-tree.ts";
import { formatFinding } from "../tidy/rule.ts";
import { DOC_CHECKS } from "./checks.ts";

describe("in the pages of this repository", () => {
  const tree = readRepository(join(import.meta.dirname, "..", ".."));
  for (const { promise, check } of DOC_CHECKS) {
    it(promise, () => {
      const findings = check(tree).map(formatFinding);
      if (findings.length > 0) assert.fail(`\n${findings.join("\n")}`);
    });
  }
});
