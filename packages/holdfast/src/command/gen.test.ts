import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { runHoldfast } from "./run.ts";
import { RecordedTerminal } from "./testing/recorded-terminal.ts";

interface Place {
  readonly terminal: RecordedTerminal;
  readonly run: (...args: readonly string[]) => Promise<number>;
  readonly path: (name: string) => string;
}

function place(t: TestContext, files: Readonly<Record<string, string>>): Place {
  const folder = mkdtempSync(join(tmpdir(), "holdfast-gen-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const path = (name: string): string => join(folder, name);
  for (const [name, text] of Object.entries(files)) writeFileSync(path(name), text);
  const terminal = new RecordedTerminal(folder);
  return { terminal, path, run: (...args) => runHoldfast(["gen", ...args], terminal) };
}

const POINT = "struct Point { 1: required i32 x }\n";
const LINE = 'include "point.thrift"\nstruct Line { 1: required point.Point from }\n';

test("writes a file for each IDL file and all it includes", async (t) => {
  const { run, path, terminal } = place(t, { "point.thrift": POINT, "line.thrift": LINE });
  assert.equal(await run("line.thrift", "--out", "gen/deep"), 0);
  assert.match(terminal.stdout, /wrote gen\/deep\/line\.ts/);
  assert.match(terminal.stdout, /wrote gen\/deep\/point\.ts/);
  const text = readFileSync(path("gen/deep/line.ts"), "utf8");
  assert.match(text, /from "holdfast";/);
  assert.match(text, /"\.\/point\.ts"/);
});

test("names files with .js when asked", async (t) => {
  const { run, path } = place(t, { "point.thrift": POINT, "line.thrift": LINE });
  assert.equal(await run("line.thrift", "--out", "gen", "--import-ending", ".js"), 0);
  assert.match(readFileSync(path("gen/line.ts"), "utf8"), /"\.\/point\.js"/);
});

test("does not touch a file that is right", async (t) => {
  const { run, path, terminal } = place(t, { "point.thrift": POINT });
  await run("point.thrift", "--out", "gen");
  const before = statSync(path("gen/point.ts")).mtimeMs;
  assert.equal(await run("point.thrift", "--out", "gen"), 0);
  assert.equal(statSync(path("gen/point.ts")).mtimeMs, before);
  assert.match(terminal.stdout, /1 of 1 unchanged in gen/);
});

test("--check writes nothing, and fails when a file is stale", async (t) => {
  const { run, path, terminal } = place(t, { "point.thrift": POINT });
  assert.equal(await run("point.thrift", "--out", "gen", "--check"), 1);
  assert.match(terminal.stdout, /not what its IDL says: gen\/point\.ts/);
  assert.throws(() => statSync(path("gen")), { code: "ENOENT" });
  await run("point.thrift", "--out", "gen");
  assert.equal(await run("point.thrift", "--out", "gen", "--check"), 0);
});

test("shows each problem with its place, and writes nothing", async (t) => {
  const { run, path, terminal } = place(t, {
    "bad.thrift": "struct Point {\n  1: required i33 x\n}\n",
    "good.thrift": POINT,
  });
  assert.equal(await run("bad.thrift", "good.thrift", "--out", "gen"), 1);
  assert.match(terminal.stderr, /bad\.thrift:2:15: error: .*i33/);
  assert.match(terminal.stderr, /\^\^\^/);
  assert.throws(() => statSync(path("gen")), { code: "ENOENT" });
});

test("a file that is not there is a problem with a name", async (t) => {
  const { run, terminal } = place(t, {});
  assert.equal(await run("none.thrift", "--out", "gen"), 1);
  assert.match(terminal.stderr, /none\.thrift/);
});

test("says what is missing on the command line", async (t) => {
  const { run, terminal } = place(t, { "point.thrift": POINT });
  assert.equal(await run("--out", "gen"), 2);
  assert.match(terminal.stderr, /no IDL file was given/);
  assert.equal(await run("point.thrift"), 2);
  assert.match(terminal.stderr, /--out is missing/);
  assert.equal(await run("point.thrift", "--out", "gen", "--import-ending", ".mjs"), 2);
  assert.match(terminal.stderr, /must be \.ts or \.js/);
});

test("an output folder that cannot be made is said in one line", async (t) => {
  const { run, terminal } = place(t, { "point.thrift": POINT });
  assert.equal(await run("point.thrift", "--out", "point.thrift/gen"), 1);
  assert.match(terminal.stderr, /^holdfast gen: cannot (read|write) .*\n {2}\S.*\n$/);
});
