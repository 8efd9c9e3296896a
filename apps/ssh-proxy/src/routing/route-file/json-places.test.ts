import assert from "node:assert/strict";
import { it } from "node:test";
import fc from "fast-check";
import { findJsonPlaces } from "./json-places.ts";

it("the places of a JSON text are lines by pointer, and names that stand twice", () => {
  const text = '{\n "a": [\n  1,\n  {"b/c~": "x\\"]}"}\n ],\n "a": {\n }, "d": {"d": 1}}';
  const { lines, duplicates } = findJsonPlaces(text);
  assert.deepEqual(Object.fromEntries(lines), {
    "": 1,
    "/a": 6,
    "/a/0": 3,
    "/a/1": 4,
    "/a/1/b~1c~0": 4,
    "/d": 7,
    "/d/d": 7,
  });
  assert.deepEqual(duplicates, ["/a"]);
});

it("a name that is escaped in two ways stands twice, too", () => {
  assert.deepEqual(findJsonPlaces('{"a": 1, "\\u0061": 2}').duplicates, ["/a"]);
});

it("a text of nothing but brackets takes no longer than any other", () => {
  const text = `${"[".repeat(500_000)}7${"]".repeat(500_000)}`;
  assert.equal(findJsonPlaces(`{"a": ${text}, "b": 1}`).lines.get("/b"), 1);
});

it("every value of any JSON has a line, and none that JSON made stands twice", () => {
  fc.assert(
    fc.property(fc.json({ maxDepth: 12 }), (json) => {
      const value: unknown = JSON.parse(json);
      const text = JSON.stringify(value, null, 1);
      const { lines, duplicates } = findJsonPlaces(text);
      assert.deepEqual(duplicates, []);
      assert.equal(lines.size, countValues(value));
      for (const line of lines.values()) assert.ok(line >= 1 && line <= text.split("\n").length);
    }),
  );
});

/** A value at the ninth level has no place of its own. */
function countValues(value: unknown, depth = 0): number {
  if (depth === 8 && typeof value === "object" && value !== null) return 0;
  if (typeof value !== "object" || value === null) return 1;
  return Object.values(value).reduce((sum: number, each) => sum + countValues(each, depth + 1), 1);
}
