import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import { it } from "node:test";
import { findingsOf } from "../findings-of.ts";
import { machineNames } from "./machine-names.ts";

// Made of parts, so that this file does not have what it looks for.
const HOME = ["", "home", "ann"].join("/");
const MIRROR = ["https:/", "registry.example.com"].join("/");

const here = join(import.meta.dirname, "..", "..", "..");

it("finds somebody's home, and where this checkout stands", () => {
  assert.deepEqual(findingsOf(machineNames, { "a.md": `cd ${HOME}/src`, "b.md": `cd ${here}` }), [
    `a.md:1: ${HOME} is there on one machine only`,
    `b.md:1: ${here} is there on one machine only`,
  ]);
});

it("finds addresses of registries", () => {
  assert.deepEqual(findingsOf(machineNames, { "a.json": `"x": "${MIRROR}/x.tgz"` }), [
    `a.json:1: ${MIRROR} is there on one machine only`,
  ]);
});

it("lets pass what every machine has", () => {
  const beside = `${dirname(here)}/`;
  const text = `https://example.com${beside} /usr/bin/env /tmp/x /proc/self/stat https://example.com/home/page GET /root`;
  assert.deepEqual(findingsOf(machineNames, { "a.md": text }), []);
});
