import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { annotationOf, functionsOf, programsOf } from "./model.ts";
import { programOf } from "./testing/compile-text.ts";

describe("types of the model", () => {
  it("are resolved through typedefs, and remember by which they were named", () => {
    const { structs, typedefs } = programOf(`
      typedef i64 Id
      typedef Id UserId
      typedef map<UserId, list<Id>> Graph
      struct S { 1: UserId user, 2: Graph graph, 3: i64 plain }
    `);
    const [id, userId, graph] = typedefs;
    const [user, field, plain] = structs[0]?.fields.map(({ type }) => type) ?? [];
    assert.equal(user?.kind, "i64");
    assert.equal(user.alias, userId);
    assert.equal(userId?.type.alias, id);
    assert.equal(id?.type.alias, undefined);
    assert.equal(plain?.alias, undefined);
    assert.ok(field?.kind === "map" && field.value.kind === "list");
    assert.equal(field.alias, graph);
    assert.equal(field.key.alias, userId);
    assert.equal(field.value.alias, undefined);
    assert.equal(field.value.element.alias, id);
  });

  it("lead to definitions by identity, in other files too", () => {
    const program = programOf({
      "main.thrift":
        'include "shared.thrift"\nstruct S { 1: shared.Color c, 2: shared.Point p, 3: list<S> s }',
      "shared.thrift": "enum Color { RED }\nunion Point { 1: i32 x }",
    });
    const shared = program.includes[0]?.program;
    const [color, point, list] = program.structs[0]?.fields.map(({ type }) => type) ?? [];
    assert.ok(color?.kind === "enum" && point?.kind === "struct" && list?.kind === "list");
    assert.equal(color.definition, shared?.enums[0]);
    assert.equal(point.definition, shared?.structs[0]);
    assert.equal(point.definition.kind, "union");
    assert.equal(point.definition.program, shared);
    assert.ok(list.element.kind === "struct");
    assert.equal(list.element.definition, program.structs[0]);
  });

  it("have the annotations of all typedefs on the way, the nearest to the use first", () => {
    const { structs } = programOf(`
      typedef i64 (js.type = "number", far = "1") Millis
      typedef Millis Time (near = "typedef", far = "2")
      struct S {
        1: Millis a
        2: Time (near = "use") b
        3: Time c (js.type = "bigint")
        4: i64 d (js.type = "number")
        5: list<Time> e
        6: i64 f
      }
    `);
    const fields = structs[0]?.fields ?? [];
    const [a, b, c, , e] = fields;
    const entries = (of: ReadonlyMap<string, string> | undefined) => Object.fromEntries(of ?? []);
    assert.deepEqual(entries(a?.type.annotations), { "js.type": "number", far: "1" });
    assert.deepEqual(entries(b?.type.annotations), { "js.type": "number", far: "2", near: "use" });
    assert.deepEqual(entries(b?.annotations), {});
    assert.deepEqual(entries(c?.annotations), { "js.type": "bigint" });
    assert.ok(e?.type.kind === "list");
    assert.equal(e.type.element.annotations.get("js.type"), "number");
    assert.deepEqual(
      fields.map((field) => annotationOf(field, "js.type")),
      ["number", "number", "bigint", "number", undefined, undefined],
    );
  });

  it("do not take the annotations of the structs and enums they name", () => {
    const { structs } = programOf('struct A {} (x = "1")\nstruct S { 1: A a, 2: A (y = "2") b }');
    const [a, b] = structs[1]?.fields ?? [];
    assert.equal(a?.type.annotations.size, 0);
    assert.deepEqual([...(b?.type.annotations ?? [])], [["y", "2"]]);
    assert.equal(structs[0]?.annotations.get("x"), "1");
  });

  it("know i8 and byte as one", () => {
    const { structs } = programOf("struct S { 1: i8 a, 2: byte b }");
    assert.deepEqual(
      structs[0]?.fields.map(({ type }) => type.kind),
      ["byte", "byte"],
    );
  });
});

describe("the program", () => {
  it("has its definitions in source order, with the places of their names", () => {
    const program = programOf(
      "union B {}\nenum E {\n  X\n}\nstruct A {\n  5: i32 y\n  1: i32 x\n}",
    );
    assert.deepEqual(
      program.structs.map(({ name, kind, position }) => `${kind} ${name} ${position.line}`),
      ["union B 1", "struct A 5"],
    );
    assert.deepEqual(
      program.structs[1]?.fields.map(({ id, name }) => `${id} ${name}`),
      ["5 y", "1 x"],
    );
    assert.deepEqual(program.enums[0]?.values[0]?.position, {
      path: "main.thrift",
      line: 3,
      column: 3,
    });
    assert.equal(program.structs[0]?.program, program);
  });

  it("says what a service can do, the functions it inherits first", () => {
    const program = programOf({
      "main.thrift":
        'include "base.thrift"\nservice C extends B { void c() }\n' +
        "service B extends base.A { void b() }",
      "base.thrift": "service A { void a(), oneway void a2() }",
    });
    const [c] = program.services;
    assert.ok(c);
    assert.deepEqual(
      functionsOf(c).map(({ name }) => name),
      ["a", "a2", "b", "c"],
    );
    assert.deepEqual(
      c.functions.map(({ name }) => name),
      ["c"],
    );
  });

  it("leads to every file, included files first, each once", () => {
    const program = programOf({
      "main.thrift": 'include "b.thrift"\ninclude "a.thrift"',
      "a.thrift": 'include "c.thrift"',
      "b.thrift": 'include "c.thrift"',
      "c.thrift": "",
    });
    assert.deepEqual(
      programsOf(program).map(({ name }) => name),
      ["c", "b", "a", "main"],
    );
  });
});
