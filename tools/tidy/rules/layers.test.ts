import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { findingsOf } from "../findings-of.ts";
import { layers } from "./layers.ts";

const MANIFESTS: Readonly<Record<string, string>> = {
  "package.json": manifest("root", {}, { "fast-check": "1" }),
  "packages/core/package.json": manifest("@holdfast/core"),
  "packages/rpc/package.json": manifest("@holdfast/rpc", { "@holdfast/core": "1" }),
  "packages/ops/package.json": manifest("@holdfast/ops", { "@holdfast/core": "1", pino: "1" }),
  "packages/sim/package.json": manifest("@holdfast/sim", { "@holdfast/core": "1" }),
  "packages/holdfast/package.json": manifest("holdfast", { "@holdfast/rpc": "1" }),
  "apps/chat/package.json": manifest("@holdfast/chat", { holdfast: "1" }),
};

function manifest(name: string, dependencies = {}, devDependencies = {}): string {
  return JSON.stringify({ name, exports: { ".": "./i.ts" }, dependencies, devDependencies });
}

function complaints(path: string, specifier: string): string[] {
  const said = findingsOf(layers, { ...MANIFESTS, [path]: `import { a } from "${specifier}";` });
  return said.map((finding) => finding.replace(`${path}:1: `, ""));
}

describe("the layer rule", () => {
  it("lets a package import what is below it", () => {
    assert.deepEqual(complaints("packages/rpc/src/a.ts", "@holdfast/core"), []);
    assert.deepEqual(complaints("packages/rpc/src/a/b.ts", "../wire/c.ts"), []);
    assert.deepEqual(complaints("packages/core/src/a.ts", "node:fs"), []);
    assert.deepEqual(complaints("apps/chat/src/a.ts", "holdfast"), []);
  });

  it("refuses to import what is above or beside", () => {
    assert.deepEqual(complaints("packages/core/src/a.ts", "@holdfast/rpc"), [
      "core may not import rpc: it stands on nothing of ours",
    ]);
    assert.deepEqual(complaints("packages/ops/src/a.ts", "@holdfast/rpc"), [
      "ops may not import rpc: only core",
    ]);
    assert.deepEqual(complaints("packages/rpc/src/a.ts", "@holdfast/chat"), [
      "imports @holdfast/chat: nothing stands on a program",
    ]);
  });

  it("lets tests run in the simulated world", () => {
    assert.deepEqual(complaints("packages/rpc/src/a.test.ts", "@holdfast/sim"), []);
    assert.deepEqual(complaints("packages/rpc/src/a.ts", "@holdfast/sim"), [
      "rpc may not import sim: only thrift, resilience, core",
    ]);
  });

  it("refuses doors that are none", () => {
    assert.deepEqual(complaints("packages/rpc/src/a.ts", "@holdfast/core/src/time/clock.ts"), [
      "imports @holdfast/core/src/time/clock.ts, which packages/core does not export: " +
        "only its doors are public",
    ]);
    assert.deepEqual(complaints("packages/rpc/src/a.ts", "../../core/src/index.ts"), [
      "imports a file of packages/core: import the package by its name",
    ]);
    assert.deepEqual(complaints("tools/a.ts", "../packages/core/src/index.ts"), [
      "imports a file of packages/core: import the package by its name",
    ]);
  });

  it("refuses what is not declared", () => {
    assert.deepEqual(complaints("packages/rpc/src/a.ts", "pino"), [
      "imports pino, which packages/rpc/package.json does not declare",
    ]);
    assert.deepEqual(complaints("packages/ops/src/a.ts", "pino"), []);
    assert.deepEqual(complaints("packages/ops/src/a.ts", "fast-check"), [
      "imports fast-check, which packages/ops/package.json does not declare",
    ]);
    assert.deepEqual(complaints("packages/ops/src/a.test.ts", "fast-check"), []);
    assert.deepEqual(complaints("apps/chat/src/a.ts", "@holdfast/core"), [
      "imports @holdfast/core, which apps/chat/package.json does not declare",
    ]);
  });

  it("keeps sockets in one place", () => {
    assert.deepEqual(complaints("packages/rpc/src/client/pool.ts", "node:net"), [
      "imports node:net: take a Network of core instead, as everything above the wire does",
    ]);
    assert.deepEqual(complaints("packages/rpc/src/wire/tcp/tcp-socket.ts", "node:net"), []);
    assert.deepEqual(complaints("packages/rpc/src/client/pool.test.ts", "node:net"), []);
  });

  it("holds manifests to the same rule", () => {
    const files = {
      ...MANIFESTS,
      "packages/core/package.json": manifest("@holdfast/core", { "@holdfast/rpc": "1" }),
    };
    assert.deepEqual(findingsOf(layers, files), [
      "packages/core/package.json: core may not depend on rpc: it stands on nothing of ours",
    ]);
  });
});
