import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { programOf } from "./testing/compile-text.ts";
import type { ConstValue } from "./model.ts";

/** A value without its types: what would be written for it in JavaScript. */
function plain(value: ConstValue | undefined): unknown {
  if (value === undefined) return undefined;
  switch (value.kind) {
    case "enum":
      return `${value.definition.name}.${value.value.name}`;
    case "list":
    case "set":
      return value.elements.map(plain);
    case "map":
      return new Map(value.entries.map((entry) => [plain(entry.key), plain(entry.value)]));
    case "struct":
      return Object.fromEntries(
        value.fields.map((entry) => [entry.field.name, plain(entry.value)]),
      );
    default:
      return value.value;
  }
}

/** The values of all constants of a text, by name. */
function valuesOf(files: string | Readonly<Record<string, string>>): Record<string, unknown> {
  const { constants } = programOf(files);
  return Object.fromEntries(constants.map(({ name, value }) => [name, plain(value)]));
}

describe("constants", () => {
  it("are numbers, strings, bytes and bools of the declared type", () => {
    assert.deepEqual(
      valuesOf(`
        const bool a = true  const bool b = 0
        const byte c = -0x80 const i8 d = 127
        const i16 e = 0x7fff const i32 f = -2147483648
        const i64 g = 9223372036854775807 const i64 h = -0x8000000000000000
        const double i = 1.5e3 const double j = -7 const double k = 9007199254740993
        const string l = "it's\\n" const string m = 'say "é"'
        const binary n = "é\\t"
        const uuid o = "00112233-4455-6677-8899-aabbccddeeff"
        const uuid p = '{00112233-4455-6677-8899-AABBCCDDEEFF}'
        const i32 q = 007
      `),
      {
        a: true,
        b: false,
        c: -128n,
        d: 127n,
        e: 32767n,
        f: -2147483648n,
        g: 9223372036854775807n,
        h: -9223372036854775808n,
        i: 1500,
        j: -7,
        k: 9007199254740992,
        l: "it's\n",
        m: 'say "é"',
        n: new Uint8Array([0xc3, 0xa9, 9]),
        o: "00112233-4455-6677-8899-aabbccddeeff",
        p: "00112233-4455-6677-8899-aabbccddeeff",
        q: 7n,
      },
    );
  });

  it("are lists, sets, maps and structs, one in the other", () => {
    assert.deepEqual(
      valuesOf(`
        struct P { 1: required i32 x, 2: optional string name, 3: required i32 y = 3 }
        union U { 1: i32 a, 2: list<P> b }
        exception E { 1: U u }
        const list<list<i16>> A = [[1, 2], [], [3]]
        const set<string> B = ["x", 'y']
        const map<list<i32>, map<string, P>> C = {[1]: {"p": {"x": 1}}, []: {}}
        const E D = {"u": {"b": [{"x": 1, "name": "n"}, {"y": 2, "x": 5}]}}
        const list<i32> F = {}
        const map<i32, i32> G = []
      `),
      {
        A: [[1n, 2n], [], [3n]],
        B: ["x", "y"],
        C: new Map<unknown, unknown>([
          [[1n], new Map([["p", { x: 1n }]])],
          [[], new Map()],
        ]),
        D: {
          u: {
            b: [
              { x: 1n, name: "n" },
              { y: 2n, x: 5n },
            ],
          },
        },
        F: [],
        G: new Map(),
      },
    );
  });

  it("name enum values and other constants, here and in included files, in any order", () => {
    assert.deepEqual(
      valuesOf({
        "main.thrift": `
          include "shared.thrift"
          enum Level { LOW, HIGH = 5 }
          typedef Level Grade
          const Level A = Level.HIGH
          const Level B = 0
          const Grade C = Grade.LOW
          const shared.Color D = shared.Color.RED
          const i32 E = Level.HIGH
          const i32 F = G
          const i32 G = shared.LIMIT
          const double H = G
          const byte I = shared.LIMIT
          const list<i32> J = [G, Level.HIGH, 1]
          const list<i32> K = shared.LIST
          const binary L = shared.TEXT
          const map<Level, shared.Point> M = {Level.LOW: shared.ORIGIN}
          const Level N = A
          const shared.Color O = shared.FAVOURITE
          const bool P = Q
          const bool Q = true
          const map<i32, set<i32>> R = {1: [2]}
          const map<i32, set<i32>> S = R
        `,
        "shared.thrift": `
          enum Color { RED }
          struct Point { 1: i32 x }
          const i32 LIMIT = 100
          const list<i32> LIST = [1, LIMIT]
          const string TEXT = "t"
          const Point ORIGIN = {"x": 0}
          const Color FAVOURITE = Color.RED
        `,
      }),
      {
        A: "Level.HIGH",
        B: "Level.LOW",
        C: "Level.LOW",
        D: "Color.RED",
        E: 5n,
        F: 100n,
        G: 100n,
        H: 100,
        I: 100n,
        J: [100n, 5n, 1n],
        K: [1n, 100n],
        L: new TextEncoder().encode("t"),
        M: new Map([["Level.LOW", { x: 0n }]]),
        N: "Level.HIGH",
        O: "Color.RED",
        P: true,
        Q: true,
        R: new Map([[1n, [2n]]]),
        S: new Map([[1n, [2n]]]),
      },
    );
  });

  it("say by which constant they were written", () => {
    const { constants, structs } = programOf(
      "const list<i32> A = [1]\nconst list<list<i32>> B = [A, [1]]\n" +
        "struct S { 1: list<i32> a = A }",
    );
    const [a, b] = constants;
    const elements = b?.value.kind === "list" ? b.value.elements : [];
    assert.equal(elements[0]?.constant, a);
    assert.equal(elements[1]?.constant, undefined);
    assert.equal(structs[0]?.fields[0]?.defaultValue?.constant, a);
    assert.equal(structs[0]?.fields[0]?.defaultValue?.type, structs[0]?.fields[0]?.type);
  });

  it("are default values, of arguments too", () => {
    const { structs, services } = programOf(
      'struct S { 1: i32 a = 1 }\nservice V { void f(1: S s = {"a": 2}, 2: i32 x) }',
    );
    assert.equal(plain(structs[0]?.fields[0]?.defaultValue), 1n);
    const [s, x] = services[0]?.functions[0]?.arguments ?? [];
    assert.deepEqual(plain(s?.defaultValue), { a: 2n });
    assert.equal(x?.defaultValue, undefined);
  });
});
