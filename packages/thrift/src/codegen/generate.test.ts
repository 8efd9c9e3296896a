import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { compileIdl, compileIdlFile, generate, type Program } from "@holdfast/thrift";
import { check, resolveConfig } from "prettier";

const TEST_DATA = join(import.meta.dirname, "testdata");
const IDLS = readdirSync(TEST_DATA).filter((name) => name.endsWith(".thrift"));

function compileFile(name: string): Program {
  const { program } = compileIdlFile(join(TEST_DATA, name));
  assert.ok(program !== undefined, name);
  return program;
}

function compileText(text: string): Program {
  const { program, problems } = compileIdl("test.thrift", () => text);
  assert.ok(program !== undefined, problems.map(({ message }) => message).join("\n"));
  return program;
}

function generateText(text: string): string {
  return generate(compileText(text)).get("test.ts") ?? "";
}

describe("generate", () => {
  for (const name of IDLS) {
    it(`writes what is committed for ${name}`, () => {
      for (const [file, text] of generate(compileFile(name))) {
        const path = join(TEST_DATA, "gen", file);
        assert.ok(existsSync(path), `${file} is not there: run npm run gen`);
        assert.equal(text, readFileSync(path, "utf8"), `${file} is old: run npm run gen`);
      }
    });

    it(`lays out ${name} as the formatter would`, async () => {
      for (const [file, text] of generate(compileFile(name))) {
        const filepath = join(TEST_DATA, "gen", file);
        const config = await resolveConfig(filepath);
        assert.ok(await check(text, { ...config, filepath }), file);
      }
    });
  }

  it("gives the same bytes for the same IDL", () => {
    for (const name of IDLS) {
      assert.deepEqual([...generate(compileFile(name))], [...generate(compileFile(name))]);
    }
  });

  it("makes a file for each included file, each once", () => {
    assert.deepEqual(
      [...generate(compileFile("everything.thrift")).keys()],
      ["shared.ts", "everything.ts"],
    );
  });

  it("keeps two included files of one name apart", () => {
    const sources = new Map([
      ["main.thrift", 'include "a/same.thrift"\nstruct M { 1: required same.A a }'],
      ["a/same.thrift", 'include "b/same.thrift"\nstruct A { 1: required same.B b }'],
      ["a/b/same.thrift", "struct B { 1: required i32 n }"],
    ]);
    const { program } = compileIdl("main.thrift", (path) => sources.get(path));
    assert.ok(program !== undefined);
    const files = generate(program);
    assert.deepEqual([...files.keys()], ["same.ts", "same_.ts", "main.ts"]);
    assert.match(files.get("same_.ts") ?? "", /import \* as same from "\.\/same\.ts";/);
  });

  it("imports what it is told to import", () => {
    const program = compileText("service S { void run() }");
    const text = generate(program, { thriftPackage: "holdfast", corePackage: "holdfast" });
    assert.match(text.get("test.ts") ?? "", /type Context,[^}]*} from "holdfast";/);
    const script = generate(program, { importEnding: ".js" });
    assert.match(script.get("test.ts") ?? "", /from "@holdfast\/core";/);
  });

  it("keeps doc comments and disarms what would end them", () => {
    const text = generateText(
      "/** A // star and slash: *\\/ */\nstruct S { /** One. */ 1: i32 a }",
    );
    assert.match(text, /\/\*\* A \/\/ star and slash/);
    assert.match(text, / {2}\/\*\* One. \*\/\n {2}a: number;/);
  });

  it("refers to constants by name, but copies what could be changed", () => {
    const text = generateText(`
      const i32 N = 5
      const list<i32> L = [1]
      struct S { 1: i32 n = N, 2: list<i32> l = L }
    `);
    assert.match(text, /let n = N;/);
    assert.match(text, /l: l \?\? \[1\]/);
  });

  it("takes js.type from the field, the type, or any typedef on the way", () => {
    const text = generateText(`
      typedef i64 A (js.type = "number")
      typedef A B
      typedef i64 C
      struct S { 1: B b, 2: C c (js.type = "number"), 3: C d, 4: list<A> e, 5: i64 (js.type = "number") f }
    `);
    assert.match(text, /export type A = number;\n\nexport type B = A;\n\nexport type C = bigint;/);
    assert.match(text, / {2}b: B;\n {2}c: number;\n {2}d: C;\n {2}e: A\[\];\n {2}f: number;/);
  });

  it("puts a constant behind what it is made of", () => {
    const text = generateText(`
      const E FIRST = E.A
      const i32 SECOND = THIRD
      const i32 THIRD = 3
      enum E { A = 1 }
    `);
    const order = ["export const E ", "FIRST", "THIRD", "SECOND"].map((part) => text.indexOf(part));
    assert.deepEqual(
      order,
      order.toSorted((one, other) => one - other),
    );
  });
});
