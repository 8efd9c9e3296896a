import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { complaintAboutBackendPath, PathTemplate, type PathValues } from "./backend-path.ts";

const VALUES: PathValues = {
  account: "aviato",
  name: "erlich",
  repository: "team/project.git",
  stars: ["team", "project"],
};

describe("a path on a backend", () => {
  for (const [text, path] of [
    ["/srv/git/x.git", "/srv/git/x.git"],
    ["/srv/{account}/{repository}", "/srv/aviato/team/project.git"],
    ["{repository}", "team/project.git"],
    ["/of/{name}/{2}-of-{1}.git", "/of/erlich/project-of-team.git"],
    ["/srv/{account}{account}", "/srv/aviatoaviato"],
  ] as const) {
    it(`is made of ${text}`, () => {
      assert.deepEqual(new PathTemplate(text, 2).pathOf(VALUES), { path });
    });
  }

  for (const [text, why] of [
    ["", /^is empty/],
    [
      "/srv/{user}",
      /^has \{user\}; there are \{account\}, \{name\}, \{repository\}, \{1\} to \{2\}/,
    ],
    ["/srv/{3}", /^has \{3\};/],
    ["/srv/{0}", /^has \{0\};/],
    ["/srv/{}", /^has \{\};/],
    ["/srv/{__proto__}", /^has \{__proto__\};/],
    ["/srv/{account", /a brace without its other half/],
    ["/srv/../{account}", /the part "\." or "\.\."/],
    ["/srv//{account}", /a slash too much/],
    ["/srv/", /a slash too much/],
    ["-x/{account}", /begins with "-"/],
    ["~/{account}", /begins with "~"/],
    ["/srv\n/{account}", /cannot be seen/],
  ] as const) {
    it(`cannot be made of ${JSON.stringify(text)}`, () => {
      assert.throws(() => new PathTemplate(text, 2), { message: why });
    });
  }

  it("is none when the account's name would lead elsewhere", () => {
    const template = new PathTemplate("/srv/{account}/x", 0);
    for (const account of ["..", ".", "", "a/b", "a\\b", "-x", "~root", "a\0", "a\nb", "/"]) {
      assert.ok("wrong" in template.pathOf({ ...VALUES, account }), account);
    }
    const joined = new PathTemplate("/srv/{account}{name}", 0);
    assert.ok("wrong" in joined.pathOf({ ...VALUES, account: ".", name: "." }));
  });

  it("stays below what stands before the first brace, whatever the values are", () => {
    const value = fc.oneof(
      fc.array(fc.constantFrom("..", ".", "/", "a", "\\", "-", "~", "{name}", "\0"), {
        maxLength: 5,
      }),
      fc.array(fc.string({ unit: "binary" }), { maxLength: 2 }),
    );
    const text = value.map((parts) => parts.join(""));
    const template = new PathTemplate("/srv/{account}/{repository}/{1}", 1);
    fc.assert(
      fc.property(text, text, text, (account, repository, star) => {
        const filled = template.pathOf({ account, name: "n", repository, stars: [star] });
        if ("wrong" in filled) return;
        assert.equal(complaintAboutBackendPath(filled.path), undefined);
        assert.ok(
          new URL(`file://${filled.path.replaceAll("%", "%25")}`).pathname.startsWith("/srv/"),
        );
      }),
      { numRuns: 5_000 },
    );
  });

  for (const path of ["/srv/x.git", "team/x y.git", "/日本/ß", "x", "/a/..b/c..", "/srv/-x/~y"]) {
    it(`may be ${path}`, () => assert.equal(complaintAboutBackendPath(path), undefined));
  }

  for (const path of [
    "",
    "/",
    "a//b",
    "a/",
    "../a",
    "a/..",
    "/./a",
    "a\0b",
    "a\u2028",
    "-a",
    "~",
  ]) {
    it(`may not be ${JSON.stringify(path)}`, () => {
      assert.notEqual(complaintAboutBackendPath(path), undefined);
    });
  }

  it("is at most as long as a path can be", () => {
    assert.equal(complaintAboutBackendPath("a".repeat(4_096)), undefined);
    assert.match(complaintAboutBackendPath("ä".repeat(2_049))!, /longer than 4096 bytes/);
  });
});
