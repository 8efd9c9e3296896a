import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Module } from "./module.ts";

describe("a module", () => {
  it("knows what it imports, and what of that is left at run time", () => {
    const text = [
      'import { a, type B } from "./a.ts";',
      'import type { C } from "./c.ts";',
      'import d from "d";',
      'export * from "./e.ts";',
      'export type { F } from "./f.ts";',
      'const g = await import("./g.ts");',
      'let h: import("./h.ts").H;',
    ].join("\n");
    assert.deepEqual(
      new Module("x.ts", text).imports.map(({ specifier, line, typeOnly, names }) =>
        [line, specifier, typeOnly ? "type" : "value", ...names].join(" "),
      ),
      [
        "1 ./a.ts value a B",
        "2 ./c.ts type C",
        "3 d value default",
        "4 ./e.ts value *",
        "5 ./f.ts type",
        "6 ./g.ts value *",
        "7 ./h.ts type",
      ],
    );
  });

  it("knows its header, of either kind", () => {
    const header = (text: string): string => new Module("x.ts", text).header;
    assert.equal(header("/**\n * One,\n *\n * two.\n */\ngo();"), "One,\n\ntwo.");
    assert.equal(header("// One,\n// two.\ngo();\n// Three."), "One,\ntwo.");
    assert.equal(header("go(); // No header."), "");
  });

  it("knows the comment right before a place", () => {
    const text = "/** A. */\nconst a = 1;\n// B.\nconst b = 2;\nconst c = 3;";
    const module = new Module("x.ts", text);
    const docs = ["a =", "b =", "c ="].map((at) => module.docBefore(text.indexOf(`const ${at}`)));
    assert.deepEqual(docs, ["A.", undefined, undefined]);
  });

  it("says where it cannot be read", () => {
    assert.throws(() => new Module("x.ts", "const = ;"), /^SyntaxError: x\.ts: /);
  });
});
