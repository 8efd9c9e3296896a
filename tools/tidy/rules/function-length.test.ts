import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { findingsOf } from "../findings-of.ts";
import { functionLength, TABLE_PATH } from "./function-length.ts";

const PATH = "packages/core/src/a.ts";

function lines(count: number): string {
  return "  step();\n".repeat(count);
}

function check(text: string, table: Readonly<Record<string, number>> = {}): string[] {
  return findingsOf(functionLength, { [PATH]: text, [TABLE_PATH]: JSON.stringify(table) });
}

describe("the length of functions", () => {
  it("is at most 70 lines", () => {
    assert.deepEqual(check(`function fits() {\n${lines(68)}}`), []);
    assert.deepEqual(check(`\nfunction long() {\n${lines(69)}}`), [
      `${PATH}:2: long has 71 lines; at most 70: split it`,
    ]);
  });

  it("is that of methods and arrows too", () => {
    const method = `class A {\n  run() {\n${lines(70)}  }\n}`;
    assert.deepEqual(check(method), [`${PATH}:2: run has 72 lines; at most 70: split it`]);
    const arrow = `const go = () => {\n${lines(70)}};`;
    assert.deepEqual(check(arrow), [`${PATH}:1: go has 72 lines; at most 70: split it`]);
  });

  it("does not count what only holds tests", () => {
    const test = `it("x", () => {\n${lines(10)}});\n`;
    assert.deepEqual(check(`describe("a", () => {\n${test.repeat(10)}});`), []);
    assert.deepEqual(check(`it("does all", () => {\n${lines(70)}});`), [
      `${PATH}:1: "does all" has 72 lines; at most 70: split it`,
    ]);
  });

  it("may only shrink where it is above", () => {
    const long = `function long() {\n${lines(78)}}`;
    assert.deepEqual(check(long, { [`${PATH} long`]: 80 }), []);
    assert.deepEqual(check(long, { [`${PATH} long`]: 79 }), [
      `${PATH}:1: long has 80 lines, and had 79: it may only shrink`,
    ]);
    assert.deepEqual(check(long, { [`${PATH} long`]: 81 }), [
      `${PATH}:1: long has 80 lines, and had 81: lower its number in ${TABLE_PATH}`,
    ]);
    assert.deepEqual(check("", { [`${PATH} long`]: 80 }), [
      `${TABLE_PATH}: remove "${PATH} long": it is short enough`,
    ]);
  });
});
