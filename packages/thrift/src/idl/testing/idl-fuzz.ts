// Texts that are hardly IDL, and what must be true of the answer to any of them.

import assert from "node:assert/strict";
import { SeededRandom } from "@holdfast/core";
import fc from "fast-check";
import { programsOf } from "../model.ts";
import { formatProblem } from "../problem.ts";
import { compile } from "./compile-text.ts";
import { printProgram } from "./print-program.ts";
import { EVERYTHING_IDL, OLD_AND_NEW_IDL, SHARED_IDL, STORE_IDL } from "./samples.ts";
import { validIdl } from "./valid-idl.ts";
import type { Program } from "../model.ts";
import type { Problem } from "../problem.ts";

/** Any characters at all, half of them such that mean something. */
export const ANY_TEXT: fc.Arbitrary<string> = fc.oneof(
  fc.string({ unit: "binary", maxLength: 400 }),
  fc.uint8Array({ maxLength: 400 }).map((bytes) => Buffer.from(bytes).toString("latin1")),
  fc.string({
    unit: fc.constantFrom(..."/*#\"'\\\n {}()[]<>:;,=.-+0xe1a&@".split("")),
    maxLength: 400,
  }),
);

const TOKENS = [
  ..."{ } ( ) [ ] < > : ; , = * & -".split(" "),
  ..."namespace include cpp_include const typedef enum senum struct union exception".split(" "),
  ..."service extends throws oneway async void required optional true false".split(" "),
  ..."bool byte i8 i16 i32 i64 double string binary uuid slist list set map cpp_type".split(" "),
  ..."xsd_all xsd_optional xsd_nillable xsd_attrs A B C a b shared.Point A.a shared".split(" "),
  ...["1", "2", "-1", "0x7f", "1.5", "99999999999999999999", '"a"', "'b'", '"shared.thrift"'],
  ...["1:", "2: i32 a", "list<", "map<", "/** doc */", "// x\n", "# x\n", "/*", '"', "\n", "\n"],
];

/** Words of the language in any order. */
export const TOKEN_SOUP: fc.Arbitrary<string> = fc
  .array(fc.tuple(fc.constantFrom(...TOKENS), fc.constantFrom(" ", " ", "\n", "")), {
    maxLength: 120,
  })
  .map((parts) => parts.flat().join(""));

const SAMPLES = [EVERYTHING_IDL, OLD_AND_NEW_IDL, SHARED_IDL, STORE_IDL];

const MUTATION = fc.record({
  kind: fc.constantFrom("delete", "copy", "insert", "replace", "cut"),
  at: fc.double({ min: 0, max: 1, noNaN: true }),
  to: fc.double({ min: 0, max: 1, noNaN: true }),
  length: fc.integer({ min: 1, max: 60 }),
  token: fc.constantFrom(...TOKENS),
});

/** Good files with a few things left out, doubled, moved or put in. */
export const MUTATED_SAMPLE: fc.Arbitrary<string> = fc
  .tuple(fc.constantFrom(...SAMPLES), fc.array(MUTATION, { minLength: 1, maxLength: 6 }))
  .map(([sample, mutations]) => {
    let text = sample;
    for (const { kind, at, to, length, token } of mutations) {
      const start = Math.floor(at * text.length);
      const target = Math.floor(to * text.length);
      const part = text.slice(start, start + length);
      if (kind === "delete") text = text.slice(0, start) + text.slice(start + length);
      if (kind === "copy") text = text.slice(0, target) + part + text.slice(target);
      if (kind === "insert") text = `${text.slice(0, start)} ${token} ${text.slice(start)}`;
      if (kind === "replace") text = text.slice(0, start) + token + text.slice(start + 1);
      if (kind === "cut") text = text.slice(0, Math.max(start, 1));
    }
    return text;
  });

const NAME = fc.constantFrom("A", "B", "C", "D", "E", "shared.Point", "shared.Color");
const TYPE: fc.Arbitrary<string> = fc.letrec<{ type: string }>((tie) => ({
  type: fc.oneof(
    { maxDepth: 3 },
    NAME,
    fc.constantFrom("i32", "i64", "byte", "bool", "double", "string", "binary", "uuid"),
    tie("type").map((type) => `list<${type}>`),
    tie("type").map((type) => `set<${type} (a = "b")>`),
    fc.tuple(tie("type"), tie("type")).map(([key, value]) => `map<${key}, ${value}>`),
  ),
})).type;
const VALUE: fc.Arbitrary<string> = fc.letrec<{ value: string }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    fc.constantFrom("0", "1", "-1", "300", "1.5", "true", '"x"', '"a"', "a", "b", "c", "A", "A.a"),
    fc.constantFrom("B.b", "shared.FAVOURITE", "shared.Color.RED", "{}", "[]"),
    fc.array(tie("value"), { maxLength: 3 }).map((values) => `[${values.join(", ")}]`),
    fc
      .array(fc.tuple(fc.oneof(fc.constantFrom('"a"', '"b"', '"c"'), tie("value")), tie("value")), {
        maxLength: 3,
      })
      .map((entries) => `{${entries.map(([key, value]) => `${key}: ${value}`).join(", ")}}`),
  ),
})).value;
const FIELD_NAME = fc.constantFrom("a", "b", "c", "d");
const FIELD = fc
  .record({
    id: fc.constantFrom("1: ", "2: ", "3: ", "4: ", "5: ", "6: ", "", "0: "),
    requiredness: fc.constantFrom("", "", "required ", "optional "),
    type: TYPE,
    name: FIELD_NAME,
    value: fc.option(VALUE, { freq: 3 }),
  })
  .map(({ id, requiredness, type, name, value }) => {
    return `${id}${requiredness}${type} ${name}${value === null ? "" : ` = ${value}`}`;
  });
const FIELDS = fc
  .uniqueArray(FIELD, { maxLength: 4, selector: (field) => field.slice(0, 1) })
  .map((fields) => fields.join(", "));
const DEFINITION = fc.oneof(
  fc
    .tuple(fc.constantFrom("struct", "union", "exception"), NAME, FIELDS)
    .map(([kind, name, fields]) => `${kind} ${name} {${fields}}`),
  fc.tuple(TYPE, NAME).map(([type, name]) => `typedef ${type} (x = "y") ${name}`),
  fc
    .tuple(TYPE, FIELD_NAME, VALUE)
    .map(([type, name, value]) => `const ${type} ${name} = ${value}`),
  fc
    .tuple(NAME, fc.array(FIELD_NAME))
    .map(([name, values]) => `enum ${name} {${[...new Set(values)].join(" ")}}`),
  fc
    .tuple(
      NAME,
      fc.option(NAME),
      fc.array(fc.tuple(TYPE, FIELD_NAME, FIELDS, FIELDS), { maxLength: 2 }),
    )
    .map(([name, parent, functions]) => {
      const own = functions.map(
        ([type, each, fields, throws]) => `${type} ${each}(${fields}) throws (${throws})`,
      );
      return `service ${name}${parent === null ? "" : ` extends ${parent}`} {${own.join("\n")}}`;
    }),
);

/** Definitions in good form that mean anything: circles, wrong types, names twice. */
export const DEFINITION_SOUP: fc.Arbitrary<string> = fc
  .array(DEFINITION, { maxLength: 12 })
  .map((definitions) => `include "shared.thrift"\n${definitions.join("\n")}`);

/** Files without a mistake, by their seed. */
export const VALID_SEED: fc.Arbitrary<number> = fc.nat();

/** Checks that a good file compiles, and loses nothing on the way through the model. */
export function checkValid(seed: number): void {
  const text = validIdl(new SeededRandom(seed));
  const { program, problems } = compile(text);
  const errors = problems.filter((problem) => problem.severity === "error");
  assert.deepEqual(errors.map(formatProblem), [], text);
  assert.ok(program);
  checkRoundTrip(program);
}

/** The most CPU time one small text may take, in ms: a hundred times what the slowest takes. */
const CPU_MAX_MS = 3000;

/** Checks the answer to a text: a program or errors, in bounded time, and both of them sound. */
export function checkAnswer(text: string): void {
  const started = process.cpuUsage();
  const files = { "main.thrift": text, "shared.thrift": SHARED_IDL };
  const { program, problems } = compile(files);
  const { user } = process.cpuUsage(started);
  assert.ok(user / 1000 < CPU_MAX_MS, `took ${user / 1000} ms`);
  const errors = problems.filter((problem) => problem.severity === "error");
  assert.equal(program === undefined, errors.length > 0, "a program, or else errors");
  for (const problem of problems) checkProblem(problem);
  if (program !== undefined) checkRoundTrip(program);
}

function checkProblem(problem: Problem): void {
  const { position, excerpt, message } = problem;
  assert.ok(position.line >= 1 && position.column >= 1);
  assert.ok(message.length > 0 && message.length < 2000, message);
  // A tab is the one control character that may be printed; the line ends are ours.
  assert.doesNotMatch(formatProblem(problem), /[^\P{Cc}\t\n]/u);
  if (excerpt === undefined) return;
  assert.doesNotMatch(excerpt.text, /\n/);
  assert.ok(excerpt.caretStart <= excerpt.text.length + 1);
}

/** What was compiled can be written as IDL again, and is the same. */
function checkRoundTrip(program: Program): void {
  const once = Object.fromEntries(
    programsOf(program).map((each) => [each.path, printProgram(each)]),
  );
  const again = compile(once);
  const errors = again.problems.filter((problem) => problem.severity === "error");
  assert.deepEqual(errors.map(formatProblem), []);
  assert.ok(again.program);
  const twice = programsOf(again.program).map((each) => [each.path, printProgram(each)]);
  assert.deepEqual(Object.fromEntries(twice), once);
}
