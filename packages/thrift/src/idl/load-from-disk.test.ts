import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { compileIdlFile, diskReader } from "./load-from-disk.ts";

function withFolder(run: (folder: string) => void): void {
  const folder = mkdtempSync(join(tmpdir(), "holdfast-idl-"));
  try {
    run(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

describe("compileIdlFile", () => {
  it("compiles a file and what it includes, beside it and in the include paths", () => {
    withFolder((folder) => {
      mkdirSync(join(folder, "lib"));
      writeFileSync(
        join(folder, "a.thrift"),
        'include "b.thrift"\ninclude "c.thrift"\nstruct A { 1: b.B b, 2: c.C c }',
      );
      writeFileSync(join(folder, "b.thrift"), "struct B {}");
      writeFileSync(join(folder, "lib", "c.thrift"), "struct C {}");
      const { program, problems } = compileIdlFile(join(folder, "a.thrift"), {
        includePaths: [join(folder, "lib")],
      });
      assert.deepEqual(problems, []);
      assert.deepEqual(
        program?.includes.map((include) => include.program.name),
        ["b", "c"],
      );
    });
  });

  it("says what cannot be read: nothing there, a folder, a file too large", () => {
    withFolder((folder) => {
      const path = join(folder, "a.thrift");
      assert.equal(compileIdlFile(path).problems[0]?.code, "unreadable-file");
      assert.equal(compileIdlFile(folder).problems[0]?.code, "unreadable-file");
      writeFileSync(path, "#".repeat(101));
      const { problems } = compileIdlFile(path, { sourceMaxBytes: 100 });
      assert.equal(problems[0]?.code, "too-large");
      assert.equal(compileIdlFile(path, { sourceMaxBytes: 101 }).problems.length, 0);
    });
  });
});

describe("diskReader", () => {
  it("reads no more of a file than one byte over the limit", () => {
    withFolder((folder) => {
      const path = join(folder, "a.thrift");
      writeFileSync(path, "0123456789");
      assert.equal(diskReader(4)(path), "01234");
      assert.equal(diskReader(10)(path), "0123456789");
      assert.equal(diskReader(10)("\0"), undefined);
    });
  });
});
