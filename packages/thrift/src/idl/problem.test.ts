import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { formatProblem, ProblemList } from "./problem.ts";
import { SourceFile } from "./source.ts";
import { compile } from "./testing/compile-text.ts";

function formatted(text: string): string[] {
  return compile(text).problems.map(formatProblem);
}

/** One problem at a span of a text, formatted, as lines. */
function linesFor(text: string, start: number, end: number): string[] {
  const problems = new ProblemList(1);
  problems.report(
    new SourceFile("a.thrift", text),
    { start, end },
    { code: "syntax", message: "m" },
  );
  return problems.sorted().flatMap((problem) => formatProblem(problem).split("\n"));
}

describe("formatProblem", () => {
  it("shows place, message, line, caret and hint", () => {
    const text = "enum Color { RED }\nstruct Item {\n  1: Colour color\n}\n";
    assert.deepEqual(formatted(text), [
      [
        'main.thrift:3:6: error: unknown type "Colour"',
        "  3 |   1: Colour color",
        "    |      ^^^^^^",
        '    = did you mean "Color"?',
      ].join("\n"),
    ]);
  });

  it("shows the other place that matters", () => {
    assert.deepEqual(formatted("struct A {}\nstruct A {}\n"), [
      [
        'main.thrift:2:8: error: "A" is already the name of a struct',
        "  2 | struct A {}",
        "    |        ^",
        "    = main.thrift:1:8: first defined here",
      ].join("\n"),
    ]);
  });

  it("shows only the first line where there is no source line to show", () => {
    assert.deepEqual(compile({}).problems.map(formatProblem), [
      'main.thrift:1:1: error: cannot read "main.thrift"',
    ]);
  });

  it("keeps the caret below its place behind tabs and wide characters", () => {
    assert.deepEqual(linesFor("\tx 😀 y", 6, 7).slice(1), ["  1 | \tx 😀 y", "    | \t    ^"]);
  });

  it("cuts a long line around the place", () => {
    const lines = linesFor(`${"a".repeat(500)}HERE${"b".repeat(500)}`, 500, 504);
    assert.equal(lines[0], "a.thrift:1:501: error: m");
    assert.equal(lines[1], `  1 | …${"a".repeat(60)}HERE${"b".repeat(56)}…`);
    assert.equal(lines[2], `    | ${" ".repeat(61)}^^^^`);
  });

  it("underlines no further than the end of the line", () => {
    assert.deepEqual(linesFor("ab cd\nef", 3, 8).slice(1), ["  1 | ab cd", "    |    ^^"]);
  });

  it("points behind the line for what is missing at its end", () => {
    assert.deepEqual(linesFor("ab\ncd", 2, 2).slice(1), ["  1 | ab", "    |   ^"]);
  });

  it("prints nothing that steers a terminal or turns text around", () => {
    const [, line] = linesFor("a \u001b[31m \u202e b", 0, 1);
    assert.equal(line, "  1 | a \uFFFD[31m \uFFFD b");
  });

  it("counts lines from 1, with either line end", () => {
    assert.equal(linesFor("a\r\nb\n\nc", 6, 7)[0], "a.thrift:4:1: error: m");
  });
});

describe("ProblemList", () => {
  const source = new SourceFile("a.thrift", "0123456789");
  const at = (start: number) => ({ start, end: start + 1 });

  it("sorts by file in the order of reading, then by place", () => {
    const problems = new ProblemList(10);
    const later = new SourceFile("b.thrift", "012", 1);
    problems.report(later, at(0), { code: "syntax", message: "third" });
    problems.report(source, at(5), { code: "syntax", message: "second" });
    problems.report(source, at(1), { code: "syntax", message: "first" });
    const messages = problems.sorted().map((problem) => problem.message);
    assert.deepEqual(messages, ["first", "second", "third"]);
  });

  it("keeps so many errors, says that there were more, and asks for no further hint", () => {
    const problems = new ProblemList(2);
    let hints = 0;
    for (let index = 0; index < 5; index++) {
      const hint = () => `hint ${hints++}`;
      problems.report(source, at(index), { code: "syntax", message: `m${index}`, hint });
    }
    assert.equal(problems.full, true);
    assert.equal(hints, 2);
    const messages = problems.sorted().map((problem) => problem.message);
    assert.deepEqual(messages, ["m0", "m1", "too many errors: only the first 2 are shown"]);
  });

  it("lets no flood of warnings hide an error", () => {
    const problems = new ProblemList(1);
    const severity = "warning" as const;
    for (let index = 0; index < 3; index++) {
      problems.report(source, at(index), { severity, code: "historical", message: "w" });
    }
    assert.equal(problems.full, false);
    problems.report(source, at(9), { code: "syntax", message: "e" });
    const shown = problems.sorted().map((problem) => `${problem.severity} ${problem.message}`);
    assert.deepEqual(shown, [
      "warning w",
      "error e",
      "warning too many warnings: only the first 1 are shown",
    ]);
  });
});
