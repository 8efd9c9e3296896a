import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { compile, problemsOf, programOf } from "./testing/compile-text.ts";

function assertProblems(text: string, expected: readonly string[]): void {
  assert.deepEqual(problemsOf(text), expected);
}

describe("types", () => {
  it("may be used before they are defined", () => {
    const program = programOf(`
      service S extends T { A f(1: B b) throws (1: X x) }
      typedef A B
      const E C = E.V
      struct A { 1: list<B> a, 2: E e = C }
      enum E { V }
      exception X {}
      service T {}
    `);
    assert.equal(program.services[0]?.extends, program.services[1]);
  });

  it("are reported when unknown, with the name that was meant", () => {
    const files = {
      "main.thrift": `include "shared.thrift"
struct Item { 1: Itme a, 2: strng b, 3: list<map<i23, Item>> c, 4: sharde.Point d }
typedef Point P
struct Use { 1: Other o, 2: shared.Pint p, 3: u64 u, 4: Integer i }`,
      "shared.thrift": "struct Point {}",
    };
    assert.deepEqual(problemsOf(files), [
      '2:18 error unknown-name: unknown type "Itme" = did you mean "Item"?',
      '2:29 error unknown-name: unknown type "strng" = did you mean "string"?',
      '2:50 error unknown-name: unknown type "i23" = did you mean "i32"?',
      '2:68 error unknown-name: unknown type "sharde.Point"' +
        ' = no include is called "sharde"; did you mean "shared"?',
      '3:9 error unknown-name: unknown type "Point" = did you mean "shared.Point"?',
      '4:17 error unknown-name: unknown type "Other"',
      '4:29 error unknown-name: unknown type "shared.Pint" = did you mean "shared.Point"?',
      '4:47 error unknown-name: unknown type "u64" = did you mean "i64"?',
      '4:57 error unknown-name: unknown type "Integer"',
    ]);
  });

  it("are not services, and not constants", () => {
    assertProblems("service S {}\nconst i32 C = 1\nstruct A { 1: S s, 2: C c }", [
      '3:15 error unknown-name: "S" is a service, not a type',
      '3:23 error unknown-name: "C" is a constant, not a type',
    ]);
  });

  it("may not stand for themselves, however far around", () => {
    assertProblems(
      "typedef B A\ntypedef C B\ntypedef A C\ntypedef list<D> D\n" +
        "struct S { 1: A a, 2: map<D, B> d }",
      [
        '3:9 error typedef-cycle: typedef "A" stands for itself: A → B → C → A',
        '4:14 error typedef-cycle: typedef "D" stands for itself: D → D',
      ],
    );
  });
});

describe("names of definitions", () => {
  it("are unique among types and services, and among constants", () => {
    const { problems } = compile(
      "struct A {}\nconst i32 A = 1\nenum A {}\nunion A {}\nexception A {}\ntypedef i32 A\n" +
        "service A {}\nconst i32 A = 2",
    );
    assert.deepEqual(
      problems.map(({ position, message }) => `${position.line}:${position.column} ${message}`),
      [
        '3:6 "A" is already the name of a struct',
        '4:7 "A" is already the name of a struct',
        '5:11 "A" is already the name of a struct',
        '6:13 "A" is already the name of a struct',
        '7:9 "A" is already the name of a struct',
        '8:11 "A" is already the name of a constant',
      ],
    );
    assert.deepEqual(problems[0]?.code, "duplicate-name");
    assert.deepEqual(problems[0]?.related, [
      { message: "first defined here", position: { path: "main.thrift", line: 1, column: 8 } },
    ]);
  });

  it("may be the same in two files", () => {
    programOf({
      "main.thrift": 'include "a.thrift"\nstruct S { 1: a.S s }',
      "a.thrift": "struct S {}",
    });
  });
});

describe("enums", () => {
  it("count on from the value before", () => {
    const [first] = programOf("enum E { A, B, C = 0x10, D, F = -3, G, H = 2147483647 }").enums;
    assert.deepEqual(
      first?.values.map(({ value }) => value),
      [0, 1, 16, 17, -3, -2, 2147483647],
    );
  });

  it("refuse a name twice, and warn of a number twice", () => {
    const { problems } = compile("enum E {\n  A = 1\n  B = 1\n  A = 2\n  C = 0\n  D\n}");
    assert.deepEqual(
      problems.map(({ severity, code, message, position, related }) => [
        `${position.line}:${position.column} ${severity} ${code}: ${message}`,
        ...related.map((place) => `${place.position.line}:${place.position.column}`),
      ]),
      [
        ['3:7 warning duplicate-value: "B" has the number 1, as "A" has', "2:3"],
        ['4:3 error duplicate-name: enum "E" already has a value "A"', "2:3"],
        ['6:3 warning duplicate-value: "D" has the number 1, as "A" has', "2:3"],
      ],
    );
  });

  it("hold only i32, and count no further from a number that is none", () => {
    const fits = "does not fit the i32 of an enum value, -2147483648 to 2147483647";
    assertProblems(
      `enum E {
  A = 2147483647
  B
  C
  D = 2147483648
  E = -2147483649
  F = 0x80000000
  G = 99999999999999999999999999
  H
}`,
      [
        `3:3 error out-of-range: 2147483648 ${fits}`,
        `5:7 error out-of-range: 2147483648 ${fits}`,
        `6:7 error out-of-range: -2147483649 ${fits}`,
        `7:7 error out-of-range: 0x80000000 ${fits}`,
        `8:7 error out-of-range: 99999999999999999999999999 ${fits}`,
      ],
    );
  });
});

describe("fields", () => {
  it("need an id in structs, unions and exceptions", () => {
    assertProblems(
      "struct S { 3: i32 a, required i32 b, i32 c }\nunion U { i32 a }\nexception X {\n" +
        "  string m\n}",
      [
        '1:22 error missing-id: field "b" has no id = write "4:" before it',
        '1:38 error missing-id: field "c" has no id = write "5:" before it',
        '2:11 error missing-id: field "a" has no id = write "1:" before it',
        '4:3 error missing-id: field "m" has no id = write "1:" before it',
      ],
    );
  });

  it("are numbered as by Apache's compiler in argument lists without ids, with a warning", () => {
    const { program, problems } = compile(
      "service S { void f(i32 a, 5: i32 b, i32 c) throws (X x) }\nexception X {}",
    );
    const [f] = program?.services[0]?.functions ?? [];
    assert.deepEqual(
      f?.arguments.map(({ id }) => id),
      [-1, 5, -2],
    );
    assert.deepEqual(
      f.throws.map(({ id }) => id),
      [-1],
    );
    assert.deepEqual(
      problems.map(({ severity, hint, position }) => `${position.column} ${severity} ${hint}`),
      [
        '20 warning write "6:" before it',
        '37 warning write "7:" before it',
        '52 warning write "1:" before it',
      ],
    );
  });

  it("have ids from 1 to 32767", () => {
    const range = "is out of range; expected 1 to 32767";
    assertProblems(
      "struct S { 0: i32 a, -1: i32 b, 32768: i32 c, 32767: i32 d, 0x7fff0: i32 e }\n" +
        "service V { void f(-1: i32 a) throws (0: X x) }\nexception X {}",
      [
        `1:12 error id-out-of-range: field id 0 ${range}`,
        `1:22 error id-out-of-range: field id -1 ${range}`,
        `1:33 error id-out-of-range: field id 32768 ${range}`,
        `1:61 error id-out-of-range: field id 0x7fff0 ${range}`,
        `2:20 error id-out-of-range: field id -1 ${range}`,
        `2:39 error id-out-of-range: field id 0 ${range}`,
      ],
    );
  });

  it("have ids and names of their own", () => {
    const { problems } = compile(
      "struct S {\n  1: i32 a\n  1: i32 b\n  0x2: i32 a\n}\n" +
        "service V {\n  void f(1: i32 a, 1: i32 a) throws (1: X x, 1: X x)\n}\nexception X {}",
    );
    assert.deepEqual(
      problems.map(
        ({ code, message, position }) => `${position.line}:${position.column} ${code}: ${message}`,
      ),
      [
        '3:3 duplicate-id: id 1 in struct "S" is already that of "a"',
        '4:12 duplicate-name: the name "a" in struct "S" is already that of another field',
        '7:20 duplicate-id: id 1 in the arguments of "f" is already that of "a"',
        '7:27 duplicate-name: the name "a" in the arguments of "f" is already that of ' +
          "another field",
        '7:46 duplicate-id: id 1 in the throws list of "f" is already that of "x"',
        '7:51 duplicate-name: the name "x" in the throws list of "f" is already that of ' +
          "another field",
      ],
    );
    assert.equal(problems[0]?.related[0]?.message, '"a" is here');
    assert.equal(problems[1]?.related[0]?.position.line, 2);
  });

  it("are never required in a union, and at most one there has a default", () => {
    assertProblems("union U { 1: required i32 a = 1, 2: optional i32 b, 3: i32 c = 3 }", [
      "1:14 error bad-union: a member of a union cannot be required: only one of them is ever set",
      '1:64 error bad-union: union "U" has more than one default value; only one member is ' +
        "ever set",
    ]);
    const [union] = programOf("union U { 1: i32 a, 2: i32 b = 2 }").structs;
    assert.deepEqual(
      union?.fields.map(({ requiredness }) => requiredness),
      ["optional", "optional"],
    );
  });

  it("keep the three kinds of requiredness", () => {
    const [struct] = programOf(
      "struct S { 1: required i32 a, 2: optional i32 b, 3: i32 c }",
    ).structs;
    assert.deepEqual(
      struct?.fields.map(({ requiredness }) => requiredness),
      ["required", "optional", "default"],
    );
  });

  it("are not optional as arguments, and neither word counts in a throws list", () => {
    const { program, problems } = compile(
      "service S { void f(1: optional i32 a, 2: required i32 b) throws (1: required X x = " +
        "{}) }\nexception X {}",
    );
    const [f] = program?.services[0]?.functions ?? [];
    assert.deepEqual(
      [...(f?.arguments ?? []), ...(f?.throws ?? [])].map(({ requiredness }) => requiredness),
      ["default", "required", "default"],
    );
    assert.deepEqual(
      problems.map(
        ({ severity, code, message, position }) =>
          `${position.column} ${severity} ${code} ${message}`,
      ),
      [
        '23 warning ignored "optional" means nothing for an argument',
        '69 warning ignored "required" means nothing in a throws list',
        "84 warning ignored a default value means nothing in a throws list",
      ],
    );
  });
});

describe("services", () => {
  it("extend known services only", () => {
    assertProblems(
      "service Base {}\nstruct T {}\nservice A extends Bse {}\nservice B extends T {}",
      [
        '3:19 error unknown-name: unknown service "Bse" = did you mean "Base"?',
        '4:19 error unknown-name: "T" is a struct; expected a service to extend',
      ],
    );
  });

  it("extend services of other files", () => {
    const files = {
      "main.thrift":
        'include "base.thrift"\nservice A extends base.Base {}\nservice B extends base.Bose {}',
      "base.thrift": "service Base { void ping() }",
    };
    assert.deepEqual(problemsOf(files), [
      '3:19 error unknown-name: unknown service "base.Bose" = did you mean "base.Base"?',
    ]);
  });

  it("do not extend themselves, however far around", () => {
    assertProblems(
      "service A extends B {}\nservice B extends C {}\nservice C extends A {}\n" +
        "service D extends D {}\nservice E extends A {}",
      [
        '1:19 error extends-cycle: service "A" extends itself: A → B → C → A',
        '4:19 error extends-cycle: service "D" extends itself: D → D',
      ],
    );
  });

  it("have each function name once, inherited ones included", () => {
    const { problems } = compile(
      `service A { void f(), void g(), i32 f(1: i32 x) }
service B extends A { void h() }
service C extends B {
  void g()
  void h()
}`,
    );
    assert.deepEqual(
      problems.map(({ code, message, position, related }) => [
        `${position.line}:${position.column} ${code}: ${message}`,
        ...related.map(
          (place) => `${place.position.line}:${place.position.column} ${place.message}`,
        ),
      ]),
      [
        ['1:37 duplicate-name: service "A" already has a function "f"', "1:18 first defined here"],
        ['4:8 duplicate-name: service "A" already has a function "g"', "1:28 inherited from here"],
        ['5:8 duplicate-name: service "B" already has a function "h"', "2:28 inherited from here"],
      ],
    );
  });

  it("answer nothing to a oneway call", () => {
    assertProblems(
      "service S {\n  oneway i32 f()\n  oneway void g() throws (1: X x)\n" +
        "  oneway void h() throws ()\n}\nexception X {}",
      [
        '2:10 error bad-oneway: oneway function "f" must return void: no reply is sent',
        '3:27 error bad-oneway: oneway function "g" cannot throw: no reply is sent',
      ],
    );
  });

  it("throw exceptions, by typedef too, and nothing else", () => {
    assertProblems(
      `exception X {}
typedef X Y
struct S {}
service V { void f() throws (1: Y y, 2: S s, 3: string t, 4: list<X> l, 5: Z z) }`,
      [
        "4:41 error bad-throws: only exceptions can be thrown; found S, a struct",
        "4:49 error bad-throws: only exceptions can be thrown; found string",
        "4:62 error bad-throws: only exceptions can be thrown; found list<X>",
        '4:76 error unknown-name: unknown type "Z"',
      ],
    );
  });
});

describe("annotations and namespaces given twice", () => {
  it("count as they were given last, with a warning if they differ", () => {
    const { program, problems } = compile(
      "namespace js a\nnamespace js b\nnamespace py c\nnamespace py c\n" +
        'struct S {} (x = "1", y = "2", x = "3", y = "2")',
    );
    assert.equal(program?.namespaces.get("js")?.name, "b");
    assert.equal(program?.structs[0]?.annotations.get("x"), "3");
    assert.deepEqual(
      problems.map(
        ({ severity, message, position }) =>
          `${position.line}:${position.column} ${severity} ${message}`,
      ),
      [
        '2:11 warning the namespace for "js" is given twice; this one counts',
        '5:32 warning annotation "x" is given twice; this value counts',
      ],
    );
  });
});
