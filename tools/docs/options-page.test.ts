import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { treeOf } from "../source/source-tree.ts";
import { findingsOf } from "../tidy/findings-of.ts";
import { OPTIONS_PAGE, optionsPage, saidDefault, writeOptionsPage } from "./options-page.ts";

const OPTIONS = `/** Options of the pool. */
const KIB = 1024;

/** What a pool may be told. */
export interface PoolOptions {
  /** How it is called; default \`pool\`. */
  readonly name: string;
  /** The most of one thing, in bytes, 1 or more,
   *  default 64 KiB. See {@link PoolOptions.name}. */
  readonly frameMaxBytes: number;
}

export const POOL_DEFAULTS: PoolOptions = { name: "pool", frameMaxBytes: 64 * KIB };

export interface HiddenOptions {
  /** Default 1. */
  readonly size: number;
}
`;
const FILES = {
  "packages/rpc/package.json": '{ "name": "@holdfast/rpc" }',
  "packages/rpc/src/index.ts": 'export { type PoolOptions } from "./pool/options.ts";',
  "packages/rpc/src/pool/options.ts": OPTIONS,
};

describe("the page of options", () => {
  it("has what the doors show, as the comments say it", () => {
    const page = writeOptionsPage(treeOf(FILES)).split("\n").slice(6);
    assert.deepEqual(page, [
      "",
      "## @holdfast/rpc",
      "",
      "### PoolOptions",
      "",
      "What a pool may be told.",
      "",
      "In [src/pool/options.ts](../../packages/rpc/src/pool/options.ts):",
      "",
      "- **name**: How it is called; default `pool`.",
      "- **frameMaxBytes**: The most of one thing, in bytes, 1 or more, default 64 KiB. See",
      "  `PoolOptions.name`.",
      "",
    ]);
  });

  it("has no line that is too long, however deep a file lies", () => {
    const path = "packages/rpc/src/connections/of-each-pool/many-of-them/options.ts";
    const files = {
      "packages/rpc/package.json": FILES["packages/rpc/package.json"],
      "packages/rpc/src/index.ts":
        'export { type PoolOptions } from "./connections/of-each-pool/many-of-them/options.ts";',
      [path]: OPTIONS,
    };
    const lines = writeOptionsPage(treeOf(files)).split("\n");
    const link = lines.find((line) => line.startsWith("In ["));
    assert.equal(link, `In [options.ts](../../${path}):`);
  });

  it("must be current", () => {
    assert.deepEqual(findingsOf(optionsPage, FILES), [
      `${OPTIONS_PAGE}: not what the sources say; run: make gen`,
    ]);
    const current = { ...FILES, [OPTIONS_PAGE]: writeOptionsPage(treeOf(FILES)) };
    assert.deepEqual(findingsOf(optionsPage, current), []);
  });

  it("must not say another default than the code", () => {
    const path = "packages/rpc/src/pool/options.ts";
    const changed = (from: string, to: string): string[] =>
      findingsOf(optionsPage, { ...FILES, [path]: OPTIONS.replace(from, to) });
    assert.deepEqual(changed("64 * KIB", "32 * KIB"), [
      `${path}:10: PoolOptions.frameMaxBytes: its comment says the default is 65536, ` +
        "and it is 32768",
    ]);
    assert.deepEqual(changed("; default `pool`", ""), [
      `${path}:7: PoolOptions.name: its comment does not say the default`,
    ]);
  });
});

it("reads defaults as people write them", () => {
  const said = {
    "in ms, default 10,000.": 10_000,
    "Default 0.5, a local network.": 0.5,
    "or more, default\n16 MiB. Higher": 16 * 1024 * 1024,
    "`ttheader` (default) carries": "ttheader",
    'default `""`, unknown': "",
    'Default "random".': "random",
    "default 127.0.0.1. Anything": "127.0.0.1",
    "default false.": false,
    "Default Infinity.": Infinity,
    "default: `-`": "-",
    "no word of it": undefined,
  };
  for (const [doc, value] of Object.entries(said)) assert.equal(saidDefault(doc), value, doc);
});
