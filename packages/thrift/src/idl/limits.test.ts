// The bounds of options.ts, each met from both sides.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { compileIdl } from "./compile.ts";
import { completeIdlOptions } from "./options.ts";
import { compile, problemsOf } from "./testing/compile-text.ts";

/** Definitions from a pattern with # for a number and + for the next one. */
function chain(pattern: string, count: number): string {
  const lines: string[] = [];
  for (let index = 0; index < count; index++) {
    lines.push(pattern.replaceAll("#", String(index)).replaceAll("+", String(index + 1)));
  }
  return lines.join("\n");
}

describe("limits", () => {
  it("bound a source file, in bytes", () => {
    const options = { sourceMaxBytes: 20 };
    assert.deepEqual(problemsOf(`# ${"x".repeat(18)}`, options), []);
    const tooLarge = 'too-large: "main.thrift" is larger than 20 bytes';
    assert.deepEqual(problemsOf(`# ${"x".repeat(19)}`, options), [`1:1 error ${tooLarge}`]);
    assert.deepEqual(problemsOf(`# ${"é".repeat(10)}`, options), [`1:1 error ${tooLarge}`]);
    const files = { "main.thrift": 'include "a.thrift"', "a.thrift": `#${"x".repeat(20)}` };
    assert.deepEqual(problemsOf(files, options), [
      '1:9 error too-large: "a.thrift" is larger than 20 bytes',
    ]);
  });

  it("bound the depth of includes", () => {
    const read = (path: string) => {
      const index = Number.parseInt(path, 10);
      return index < 5 ? `include "${index + 1}.thrift"` : "";
    };
    assert.deepEqual(compileIdl("0.thrift", read, { includeDepthMax: 6 }).problems, []);
    const { problems } = compileIdl("0.thrift", read, { includeDepthMax: 5 });
    assert.deepEqual(
      problems.map(({ message, position }) => `${position.path} ${message}`),
      ["4.thrift includes are nested deeper than 5"],
    );
  });

  it("bound the number of files", () => {
    const files = {
      "main.thrift": 'include "a.thrift"\ninclude "b.thrift"',
      "a.thrift": "",
      "b.thrift": "",
    };
    assert.deepEqual(problemsOf(files, { filesMax: 3 }), []);
    assert.deepEqual(problemsOf(files, { filesMax: 2 }), [
      "2:9 error too-many-files: more than 2 files",
    ]);
  });

  it("bound the depth of types, as written and through typedefs", () => {
    const nested = (depth: number) =>
      `typedef ${"list<".repeat(depth - 1)}i32${">".repeat(depth - 1)} T`;
    // The typedef is a step of its own.
    assert.deepEqual(problemsOf(nested(63)), []);
    assert.deepEqual(problemsOf(nested(64)), [
      "1:391 error too-deep: typedefs are nested deeper than 64",
    ]);
    assert.deepEqual(problemsOf(nested(65)), [
      "1:329 error too-deep: types are nested deeper than 64",
    ]);
    assert.deepEqual(problemsOf(`typedef i32 T0\n${chain("typedef T# T+", 62)}`), []);
    const message = "error too-deep: typedefs are nested deeper than 64";
    assert.deepEqual(problemsOf(`typedef i32 T0\n${chain("typedef T# T+", 63)}`), [
      `64:13 ${message}`,
    ]);
    // The same from the other end.
    assert.deepEqual(problemsOf(`${chain("typedef T+ T#", 62)}\ntypedef i32 T62`), []);
    assert.deepEqual(problemsOf(`${chain("typedef T+ T#", 63)}\ntypedef i32 T63`), [
      `1:12 ${message}`,
    ]);
    assert.deepEqual(problemsOf(`typedef i32 T0\n${chain("typedef list<T#> T+", 31)}`), []);
    assert.deepEqual(problemsOf(`typedef i32 T0\n${chain("typedef list<T#> T+", 32)}`), [
      "33:9 error too-deep: this type is nested deeper than 64, typedefs counted",
    ]);
  });

  it("bound the size of types written out", () => {
    const doubling = (count: number) => `typedef i32 T0\n${chain("typedef map<T#, T#> T+", count)}`;
    assert.deepEqual(problemsOf(doubling(8)), []);
    assert.deepEqual(problemsOf(doubling(9)), [
      "10:9 error too-large: this type has more than 1000 parts with its typedefs written out",
    ]);
  });

  it("bound the depth of constants, as written and through names", () => {
    const nested = (depth: number) =>
      `const ${"list<".repeat(63)}i32${">".repeat(63)} C = ` +
      `${"[".repeat(depth)}${"]".repeat(depth)}`;
    assert.deepEqual(problemsOf(nested(63)), []);
    assert.deepEqual(problemsOf(nested(65)), [
      "1:457 error too-deep: constants are nested deeper than 64",
    ]);
    assert.deepEqual(problemsOf(`const i32 C0 = 1\n${chain("const i32 C+ = C#", 63)}`), []);
    assert.deepEqual(problemsOf(`const i32 C0 = 1\n${chain("const i32 C+ = C#", 64)}`), [
      "65:17 error too-deep: constants are nested deeper than 64, names counted",
    ]);
    assert.deepEqual(problemsOf(`${chain("const i32 C# = C+", 63)}\nconst i32 C63 = 1`), []);
    assert.deepEqual(problemsOf(`${chain("const i32 C# = C+", 64)}\nconst i32 C64 = 1`), [
      "65:11 error too-deep: constants are nested deeper than 64, names counted",
    ]);
    const struct = "struct S { 1: list<S> s }";
    const options = { nestingDepthMax: 4 };
    assert.deepEqual(problemsOf(`${struct}\nconst S A = {'s': [{'s': []}]}`, options), []);
    assert.deepEqual(
      problemsOf(`${struct}\nconst S A = {'s': [B]}\nconst S B = {'s': []}`, options),
      ["2:13 error too-deep: constants are nested deeper than 4, names counted"],
    );
  });

  it("bound the size of constants written out", () => {
    const text = "const list<i32> A = [1, 2, 3]\nconst list<list<i32>> B = [A, A]";
    assert.deepEqual(problemsOf(text, { constantNodesMax: 9 }), []);
    assert.deepEqual(problemsOf(text, { constantNodesMax: 8 }), [
      "2:27 error too-large: this value has more than 8 parts with names written out",
    ]);
  });

  it("bound how far services extend each other", () => {
    const services = (count: number) =>
      `service S0 {}\n${chain("service S+ extends S# {}", count)}`;
    assert.deepEqual(problemsOf(services(64)), []);
    assert.deepEqual(problemsOf(services(65)), [
      "66:21 error too-deep: services extend each other more than 64 deep",
    ]);
  });

  it("bound the number of problems, errors and warnings apart", () => {
    const { problems } = compile(chain("struct S# { 1: X# x }", 150));
    assert.equal(problems.length, 101);
    assert.equal(problems.at(-1)?.message, "too many errors: only the first 100 are shown");
    const few = compile(chain("struct S# { 1: X# x }", 150), { problemsMax: 3 });
    assert.equal(few.problems.length, 4);
    const warnings = compile(`service V { ${chain("void f#(i32 a)", 150)} }`);
    assert.equal(warnings.problems.length, 101);
    assert.ok(warnings.program);
  });

  it("refuse to be no bounds", () => {
    assert.throws(() => completeIdlOptions({ filesMax: 0 }), RangeError);
    assert.throws(() => completeIdlOptions({ problemsMax: Number.NaN }), RangeError);
    assert.throws(() => completeIdlOptions({ nestingDepthMax: 501 }), /at most 500/);
    assert.throws(() => compile("", { sourceMaxBytes: 1.5 }), /sourceMaxBytes is 1.5/);
  });
});
