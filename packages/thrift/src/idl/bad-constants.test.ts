import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { problemsOf, programOf } from "./testing/compile-text.ts";

describe("bad constants", () => {
  it("have a number out of the range of its type", () => {
    assert.deepEqual(
      problemsOf(`
const byte a = 128
const i16 b = -32769
const i32 c = 2147483648
const i64 d = 9223372036854775808
const i64 e = 99999999999999999999999999999999
const i16 f = 0xffff
const bool g = 2
const double h = 1e999
struct S { 1: list<i8> a = [1, 200] }
typedef i16 Short
const Short i = 40000
const byte j = c2
const i32 c2 = 1000
`),
      [
        "2:16 error out-of-range: 128 does not fit byte, -128 to 127",
        "3:15 error out-of-range: -32769 does not fit i16, -32768 to 32767",
        "4:15 error out-of-range: 2147483648 does not fit i32, -2147483648 to 2147483647",
        "5:15 error out-of-range: 9223372036854775808 does not fit i64, " +
          "-9223372036854775808 to 9223372036854775807",
        "6:15 error out-of-range: 99999999999999999999999999999999 does not fit i64, " +
          "-9223372036854775808 to 9223372036854775807",
        "7:15 error out-of-range: 0xffff does not fit i16, -32768 to 32767" +
          " = these bits are -1 as i16",
        "8:16 error out-of-range: 2 is no bool; expected true, false, 0 or 1",
        "9:18 error out-of-range: this number is too large for a double",
        "10:32 error out-of-range: 200 does not fit byte, -128 to 127",
        "12:17 error out-of-range: 40000 does not fit Short (i16), -32768 to 32767",
        "13:16 error out-of-range: 1000 does not fit byte, -128 to 127",
      ],
    );
  });

  it("are of another type", () => {
    assert.deepEqual(
      problemsOf(`
const i32 a = "x"
const i32 b = 1.5
const i32 c = true
const string d = 5
const binary e = 1.5
const bool f = "true"
const double g = "1"
const uuid h = "00112233"
const list<i32> i = 5
const list<i32> j = {1: 2}
const map<i32, i32> k = [1]
const map<string, list<i32>> l = {"a": [1, "b"], 2: []}
struct P { 1: i32 x }
const P m = [1]
const P n = 5
const i32 o = {"x": 1}
enum E { A }
enum F { A }
const E p = "A"
const E q = F.A
const string r = E.A
`),
      [
        '2:15 error wrong-type: expected i32, found the string "x"',
        "3:15 error wrong-type: expected i32, found the double 1.5",
        "4:15 error wrong-type: expected i32, found true",
        "5:18 error wrong-type: expected string, found the number 5",
        "6:18 error wrong-type: expected binary, found the double 1.5",
        '7:16 error wrong-type: expected bool, found the string "true"',
        '8:18 error wrong-type: expected double, found the string "1"',
        '9:16 error wrong-type: expected uuid, found the string "00112233"' +
          ' = a uuid looks like "00112233-4455-6677-8899-aabbccddeeff"',
        "10:21 error wrong-type: expected list<i32>, found the number 5",
        "11:21 error wrong-type: expected list<i32>, found a map = write it in [ ]",
        "12:25 error wrong-type: expected map<i32, i32>, found a list = write it in { }",
        '13:44 error wrong-type: expected i32, found the string "b"',
        "13:50 error wrong-type: expected string, found the number 2",
        "15:13 error wrong-type: expected P, found a list = write it in { }",
        "16:13 error wrong-type: expected P, found the number 5",
        "17:15 error wrong-type: expected i32, found a map",
        '20:13 error wrong-type: expected E, found the string "A"',
        "21:13 error wrong-type: expected E, found F.A",
        "22:18 error wrong-type: expected string, found E.A",
      ],
    );
  });

  it("name constants of another type", () => {
    assert.deepEqual(
      problemsOf(`
const i64 A = 1
const list<i64> B = [1]
const uuid C = "00112233-4455-6677-8899-aabbccddeeff"
struct S {}
const S D = {}
const string e = A
const list<i32> f = B
const set<i64> g = B
const string h = C
const list<i64> i = D
const map<i32, i32> j = B
const i32 k = D
const binary l = A
const bool m = C
`),
      [
        '7:18 error wrong-type: expected string, found the constant "A" of type i64',
        '8:21 error wrong-type: expected list<i32>, found the constant "B" of type list<i64>',
        '9:20 error wrong-type: expected set<i64>, found the constant "B" of type list<i64>',
        '10:18 error wrong-type: expected string, found the constant "C" of type uuid',
        '11:21 error wrong-type: expected list<i64>, found the constant "D" of type S',
        '12:25 error wrong-type: expected map<i32, i32>, found the constant "B" of type list<i64>',
        '13:15 error wrong-type: expected i32, found the constant "D" of type S',
        '14:18 error wrong-type: expected binary, found the constant "A" of type i64',
        '15:16 error wrong-type: expected bool, found the constant "C" of type uuid',
      ],
    );
  });

  it("name nothing that is known", () => {
    const files = {
      "main.thrift": `include "shared.thrift"
enum Level { LOW, HIGH }
const i32 LIMIT = 1
const i32 a = LIMTI
const i32 b = shared.LIMTI
const i32 c = other.X
const Level d = HIGH
const Level e = Level.HIHG
const i32 f = Level.NOTHING
const Level g = 7
const Level h = shared.Color.GREEN
const shared.Color i = RED
const i32 j = Level
const i32 k = zzz`,
      "shared.thrift": "const i32 LIMIT = 1\nenum Color { RED }",
    };
    assert.deepEqual(problemsOf(files), [
      '4:15 error unknown-name: unknown constant "LIMTI" = did you mean "LIMIT"?',
      '5:15 error unknown-name: unknown constant "shared.LIMTI" = did you mean "shared.LIMIT"?',
      '6:15 error unknown-name: unknown constant "other.X" = no enum and no include is ' +
        'called "other"',
      '7:17 error unknown-name: unknown constant "HIGH" = did you mean "Level.HIGH"?',
      '8:17 error unknown-enum-value: enum "Level" has no value "HIHG" = did you mean ' +
        '"Level.HIGH"?',
      '9:15 error unknown-enum-value: enum "Level" has no value "NOTHING" = its values are ' +
        "LOW, HIGH",
      '10:17 error unknown-enum-value: enum "Level" has no value with the number 7' +
        " = its values are LOW = 0, HIGH = 1",
      '11:17 error unknown-enum-value: enum "Color" has no value "GREEN" = its values are RED',
      '12:24 error unknown-name: unknown constant "RED" = did you mean "shared.Color.RED"?',
      '13:15 error unknown-name: unknown constant "Level"',
      '14:15 error unknown-name: unknown constant "zzz"',
    ]);
  });

  it("are taken, with a warning, where only the enum in front of a value is wrong", () => {
    const text =
      "enum A { X }\nenum B { Y }\nconst A a = B.X\nconst A b = gone.A.X\nconst A c = A.X";
    assert.deepEqual(problemsOf(text), [
      '3:13 warning unknown-name: unknown enum value "B.X"; taken as "A.X"',
      '4:13 warning unknown-name: unknown enum value "gone.A.X"; taken as "A.X"',
    ]);
  });

  it("lead back to themselves", () => {
    assert.deepEqual(
      problemsOf("const i32 a = b\nconst i32 b = c\nconst i32 c = a\nconst list<i32> d = [1, d]"),
      [
        '3:15 error constant-cycle: constant "a" is defined by itself: a → b → c → a',
        '4:25 error constant-cycle: constant "d" is defined by itself: d → d',
      ],
    );
  });

  it("give a key of a map twice; an element of a set twice is a warning", () => {
    assert.deepEqual(
      problemsOf(`
const i32 ONE = 1
enum E { A, B = 0 }
const map<i32, i32> a = {1: 2, 2: 2, ONE: 3}
const map<list<set<i32>>, i32> b = {[[1, 2]]: 1, [[2], [1]]: 2, [[2, 1]]: 3}
const map<map<i32, i32>, i32> c = {{1: 2, 3: 4}: 1, {3: 4, 1: 2}: 2, {1: 4}: 3}
const map<E, i32> d = {E.A: 1, E.B: 2}
const map<double, i32> e = {1: 1, 1.0: 2}
struct S { 1: i32 x, 2: i32 y }
const map<S, i32> f = {{"x": 1, "y": 2}: 1, {"y": 2, "x": 1}: 2, {"x": 2, "y": 1}: 3}
const set<i32> g = [1, 2, 1, ONE]
const map<binary, i32> h = {"a": 1, "b": 2, "a": 3}
const map<string, i32> i = {"a": 1, 'a': 3}
`),
      [
        '3:17 warning duplicate-value: "B" has the number 0, as "A" has',
        "4:38 error duplicate-key: this key is already in the map",
        "5:65 error duplicate-key: this key is already in the map",
        "6:53 error duplicate-key: this key is already in the map",
        "7:32 error duplicate-key: this key is already in the map",
        "8:35 error duplicate-key: this key is already in the map",
        "10:45 error duplicate-key: this key is already in the map",
        "11:27 warning duplicate-value: this element is already in the set",
        "11:30 warning duplicate-value: this element is already in the set",
        "12:45 error duplicate-key: this key is already in the map",
        "13:37 error duplicate-key: this key is already in the map",
      ].toSorted((one, other) => Number.parseInt(one, 10) - Number.parseInt(other, 10)),
    );
    const [set] = programOf("const set<i32> g = [3, 1, 3]").constants;
    assert.ok(set?.value.kind === "set");
    assert.equal(set.value.elements.length, 2);
  });

  it("give fields a struct does not have, twice, or not all it requires", () => {
    assert.deepEqual(
      problemsOf(`
struct P { 1: required i32 x, 2: required i32 y = 2, 3: optional string name }
struct Q { 1: required i32 a, 2: required i32 b, 3: required i32 c, 4: required i32 d, 5: i32 e }
exception X { 1: required string why }
const P a = {}
const P b = {"x": 1, "nmae": "n"}
const P c = {"x": 1, "zzzz": "n"}
const P d = {"x": 1, "x": 2}
const P e = {x: 1}
const P f = {5: 1, "x": 1}
const Q g = {"b": 1, "c": 2}
const Q h = {}
const X i = {}
struct R { 1: list<P> p = [{"x": 1}, {}] }
`),
      [
        '5:13 error missing-field: required field "x" of struct "P" not given',
        '6:22 error unknown-field: struct "P" has no field "nmae" = did you mean "name"?',
        '7:22 error unknown-field: struct "P" has no field "zzzz" = its fields are x, y, name',
        '8:22 error duplicate-key: "x" is already given',
        '9:14 error wrong-type: expected the name of a field of struct "P", a quoted string' +
          ' = write it in quotes: "x"',
        '10:14 error wrong-type: expected the name of a field of struct "P", a quoted string',
        '11:13 error missing-field: required fields "a", "d" of struct "Q" not given',
        '12:13 error missing-field: required fields "a", "b", "c", … of struct "Q" not given',
        '13:13 error missing-field: required field "why" of exception "X" not given',
        '14:38 error missing-field: required field "x" of struct "P" not given',
      ],
    );
  });

  it("set not exactly one member of a union", () => {
    assert.deepEqual(
      problemsOf('union U { 1: i32 a, 2: i32 b }\nconst U x = {}\nconst U y = {"a": 1, "b": 2}'),
      [
        '2:13 error bad-union: a value of union "U" sets exactly one member; found 0',
        '3:13 error bad-union: a value of union "U" sets exactly one member; found 2',
      ],
    );
  });

  it("are reported once, not again where they are named", () => {
    assert.deepEqual(
      problemsOf(
        'const i32 a = "x"\nconst i32 b = a\nconst list<i32> c = [a, b]\nstruct S { 1: i32 x = a }',
      ),
      ['1:15 error wrong-type: expected i32, found the string "x"'],
    );
  });
});
