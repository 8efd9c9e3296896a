import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { RepositoryPattern } from "./repository-pattern.ts";

function match(pattern: string, repository: string): readonly string[] | undefined {
  return new RepositoryPattern(pattern).match(repository);
}

describe("a pattern of repositories", () => {
  for (const [pattern, repository, found] of [
    ["team/project.git", "team/project.git", []],
    ["team/*", "team/project.git", ["project.git"]],
    ["team/*.git", "team/project.git", ["project"]],
    ["*/*.git", "team/project.git", ["team", "project"]],
    ["*-*-*", "a-b-c-d", ["a", "b", "c-d"]],
    ["a*a", "aaa", ["a"]],
    ["**", "a", ["a"]],
    ["**", "a/b/c", ["a/b/c"]],
    ["a/**", "a/b/c", ["b/c"]],
    ["**/c.git", "a/b/c.git", ["a/b"]],
    ["**/x/**", "a/x/x/b", ["a", "x/b"]],
    ["*/**/y/*", "a/b/c/y/d", ["a", "b/c", "d"]],
    ["a/**/b/**/c", "a/1/b/2/b/3/c", ["1", "2/b/3"]],
  ] as const) {
    it(`${pattern} is ${repository}`, () => assert.deepEqual(match(pattern, repository), found));
  }

  for (const [pattern, repository] of [
    ["team/project.git", "team/project"],
    ["team/*", "team"],
    ["team/*", "team/a/b"],
    ["team/*", "teams/a"],
    ["*.git", ".git"],
    ["a*a", "aa"],
    ["ab*ba", "aba"],
    ["a/**", "a"],
    ["**/c.git", "c.git"],
    ["**/x/**", "x/b"],
    ["**/x/**", "a/x"],
    ["**/x/*", "a/x/b/c"],
    [".*", "ab"],
    ["a+", "aa"],
  ] as const) {
    it(`${pattern} is not ${repository}`, () => {
      assert.equal(match(pattern, repository), undefined);
    });
  }

  for (const [pattern, why] of [
    ["", /a slash too much/],
    ["/a", /a slash too much/],
    ["a//b", /a slash too much/],
    ["a/b**", /\*\* within a name/],
  ] as const) {
    it(`is refused: ${pattern}`, () => assert.throws(() => new RepositoryPattern(pattern), why));
  }

  it("says the same as a regular expression, and what its stars stand for makes the name", () => {
    const name = fc.string({ unit: fc.constantFrom("a", "b", "*"), minLength: 1, maxLength: 4 });
    const part = fc.oneof(
      name.filter((text) => !text.includes("**")),
      fc.constant("**"),
    );
    const patterns = fc.array(part, { minLength: 1, maxLength: 4 }).map((all) => all.join("/"));
    const plain = fc.string({ unit: fc.constantFrom("a", "b"), minLength: 1, maxLength: 5 });
    const names = fc.array(plain, { minLength: 1, maxLength: 6 }).map((all) => all.join("/"));
    fc.assert(
      fc.property(patterns, names, (pattern, repository) => {
        const found = match(pattern, repository);
        const source = pattern.split("/").map((text) => {
          return text === "**" ? "[^/]+(?:/[^/]+)*" : text.replaceAll("*", "[^/]+");
        });
        const expected = new RegExp(`^${source.join("/")}$`).test(repository);
        assert.equal(found !== undefined, expected, `${pattern} and ${repository}`);
        let index = 0;
        const again = pattern.replaceAll(/\*\*?/g, () => found?.[index++] ?? "");
        if (found !== undefined) assert.equal(again, repository);
      }),
      { numRuns: 5_000 },
    );
  });

  it("takes no longer for many stars and a long name than for few", () => {
    // A backtracking match would not come back within the test's time.
    const pattern = `${"a*".repeat(30)}b`;
    assert.equal(match(pattern, "a".repeat(1_024)), undefined);
    assert.equal(match(`${"**/a/".repeat(30)}b`, "a/".repeat(500)), undefined);
  });
});
