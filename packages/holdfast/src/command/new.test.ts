import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { DEVELOPED_WITH, serviceFiles } from "./new/service-files.ts";
import { checkServiceName, pascalCase } from "./new/service-name.ts";
import { runHoldfast } from "./run.ts";
import { RecordedTerminal } from "./testing/recorded-terminal.ts";

const ROOT = join(import.meta.dirname, "..", "..", "..", "..");

test("takes names that npm, folders and the IDL can all have", () => {
  for (const name of ["demo", "feed-counter", "a", "v2-api", "promise"]) checkServiceName(name);
});

test("refuses other names, and says one that would do", () => {
  for (const [name, better] of [
    ["FeedCounter", "feed-counter"],
    ["feed_counter", "feed-counter"],
    ["../escape", "escape"],
    ["2nd", "nd"],
    ["-", "my-service"],
    ["", "my-service"],
    ["holdfast", "my-holdfast"],
    ["a".repeat(65), "a".repeat(32)],
  ] as const) {
    const advice = `for example: holdfast new ${better}`;
    assert.throws(() => checkServiceName(name), { name: "CommandError", exitCode: 2, advice });
  }
});

test("names the service after the words", () => {
  assert.equal(pascalCase("feed-counter"), "FeedCounter");
  assert.equal(pascalCase("v2-4api"), "V24api");
});

test("a name that generated code uses itself gets a word behind it", () => {
  for (const name of ["promise", "greet-reply", "context", "uint8-array"]) {
    const files = serviceFiles(name, {});
    const service = `${pascalCase(name)}Service`;
    assert.match(files.get(`idl/${name}.thrift`) ?? "", new RegExp(`^service ${service} `, "m"));
    assert.match(files.get("src/main.ts") ?? "", new RegExp(`import { ${service} } from`));
  }
});

test("the same name gives the same files", () => {
  assert.deepEqual(serviceFiles("demo", {}), serviceFiles("demo", {}));
});

test("a new service is developed with what this repository is developed with", () => {
  const text = readFileSync(join(ROOT, "package.json"), "utf8");
  const { devDependencies } = JSON.parse(text) as { devDependencies: Record<string, string> };
  for (const [name, range] of Object.entries(DEVELOPED_WITH)) {
    assert.equal(range, `^${devDependencies[name]}`, name);
  }
});

test("writes over nobody's files", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "holdfast-new-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  mkdirSync(join(folder, "demo"));
  writeFileSync(join(folder, "demo", "mine.txt"), "mine");
  const terminal = new RecordedTerminal(folder);
  assert.equal(await runHoldfast(["new", "demo"], terminal), 2);
  assert.match(terminal.stderr, /demo is not empty\n {2}choose another folder with --dir/);
  assert.equal(await runHoldfast(["new", "x", "--dir", "demo/mine.txt"], terminal), 2);
  assert.match(terminal.stderr, /cannot use .*mine\.txt/);
});

test("leaves nothing behind when the packed packages are not there", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "holdfast-new-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const terminal = new RecordedTerminal(folder);
  assert.equal(await runHoldfast(["new", "demo", "--local", "."], terminal), 2);
  assert.match(terminal.stderr, /there is no holdfast-[\d.]+\.tgz/);
  assert.equal(await runHoldfast(["new", "demo", "--local", "none"], terminal), 2);
  assert.match(terminal.stderr, /--local takes a folder/);
  assert.equal(existsSync(join(folder, "demo")), false);
});

test("says what is wrong with the command line", async () => {
  const terminal = new RecordedTerminal();
  assert.equal(await runHoldfast(["new"], terminal), 2);
  assert.match(terminal.stderr, /the name is missing/);
  assert.equal(await runHoldfast(["new", "feed", "counter"], terminal), 2);
  assert.match(terminal.stderr, /did you mean feed-counter\?/);
});
