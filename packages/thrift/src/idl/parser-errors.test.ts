import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { compile, problemsOf } from "./testing/compile-text.ts";

/** The problems of a text, in the form problemsOf gives. */
function assertProblems(text: string, expected: readonly string[]): void {
  assert.deepEqual(problemsOf(text), expected);
}

describe("syntax errors", () => {
  it("names the keyword that was meant, and reads on behind the definition", () => {
    assertProblems("strcut A {\n  1: i32 a\n}\nstruct B { 1: C c }", [
      "1:1 error syntax: expected a definition (const, typedef, enum, struct, union, " +
        "exception or " +
        'service), found "strcut" = did you mean "struct"?',
      '4:15 error unknown-name: unknown type "C"',
    ]);
  });

  it("reports each broken field, and no good one", () => {
    assertProblems(
      `struct A {
  1: requird i32 a
  2 i32 b
  3: i32
  4: list<i32 d
  5: map<i32> e
  6: i32 f = ,
  7: i32 g (x = "y"
  8: i32 h.i
  9: void j, 10: i32 k
  11: B l
}`,
      [
        '2:6 error syntax: expected required, optional or a type, found "requird"' +
          ' = did you mean "required"?',
        '3:5 error syntax: expected ":" after field id 2, found "i32"',
        "4:9 error syntax: expected a name for the field, found the number 4 on line 5",
        '5:15 error syntax: expected ">" to close list<…>, found "d"',
        '6:13 error syntax: expected "," and the type of the values after the type of the map\'s ' +
          'keys, found ">"',
        '7:14 error syntax: expected a default value for "f" (a number, a string, a name, "[" or ' +
          '"{"), found ","',
        '9:3 error syntax: expected the name of an annotation or ")", found the number 8',
        '9:10 error syntax: expected a name for the field without dots, found "h.i"',
        "10:6 error syntax: expected a type for field 9; void is only what a function returns",
        '11:7 error unknown-name: unknown type "B"',
      ],
    );
  });

  it("notices a missing closing brace at the next definition", () => {
    assertProblems("struct A {\n  1: i32 a\nstruct B {}\nenum E {\n  X\nservice S {\n  void f()", [
      '3:1 error syntax: expected a field or "}" to close struct "A", found "struct"',
      '6:1 error syntax: expected a value or "}" to close enum "E", found "service"',
      '7:11 error syntax: expected a function or "}" to close service "S", found the end of ' +
        "the file",
    ]);
  });

  it("notices a missing closing parenthesis at the next function", () => {
    assertProblems(
      "service S {\n  void f(1: i32 a\n  void g(1: i32 a throws (1: X x)\n  void h(1: i32 a\n" +
        "}\nexception X {}",
      [
        '3:3 error syntax: expected an argument or ")" to close the arguments of "f", found "void"',
        '3:19 error syntax: expected an argument or ")" to close the arguments of "g", found ' +
          '"throws"',
        '5:1 error syntax: expected an argument or ")" to close the arguments of "h", found "}"',
      ],
    );
  });

  it("says where the bracket was opened", () => {
    const { problems } = compile("struct A\n{\n  1: i32 a\n");
    const [related] = problems[0]?.related ?? [];
    assert.equal(related?.message, '"{" opened here');
    assert.deepEqual(related?.position, { path: "main.thrift", line: 2, column: 1 });
  });

  it("reports each broken function, and no good one", () => {
    assertProblems(
      `service S {
  foo
  void a(1: void x)
  void b() throw (1: X x)
  i32 (1: i32 x)
  void c(1: i32)
  oneway oneway void d()
  void e(): i32
  void f(1: Y y)
}
exception X {}`,
      [
        '2:6 error syntax: expected a name for the function, found "void" on line 3',
        "3:13 error syntax: expected a type for field 1; void is only what a function returns",
        '4:12 error syntax: expected throws, "," or the next function, found "throw"' +
          ' = did you mean "throws"?',
        '5:8 error syntax: expected the name of an annotation or ")", found the number 1',
        '6:16 error syntax: expected a name for the field, found ")"',
        '7:22 error syntax: expected "(" to open the arguments of "void", found "d"',
        '8:11 error syntax: expected a function, found ":"',
        '9:13 error unknown-name: unknown type "Y"',
      ],
    );
  });

  it("reports broken enum values, and reads the others", () => {
    assertProblems('enum E { A = "x", B = 1.5, = 3, C = D, true, F.G, H = 5, H }', [
      '1:14 error syntax: expected a whole number for the enum value "A", found the string "x"',
      '1:23 error syntax: expected a whole number for the enum value "B", found the number 1.5',
      '1:28 error syntax: expected a name for the enum value, found "="',
      '1:37 error syntax: expected a whole number for the enum value "C", found "D"',
      "1:40 error syntax: expected a name for the enum value (true and false are values), found " +
        '"true"',
      '1:46 error syntax: expected a name for the enum value without dots, found "F.G"',
      '1:58 error duplicate-name: enum "E" already has a value "H"',
    ]);
  });

  it("reports broken constants, typedefs and heads of definitions one by one", () => {
    assertProblems(
      `const i32 a =
const list<i32> b = [1, 2
const map<i32, i32> c = {1: 2
const map<i32, i32> d = {1, 2}
const i32 e 5
const i32
typedef i32
typedef void f
struct { 1: i32 a }
service S extends { }
enum E
exception
`,
      [
        '2:1 error syntax: expected a value for the constant "a" (a number, a string, a ' +
          'name, "[" ' +
          'or "{"), found "const"',
        '3:1 error syntax: expected a value or "]" (a number, a string, a name, "[" or "{"), ' +
          "found " +
          '"const"',
        '4:1 error syntax: expected a key or "}" (a number, a string, a name, "[" or "{"), found ' +
          '"const"',
        '4:27 error syntax: expected ":" and a value after a key, found ","',
        '5:13 error syntax: expected "=" and a value for the constant "e", found the number 5',
        '6:10 error syntax: expected a name for the constant, found "typedef" on line 7',
        '7:12 error syntax: expected the new name of the type, found "typedef" on line 8',
        "8:9 error syntax: expected the type to give a name to; void is only what a function " +
          "returns",
        '9:8 error syntax: expected a name for the struct, found "{"',
        '10:19 error syntax: expected the name of a service after extends, found "{"',
        '11:7 error syntax: expected "{" to open enum "E", found "exception" on line 12',
        "12:10 error syntax: expected a name for the exception, found the end of the file",
      ],
    );
  });

  it("does not complain about names whose definition it could not read", () => {
    assertProblems(
      "const Broken a = 5 5\nstruct Broken 5 {}\nstruct A { 1: Broken b, 2: i32 c = d }\n" +
        "const i32 d 7",
      [
        "1:20 error syntax: expected a definition (const, typedef, enum, struct, union, " +
          "exception or " +
          "service), found the number 5",
        '2:15 error syntax: expected "{" to open struct "Broken", found the number 5',
        '4:13 error syntax: expected "=" and a value for the constant "d", found the number 7',
      ],
    );
  });

  it("does not complain about parts of definitions it could read only half", () => {
    assertProblems(
      `struct S { 1: required i32 a, 2: i32 : }
enum E { A, 5 }
const S s = {"b": 1}
const E e = E.B`,
      [
        '1:38 error syntax: expected a name for the field, found ":"',
        "2:13 error syntax: expected a name for the enum value, found the number 5",
      ],
    );
  });

  it("does not let a word of the language name a type", () => {
    assertProblems("struct map {}\nenum required {}\nservice void {}\ntypedef i32 i64", [
      '1:8 error syntax: "map" is a word of the language and cannot name a type',
      '2:6 error syntax: "required" is a word of the language and cannot name a type',
      '3:9 error syntax: "void" is a word of the language and cannot name a type',
      '4:13 error syntax: "i64" is a word of the language and cannot name a type',
    ]);
  });

  it("wants a value behind an annotation's =", () => {
    assertProblems("struct A { 1: i32 a (b = ) 2: X c }\nenum E {} (d = )", [
      '1:26 error syntax: expected the annotation\'s value, a quoted string, found ")"',
      '1:31 error unknown-name: unknown type "X"',
      '2:16 error syntax: expected the annotation\'s value, a quoted string, found ")"',
    ]);
  });

  it("finds its way out of stray brackets", () => {
    assertProblems(
      "struct A { 1: i32 a ( }\nstruct B { 1: i32 a ) }\nstruct C { 1: i32 ] 2: X b }\n}\n" +
        "struct D {}",
      [
        '1:23 error syntax: expected the name of an annotation or ")", found "}"',
        '2:21 error syntax: expected a field, found ")"',
        '3:19 error syntax: expected a name for the field, found "]"',
        '3:24 error unknown-name: unknown type "X"',
        "4:1 error syntax: expected a definition (const, typedef, enum, struct, union, " +
          "exception or " +
          'service), found "}"',
      ],
    );
  });
});
