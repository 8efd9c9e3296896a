import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { compile, problemsOf, programOf } from "./testing.ts";

/** Each problem of a text, up to its message. */
function assertProblems(text: string, expected: readonly string[]): void {
  assert.deepEqual(problemsOf(text), expected);
}

describe("grammar: headers", () => {
  it("reads namespaces for languages and for all, with annotations", () => {
    const { namespaces } = programOf(`
      namespace js feed.history
      namespace py.twisted feed_history
      namespace * every.thing
      namespace xsd test (uri = 'http://example.org/')
      namespace smalltalk.category Thrift-Test
    `);
    const names = [...namespaces].map(([scope, { name }]) => `${scope}=${name}`);
    assert.deepEqual(names, [
      "js=feed.history",
      "py.twisted=feed_history",
      "*=every.thing",
      "xsd=test",
      "smalltalk.category=Thrift-Test",
    ]);
    assert.equal(namespaces.get("xsd")?.annotations.get("uri"), "http://example.org/");
  });

  it("reads cpp_include, and separators behind headers", () => {
    const program = programOf(`cpp_include "<map>"; cpp_include 'x.h'\nnamespace js a,`);
    assert.deepEqual(program.cppIncludes, ["<map>", "x.h"]);
  });

  it("takes the namespaces of before 2009, with a warning", () => {
    const { program, problems } = compile(`
cpp_namespace one
java_package org.two
php_namespace three
py_module four
perl_package Five
ruby_namespace Six
cocoa_prefix Seven
csharp_namespace Eight
smalltalk_category Nine-Ten
smalltalk_prefix N
xsd_namespace "http://example.org/"
namespace eleven
`);
    const codes = problems.map((problem) => problem.code);
    // The last one repeats the first.
    assert.deepEqual(codes, [...Array.from({ length: 12 }, () => "historical"), "duplicate-name"]);
    const names = [...(program?.namespaces.values() ?? [])].map(
      ({ scope, name }) => `${scope}=${name}`,
    );
    assert.deepEqual(names, [
      "cpp=eleven",
      "java=org.two",
      "php=three",
      "py=four",
      "perl=Five",
      "rb=Six",
      "cocoa=Seven",
      "csharp=Eight",
      "smalltalk.category=Nine-Ten",
      "smalltalk.prefix=N",
      "xsd=http://example.org/",
    ]);
  });

  it("takes the doc comment before the first header for the file's", () => {
    const program = programOf(
      "/** Old. */\n/** The file. */\nnamespace js a\n/** S. */ struct S {}",
    );
    assert.equal(program.doc, "The file.");
    assert.equal(program.structs[0]?.doc, "S.");
    assert.equal(programOf("/** S. */ struct S {}").doc, undefined);
  });

  it("wants headers before definitions, but uses a late one", () => {
    assertProblems("struct A {}\nnamespace js a\n", [
      '2:1 error syntax: "namespace" must stand before the first definition',
    ]);
  });

  it("reads the next line after a broken header", () => {
    assertProblems('include foo\nnamespace *\nnamespace 5\ninclude "x.thrift"\nstruct A {}', [
      '1:9 error syntax: expected the path of a file, a quoted string, found "foo"',
      '2:12 error syntax: expected a name for the namespace, found "namespace" on line 3',
      "3:11 error syntax: expected the language of the namespace, or *, found the number 5",
      '4:9 error unreadable-file: cannot find "x.thrift"; tried "x.thrift"',
    ]);
  });
});

describe("grammar: definitions", () => {
  it("takes commas, semicolons or nothing between all items", () => {
    const program = programOf(`
      enum E { A, B; C D = 7, } struct S { 1: i32 a, 2: i32 b; 3: i32 c 4: i32 d }
      const list<i32> L = [1, 2; 3 4,];
      const map<i32, i32> M = {1: 2, 3: 4; 5: 6 7: 8},
      typedef i32 T;
      service V { void f(1: i32 a, 2: i32 b; 3: i32 c 4: i32 d), void g(); void h() void i() };
      union U {}, exception X {}
    `);
    assert.deepEqual(
      program.enums[0]?.values.map(({ name, value }) => `${name}=${value}`),
      ["A=0", "B=1", "C=2", "D=7"],
    );
    assert.equal(program.structs[0]?.fields.length, 4);
    assert.equal(program.services[0]?.functions[0]?.arguments.length, 4);
    assert.equal(program.services[0]?.functions.length, 4);
  });

  it("keeps annotations everywhere", () => {
    const program = programOf(`
      typedef list<i32 (a = "1")> (b = "2") T (c = "3", flag)
      enum E { A (d = "4"), B = 2 (e = "5") } (f = "6")
      struct S { 1: T t = [] (g = "7"), 2: map<string, binary (h = "8")> m } (i = "9")
      exception X {} (j = "10",)
      union U {} (k = "11" l = "12"; js.type = "number")
      service V { i32 (m = "13") f(1: i32 a (n = "14")) throws (1: X x (o = "15")) (p = "16") } (q = "17")
      const i32 C = 5 (r = "18")
    `);
    const { enums, services, structs, typedefs, constants } = program;
    const entries = (of: { annotations: ReadonlyMap<string, string> } | undefined) =>
      of && Object.fromEntries(of.annotations);
    assert.deepEqual(entries(typedefs[0]), { c: "3", flag: "1" });
    assert.deepEqual(entries(typedefs[0]?.type), { b: "2" });
    assert.deepEqual(entries(enums[0]), { f: "6" });
    assert.deepEqual(enums[0]?.values.map(entries), [{ d: "4" }, { e: "5" }]);
    assert.deepEqual(structs.map(entries), [
      { i: "9" },
      { j: "10" },
      { k: "11", l: "12", "js.type": "number" },
    ]);
    assert.deepEqual(structs[0]?.fields.map(entries), [{ g: "7" }, {}]);
    const [f] = services[0]?.functions ?? [];
    assert.deepEqual(entries(services[0]), { q: "17" });
    assert.deepEqual(entries(f), { p: "16" });
    assert.deepEqual(entries(f?.result), { m: "13" });
    assert.deepEqual(entries(f?.arguments[0]), { n: "14" });
    assert.deepEqual(entries(f?.throws[0]), { o: "15" });
    assert.deepEqual(entries(constants[0]), { r: "18" });
  });

  it("takes values of annotations without quotes, as other compilers do", () => {
    const [struct] = programOf("struct S {} (a = 5, b = word, c = 1.5)").structs;
    assert.deepEqual(
      [...(struct?.annotations ?? [])],
      [
        ["a", "5"],
        ["b", "word"],
        ["c", "1.5"],
      ],
    );
  });

  it("gives the doc comment to the definition, value, field, function or argument behind it", () => {
    const program = programOf(`
      /** Enum. */ enum E { /** Value. */ A }
      /** Struct. */ struct S { /** Field. */ 1: i32 a }
      /** Const. */ const i32 C = 1
      /** Typedef. */ typedef i32 T
      /** Service. */ service V {
        /** Function. */
        void f(/** Argument. */ 1: i32 a)
      } /** Nobody's. */
    `);
    const [service] = program.services;
    assert.deepEqual(
      [
        program.enums[0]?.doc,
        program.enums[0]?.values[0]?.doc,
        program.structs[0]?.doc,
        program.structs[0]?.fields[0]?.doc,
        program.constants[0]?.doc,
        program.typedefs[0]?.doc,
        service?.doc,
        service?.functions[0]?.doc,
        service?.functions[0]?.arguments[0]?.doc,
      ].join(" "),
      "Enum. Value. Struct. Field. Const. Typedef. Service. Function. Argument.",
    );
  });

  it("allows the words of the language as names of fields, functions and enum values", () => {
    const program = programOf(`
      enum E { struct, service = 2, list }
      struct S { 1: i32 string 2: string required, 3: required i32 optional; 4: list<i32> list
        5: bool namespace, 6: i32 include 7: i32 void 8: i32 enum 9: i32 throws }
      service V { void void(1: i32 i32), i32 struct(), oneway void oneway() }
    `);
    assert.equal(program.structs[0]?.fields.length, 9);
    assert.equal(program.services[0]?.functions.length, 3);
  });

  it("tolerates what old files hold: xsd words, cpp_type, references, slist, senum, async", () => {
    const { program, problems } = compile(`
struct S xsd_all {
  1: i32 a xsd_optional xsd_nillable xsd_attrs { 1: string x, string y } (b = "c")
  2: S & b
  3: map cpp_type "M" <i32, i32> c, 4: list<i32> cpp_type "L" d
  5: slist e
}
senum Colours { "red", "green"; "blue" }
service V { async void f() }
`);
    assert.deepEqual(
      problems.map(({ code, position }) => `${code} ${position.line}:${position.column}`),
      ["historical 6:6", "historical 8:1", "historical 9:13"],
    );
    assert.deepEqual(
      program?.structs[0]?.fields.map((field) => field.type.kind),
      ["i32", "struct", "map", "list", "string"],
    );
    assert.equal(program?.structs[0]?.fields[2]?.type.annotations.get("cpp_type"), "M");
    assert.equal(program?.typedefs[0]?.type.kind, "string");
    assert.equal(program?.services[0]?.functions[0]?.oneway, true);
  });

  it("lets a type be called slist all the same", () => {
    const program = programOf("struct slist {}\nstruct S { 1: slist a }");
    assert.equal(program.structs[1]?.fields[0]?.type.kind, "struct");
  });

  it("starts with a line for the shell if there is one", () => {
    assert.equal(programOf("#!/usr/bin/env thrift -java\nstruct A {}").structs.length, 1);
  });

  it("takes an empty file", () => {
    assert.equal(programOf("").name, "main");
  });
});

describe("syntax errors", () => {
  it("names the keyword that was meant, and reads on behind the definition", () => {
    assertProblems("strcut A {\n  1: i32 a\n}\nstruct B { 1: C c }", [
      "1:1 error syntax: expected a definition (const, typedef, enum, struct, union, exception or " +
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
      '7:11 error syntax: expected a function or "}" to close service "S", found the end of the file',
    ]);
  });

  it("notices a missing closing parenthesis at the next function", () => {
    assertProblems(
      "service S {\n  void f(1: i32 a\n  void g(1: i32 a throws (1: X x)\n  void h(1: i32 a\n}\nexception X {}",
      [
        '3:3 error syntax: expected an argument or ")" to close the arguments of "f", found "void"',
        '3:19 error syntax: expected an argument or ")" to close the arguments of "g", found "throws"',
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
        '2:1 error syntax: expected a value for the constant "a" (a number, a string, a name, "[" ' +
          'or "{"), found "const"',
        '3:1 error syntax: expected a value or "]" (a number, a string, a name, "[" or "{"), found ' +
          '"const"',
        '4:1 error syntax: expected a key or "}" (a number, a string, a name, "[" or "{"), found ' +
          '"const"',
        '4:27 error syntax: expected ":" and a value after a key, found ","',
        '5:13 error syntax: expected "=" and a value for the constant "e", found the number 5',
        '6:10 error syntax: expected a name for the constant, found "typedef" on line 7',
        '7:12 error syntax: expected the new name of the type, found "typedef" on line 8',
        "8:9 error syntax: expected the type to give a name to; void is only what a function returns",
        '9:8 error syntax: expected a name for the struct, found "{"',
        '10:19 error syntax: expected the name of a service after extends, found "{"',
        '11:7 error syntax: expected "{" to open enum "E", found "exception" on line 12',
        "12:10 error syntax: expected a name for the exception, found the end of the file",
      ],
    );
  });

  it("does not complain about names whose definition it could not read", () => {
    assertProblems(
      "const Broken a = 5 5\nstruct Broken 5 {}\nstruct A { 1: Broken b, 2: i32 c = d }\nconst i32 d 7",
      [
        "1:20 error syntax: expected a definition (const, typedef, enum, struct, union, exception or " +
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

  it("finds its way out of stray brackets", () => {
    assertProblems(
      "struct A { 1: i32 a ( }\nstruct B { 1: i32 a ) }\nstruct C { 1: i32 ] 2: X b }\n}\nstruct D {}",
      [
        '1:23 error syntax: expected the name of an annotation or ")", found "}"',
        '2:21 error syntax: expected a field, found ")"',
        '3:19 error syntax: expected a name for the field, found "]"',
        '3:24 error unknown-name: unknown type "X"',
        "4:1 error syntax: expected a definition (const, typedef, enum, struct, union, exception or " +
          'service), found "}"',
      ],
    );
  });
});
