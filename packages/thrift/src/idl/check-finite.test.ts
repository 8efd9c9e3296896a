import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { problemsOf, programOf } from "./testing/compile-text.ts";

const HINT = "make a field of the circle optional, or put a list in between";

describe("structs without a finite value", () => {
  it("are refused when they require themselves", () => {
    assert.deepEqual(problemsOf("struct Node {\n  1: i32 x\n  2: required Node next\n}"), [
      `3:20 error infinite-value: no value of struct "Node" can end: Node.next → Node = ${HINT}`,
    ]);
  });

  it("are told once for a circle, whoever leads into it", () => {
    assert.deepEqual(
      problemsOf(
        "struct Lead { 1: required A a }\nstruct A { 1: required B b }\ntypedef A T\n" +
          "exception B { 1: required T t }",
      ),
      [`2:26 error infinite-value: no value of struct "A" can end: A.b → B.t → A = ${HINT}`],
    );
  });

  it("are refused when each member of a union leads back", () => {
    assert.deepEqual(problemsOf("struct S { 1: required U u }\nunion U { 1: S one, 2: S other }"), [
      `1:26 error infinite-value: no value of struct "S" can end: S.u → U.one → S = ${HINT}`,
    ]);
  });

  it("are a warning where only unions go around: Apache's own tests have one", () => {
    assert.deepEqual(problemsOf("union A { 1: B b }\nunion B { 1: A a }"), [
      '1:16 warning infinite-value: no value of union "A" can end: A.b → B.a → A' +
        " = give a union of the circle another member",
    ]);
  });

  it("are fine with an optional or default field, a container or a union's other member", () => {
    programOf(`
      struct A { 1: optional A a, 2: A b, 3: required list<A> c, 4: required map<i32, A> d }
      struct B { 1: required C c }
      union C { 1: B b, 2: i32 end }
      union D { 1: D d, 2: E e }
      struct E {}
      struct F { 1: required D d, 2: required D e }
    `);
  });

  it("names only the start of a long circle", () => {
    const count = 100;
    const text = Array.from(
      { length: count },
      (_, index) => `struct S${index} { 1: required S${(index + 1) % count} n }`,
    ).join("\n");
    const path = "S0.n → S1.n → S2.n → S3.n → S4.n → S5.n → S6.n → S7.n → … → S0";
    assert.deepEqual(problemsOf(text), [
      `1:28 error infinite-value: no value of struct "S0" can end: ${path} = ${HINT}`,
    ]);
  });
});
