import assert from "node:assert/strict";
import { test } from "node:test";
import { type PackageJson, publishedPackageJson, rewriteImports } from "./pack.ts";

const JSON_OF_RPC: PackageJson = {
  name: "@holdfast/rpc",
  version: "0.3.0",
  license: "Apache-2.0",
  exports: { ".": "./src/index.ts", "./testing": "./src/testing/index.ts" },
  bin: { holdfast: "./src/command/main.ts" },
  dependencies: { "@holdfast/core": "^0.1.0", pino: "10.4.0" },
};

test("a published package has its doors and commands in dist, and exact sisters", () => {
  const versions = new Map([["@holdfast/core", "0.3.0"]]);
  assert.deepEqual(publishedPackageJson(JSON_OF_RPC, versions), {
    name: "@holdfast/rpc",
    version: "0.3.0",
    license: "Apache-2.0",
    exports: {
      ".": { types: "./dist/index.d.ts", default: "./dist/index.js" },
      "./testing": { types: "./dist/testing/index.d.ts", default: "./dist/testing/index.js" },
    },
    bin: { holdfast: "./dist/command/main.js" },
    files: ["dist"],
    dependencies: { "@holdfast/core": "0.3.0", pino: "10.4.0" },
  });
});

test("declarations import what is published beside them", () => {
  const text = [
    'export * from "./context/context.ts";',
    'import type { Clock } from "../time/clock.ts";',
    'export declare const x: import("./x.ts").X;',
    'import "./side.ts";',
    'export * from "@holdfast/core";',
    'const path = "./kept.ts";',
  ].join("\n");
  assert.equal(
    rewriteImports(text),
    [
      'export * from "./context/context.js";',
      'import type { Clock } from "../time/clock.js";',
      'export declare const x: import("./x.js").X;',
      'import "./side.js";',
      'export * from "@holdfast/core";',
      'const path = "./kept.ts";',
    ].join("\n"),
  );
});
