import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { compile, problemsOf, programOf } from "./testing/compile-text.ts";

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
      service V {
        i32 (m = "13") f(1: i32 a (n = "14")) throws (1: X x (o = "15")) (p = "16")
      } (q = "17")
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

  it("gives a doc comment to what stands behind it, down to an argument", () => {
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
