// Files made to take long: each pattern once cost, or could cost, time that grows with the square
// of its length, or the whole stack. 256 KiB of it must be answered as fast as a good file.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { compile } from "./testing/compile-text.ts";

const SIZE = 256 * 1024;
/** The CPU time one of them may take; the slowest takes a tenth, and a square would take hours. */
const CPU_MAX_MS = 4000;

/** A pattern repeated to the full size, or to a part of it. */
function fill(pattern: string, size = SIZE): string {
  return pattern.repeat(Math.floor(size / pattern.length));
}

/** A pattern repeated with # counting up and + one ahead of it. */
function count(pattern: string, size = SIZE): string {
  const parts: string[] = [];
  for (let index = 0, length = 0; length < size; index++) {
    const part = pattern.replaceAll("#", String(index)).replaceAll("+", String(index + 1));
    parts.push(part);
    length += part.length;
  }
  return parts.join("");
}

const HALF = SIZE / 2;
const BIG_LIST = `const list<i32> B = [${fill("1,", HALF)}]\n`;
const BIG_TEXT = `const string B = "${fill("1", HALF)}"\n`;

const FILES: Readonly<Record<string, string>> = {
  "open parentheses": fill("("),
  "open brackets of all kinds": fill("({["),
  "parentheses closed by braces": fill("(", HALF) + fill("}", HALF),
  "nested list constants": `const i32 A = ${fill("[")}`,
  "nested types": `struct S { 1: ${fill("list<")} }`,
  "words without a meaning": fill("x\n"),
  "heads of structs": fill("struct a{\n"),
  "separators in a struct": `struct S {${fill(",")}}`,
  "open comments": fill("/*"),
  "empty comments": fill("/**/"),
  "doc comments": fill("/** x */"),
  "stars in a doc comment": `/**${fill("*")}x*/struct S {}`,
  "stars and blanks in a doc comment": `/**${fill("* ")}*/struct S {}`,
  "blank lines in a doc comment": `/**${fill("\n")}x\n*/struct S {}`,
  "a long number": `const i64 A = ${fill("1")}`,
  "a long hexadecimal number": `const i64 A = 0x${fill("f")}`,
  "a long word": fill("a."),
  "a long string": `const i32 A = "${fill("\\n")}"`,
  "broken strings": fill('"\n'),
  "unknown characters": fill("@"),
  "typedefs, each of the next": count("typedef T+ T#\n"),
  "typedefs, each twice as large": `typedef i32 T0\n${count("typedef map<T#,T#> T+\n")}`,
  "constants, each of the next": count("const i32 C# = C+\n"),
  "constants, each twice as large":
    "const list<i32> C0 = []\n" + count("const list<i32> C+ = C#\n"),
  "structs, each in the one before": count("struct S# {1: required S+ s}\n"),
  "defaults, each of the next": count("struct S# {1: S+ s = {}}\n"),
  "services, each of the next": count("service S# extends S+ {void f#()}\n"),
  "unknown types": count("typedef Unknown# T#\n"),
  "a big list named often": `${BIG_LIST}const list<list<i32>> C = [${fill("B,", HALF)}]`,
  "a big list as a key": `${BIG_LIST}const map<list<i32>, i32> C = {${fill("B:1,", HALF)}}`,
  "a long text as binaries in a set": `${BIG_TEXT}const set<binary> C = [${fill("B,", HALF)}]`,
  "a long text as uuids": `${BIG_TEXT}const list<uuid> C = [${fill("B,", HALF)}]`,
  "many required fields not given often":
    `struct S {${count("+: required i32 a#\n", HALF)}}\n` +
    `const list<S> C = [${fill("{},", HALF)}]`,
  "many defaults not given often":
    `struct E {}\nstruct D {${count("+: E a#={}\n", HALF)}}\n` +
    `struct F {${count('+: D a#={"a0":{}}\n', HALF)}}`,
  "includes of nothing": count('include "#.thrift"\n'),
  "includes of itself": fill('include "main.thrift"\n'),
};

describe("files made to take long", () => {
  for (const [name, text] of Object.entries(FILES)) {
    it(`are answered at once: ${name}`, () => {
      const started = process.cpuUsage();
      const { program, problems } = compile(text);
      const tookMs = process.cpuUsage(started).user / 1000;
      assert.ok(tookMs < CPU_MAX_MS, `took ${tookMs} ms`);
      assert.ok(problems.length <= 202);
      assert.equal(
        program === undefined,
        problems.some(({ severity }) => severity === "error"),
      );
    });
  }
});
