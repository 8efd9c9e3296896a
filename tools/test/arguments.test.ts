import assert from "node:assert/strict";
import { join } from "node:path";
import { it } from "node:test";
import { parseTestArguments } from "./arguments.ts";

it("runs everything on this Node when nothing is said", () => {
  assert.deepEqual(parseTestArguments([]), {
    unit: false,
    fuzz: false,
    withNode24: false,
    node: process.execPath,
    paths: [],
    without: [],
  });
});

it("takes another Node by name, by path, or by a path from here", () => {
  const nodes = ["node24", "/usr/bin/node", "./node"].map((node) => {
    const wanted = parseTestArguments(["--node", node]);
    return typeof wanted === "string" ? wanted : wanted.node;
  });
  assert.deepEqual(nodes, ["node24", "/usr/bin/node", join(process.cwd(), "node")]);
});

it("says what it does not know", () => {
  const wanted = parseTestArguments(["--units"]);
  assert.ok(typeof wanted === "string" && wanted.includes("--units"));
});
