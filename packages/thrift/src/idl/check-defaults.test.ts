import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { problemsOf, programOf } from "./testing/compile-text.ts";

const HINT = "leave the default out, or make it one in which this field is given";

describe("default values that contain themselves", () => {
  it("are refused", () => {
    assert.deepEqual(problemsOf("struct A { 1: optional A a = {} }"), [
      `1:30 error infinite-value: the default value of "a" contains itself = ${HINT}`,
    ]);
  });

  it("are found through lists, maps, other structs and constants", () => {
    assert.deepEqual(
      problemsOf(`
struct A { 1: list<B> b = [{}] }
struct B { 1: map<i32, C> c = {1: EMPTY} }
struct C { 1: A a = {}, 2: i32 x = 5 }
const C EMPTY = {"x": 6}
struct D { 1: A a = {} }
`),
      [`2:27 error infinite-value: the default value of "b" contains itself = ${HINT}`],
    );
  });

  it("are not those in which the field is given", () => {
    programOf(`
      struct A { 1: list<A> a = [{"a": []}] }
      struct B { 1: list<C> c = [{"b": []}, {"b": [{"c": []}]}] }
      struct C { 1: list<B> b = [{"c": []}] }
    `);
  });

  it("are not those of a union: what is not given there is not set", () => {
    programOf('struct A { 1: U u = {"x": 1} }\nunion U { 1: i32 x, 2: A a = {} }');
  });
});
