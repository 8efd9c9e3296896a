import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { closestName, didYouMean, namedList } from "./suggest.ts";

describe("closestName", () => {
  it("finds a name with a letter dropped, added, changed or swapped", () => {
    const names = ["required", "optional", "ItemKind"];
    assert.equal(closestName("requird", names), "required");
    assert.equal(closestName("optionnal", names), "optional");
    assert.equal(closestName("ItemKimd", names), "ItemKind");
    assert.equal(closestName("ItemKnid", names), "ItemKind");
  });

  it("prefers the nearest, and does not care for case", () => {
    assert.equal(closestName("ITEMKIND", ["ItemKinds", "ItemKind"]), "ItemKind");
  });

  it("allows one mistake in a short name, and none that changes all of it", () => {
    assert.equal(closestName("i3", ["i32", "i64"]), "i32");
    assert.equal(closestName("abc", ["xyc"]), undefined);
    assert.equal(closestName("a", ["b"]), undefined);
  });

  it("does not spend time on endless names or endless lists", () => {
    assert.equal(closestName("x".repeat(1000), ["x".repeat(999)]), undefined);
    assert.equal(closestName("name", ["n".repeat(100_000)]), undefined);
    const many = Array.from({ length: 100_000 }, (_, index) => `other${index}`);
    assert.equal(closestName("name", many.concat("names")), undefined);
  });

  it("phrases what it found", () => {
    assert.equal(didYouMean("strng", ["string"]), 'did you mean "string"?');
    assert.equal(didYouMean("strng", []), undefined);
    assert.equal(namedList("its fields", ["a", "b"]), "its fields are a, b");
    assert.equal(namedList("it", "abcdefgh".split("")), "it are a, b, c, d, e, f, …");
    assert.equal(namedList("it", []), undefined);
  });
});
