/** What is sent to a backend is read by a real shell as one word, whatever is in it. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { describe, it } from "node:test";
import fc from "fast-check";
import { ServiceError } from "holdfast";
import { formatBackendCommand } from "./backend-command.ts";
import type { Command } from "./command.ts";
import { quoteForShell } from "./shell-quote.ts";

/** All there is to trip a shell, often, and all other characters now and then. */
const character = fc.oneof(
  fc.constantFrom(...Array.from("'\"\\!$`;&|<>(){}[]*?~#=%^ \t\n\r-/ab.,:")),
  fc.constantFrom("''", "'\\''", "$(id)", "\\n", "%s", "ä", "日", "\u{1f419}", "\u0001", "\u007f"),
  fc.string({ unit: "binary", minLength: 1, maxLength: 1 }).filter((unit) => unit !== "\0"),
);
const word = fc.array(character, { maxLength: 20 }).map((parts) => parts.join("").toWellFormed());

const PUSH: Command = { verb: "git-receive-pack", access: "write", repository: "a" };
const SERVE: Command = { verb: "hg-serve", access: "write", repository: "a" };
const LFS: Command = {
  ...{ verb: "git-lfs-authenticate", access: "read", operation: "download", repository: "a" },
} as const;

describe("the command for a backend", () => {
  it("is exactly this", () => {
    assert.equal(formatBackendCommand(PUSH, "/srv/a b.git"), "git-receive-pack '/srv/a b.git'");
    assert.equal(formatBackendCommand(SERVE, "/hg/it's"), "hg -R '/hg/it'\\''s' serve --stdio");
    assert.equal(formatBackendCommand(LFS, "x!"), "git-lfs-authenticate 'x'\\!'' download");
  });

  it("is not made of a path that no route should give", () => {
    for (const path of ["", "-x", "a\0", "a\nb", "a\u0085", "\ud800", "a".repeat(4_097)]) {
      assert.throws(
        () => formatBackendCommand(PUSH, path),
        (error) => error instanceof ServiceError && error.code === "internal",
      );
    }
  });

  it("gives a real shell the words that were meant, whatever is in them", () => {
    fc.assert(
      fc.property(fc.array(word, { minLength: 1, maxLength: 60 }), (words) => {
        const line = `printf '%s\\0' ${words.map(quoteForShell).join(" ")}`;
        const { stdout, stderr, status } = spawnSync("sh", ["-c", line], { encoding: "utf8" });
        assert.deepEqual([status, stderr], [0, ""]);
        assert.deepEqual(stdout.split("\0"), [...words, ""]);
      }),
      { numRuns: 60 },
    );
  });

  it("gives a real shell that path and no other word, for each command", () => {
    const path = word.filter((text) => {
      try {
        return formatBackendCommand(PUSH, text) !== "";
      } catch {
        return false;
      }
    });
    fc.assert(
      fc.property(path, fc.constantFrom(PUSH, SERVE, LFS), (given, command) => {
        // A function of the command's name says which arguments it got.
        const name = command.verb === "hg-serve" ? "hg" : command.verb;
        const line = formatBackendCommand(command, given);
        const script = `show() { printf '%s\\0' "$@"; }; show ${line}`;
        const { stdout } = spawnSync("sh", ["-c", script], { encoding: "utf8" });
        const before = command.verb === "hg-serve" ? [name, "-R"] : [name];
        const after =
          command === SERVE ? ["serve", "--stdio"] : command === LFS ? ["download"] : [];
        assert.deepEqual(stdout.split("\0"), [...before, given, ...after, ""]);
      }),
      { numRuns: 60 },
    );
  });

  it("refuses to quote what no argument can contain", () => {
    assert.throws(() => quoteForShell("a\0b"), RangeError);
  });
});
