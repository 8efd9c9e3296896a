import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { compileIdl } from "./compile.ts";
import { programsOf } from "./model.ts";
import { compile, problemsOf, programOf } from "./testing/compile-text.ts";

describe("includes", () => {
  it("finds files beside the including file, wherever that is", () => {
    const program = programOf({
      "main.thrift": 'include "a/one.thrift"\nstruct M { 1: one.O o }',
      "a/one.thrift": 'include "../b/two.thrift"\nstruct O { 1: two.T t }',
      "b/two.thrift": "struct T {}",
    });
    assert.deepEqual(
      programsOf(program).map(({ path, name }) => `${path} ${name}`),
      ["b/two.thrift two", "a/one.thrift one", "main.thrift main"],
    );
  });

  it("looks into the include paths, in their order, after the file's own folder", () => {
    const asked: string[] = [];
    const files = new Map([
      ["in/main.thrift", 'include "x.thrift"\nstruct M { 1: x.X x }'],
      ["two/x.thrift", "struct X {}"],
    ]);
    const read = (path: string) => {
      asked.push(path);
      return files.get(path);
    };
    const { program } = compileIdl("in/main.thrift", read, {
      includePaths: ["one", "two", "three"],
    });
    assert.equal(program?.includes[0]?.program.path, "two/x.thrift");
    assert.deepEqual(asked, ["in/main.thrift", "in/x.thrift", "one/x.thrift", "two/x.thrift"]);
  });

  it("takes an absolute path as it is", () => {
    const files = new Map([
      ["a/main.thrift", 'include "/x/../y.thrift"'],
      ["/y.thrift", "struct Y {}"],
    ]);
    const { program } = compileIdl("a/main.thrift", (path) => files.get(path), {
      includePaths: ["z"],
    });
    assert.equal(program?.includes[0]?.program.structs[0]?.name, "Y");
  });

  it("reads a file once, however often and by whatever way it is included", () => {
    const reads: string[] = [];
    const files = new Map([
      ["./main.thrift", 'include "a.thrift"\ninclude "b.thrift"\ninclude "./a.thrift"'],
      ["main.thrift", 'include "a.thrift"\ninclude "b.thrift"\ninclude "./a.thrift"'],
      ["a.thrift", 'include "x/../c.thrift"\nstruct A { 1: c.C c }'],
      ["b.thrift", 'include "c.thrift"\nstruct B { 1: c.C c }'],
      ["c.thrift", "struct C {}"],
    ]);
    const { program } = compileIdl("./main.thrift", (path) => {
      reads.push(path);
      return files.get(path);
    });
    assert.deepEqual(reads, ["main.thrift", "a.thrift", "c.thrift", "b.thrift"]);
    const [a, b] = program?.includes ?? [];
    assert.equal(program?.includes.length, 2);
    assert.equal(a?.program.includes[0]?.program, b?.program.includes[0]?.program);
  });

  it("prefixes names with the file's name, dots in it included", () => {
    const program = programOf({
      "main.thrift":
        'include "a.b.thrift"\nstruct M { 1: a.b.S s = {"e": a.b.E.X} 2: i32 c = a.b.C }',
      "a.b.thrift": "enum E { X }\nstruct S { 1: E e }\nconst i32 C = 7",
    });
    assert.equal(program.includes[0]?.name, "a.b");
  });

  it("lets two files share a prefix, until a name is in both", () => {
    const files = {
      "main.thrift":
        'include "a/x.thrift"\ninclude "b/x.thrift"\n' +
        "struct M { 1: x.A a, 2: x.B b, 3: x.Both c, 4: i32 d = x.C }\nservice S extends x.V {}",
      "a/x.thrift": "struct A {}\nstruct Both {}\nconst i32 C = 1\nservice V {}",
      "b/x.thrift": "struct B {}\nstruct Both {}\nconst i32 C = 2\nservice V {}",
    };
    const message = "is defined by more than one of the included files";
    assert.deepEqual(problemsOf(files), [
      `3:35 error ambiguous-name: "x.Both" ${message}`,
      `3:56 error ambiguous-name: "x.C" ${message}`,
      `4:19 error ambiguous-name: "x.V" ${message}`,
    ]);
  });

  it("sees what a file defines, not what that includes", () => {
    const files = {
      "main.thrift": 'include "a.thrift"\nstruct M { 1: b.B b, 2: a.b.B c }',
      "a.thrift": 'include "b.thrift"',
      "b.thrift": "struct B {}",
    };
    assert.deepEqual(problemsOf(files), [
      '2:15 error unknown-name: unknown type "b.B" = no include is called "b"',
      '2:25 error unknown-name: unknown type "a.b.B" = no include is called "a.b"',
    ]);
  });

  it("reports a missing file once, and not the names that are in it", () => {
    const files = {
      "main.thrift":
        'include "gone.thrift"\nstruct M { 1: gone.A a = gone.C, 2: i32 b = gone.E.X }\n' +
        "service S extends gone.V {}",
    };
    assert.deepEqual(problemsOf(files, { includePaths: ["p", "q"] }), [
      '1:9 error unreadable-file: cannot find "gone.thrift"; tried "gone.thrift", ' +
        '"p/gone.thrift", ' +
        '"q/gone.thrift"',
    ]);
  });

  it("reports problems of included files with their path, the entry's first", () => {
    const files = {
      "main.thrift": 'include "a.thrift"\nstruct M { 1: X x }',
      "a.thrift": "struct A { 1: Y y }",
    };
    assert.deepEqual(problemsOf(files), [
      '2:15 error unknown-name: unknown type "X"',
      'a.thrift:1:15 error unknown-name: unknown type "Y"',
    ]);
  });

  it("says by which files a circle of includes goes", () => {
    const files = {
      "main.thrift": 'include "a.thrift"\nstruct M { 1: a.A a }',
      "a.thrift": 'include "b.thrift"\nstruct A { 1: b.B b }',
      "b.thrift": 'include "b.thrift"\ninclude "a.thrift"\nstruct B { 1: a.A a, 2: b.B b }',
    };
    assert.deepEqual(problemsOf(files), [
      "b.thrift:1:9 error include-cycle: files include each other in a circle: " +
        '"b.thrift" → "b.thrift"',
      "b.thrift:2:9 error include-cycle: files include each other in a circle: " +
        '"a.thrift" → "b.thrift" → "a.thrift"',
    ]);
  });

  it("reports an entry that cannot be read", () => {
    const { program, problems } = compile({});
    assert.equal(program, undefined);
    assert.deepEqual(
      problems.map(({ code, message }) => `${code}: ${message}`),
      ['unreadable-file: cannot read "main.thrift"'],
    );
  });
});
