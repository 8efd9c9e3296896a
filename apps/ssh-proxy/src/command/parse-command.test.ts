import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { formatBackendCommand } from "./backend-command.ts";
import type { Command } from "./command.ts";
import { completeCommandOptions } from "./options.ts";
import { isRefusal, parseCommand } from "./parse-command.ts";

function parse(text: string): ReturnType<typeof parseCommand> {
  return parseCommand(Buffer.from(text));
}

function git(name: "upload-pack" | "receive-pack" | "upload-archive", repository: string): Command {
  const access = name === "receive-pack" ? "write" : "read";
  return { verb: `git-${name}`, access, repository };
}

function hg(repository: string): Command {
  return { verb: "hg-serve", access: "write", repository };
}

function lfs(operation: "download" | "upload", repository: string): Command {
  const access = operation === "upload" ? "write" : "read";
  return { verb: "git-lfs-authenticate", access, operation, repository };
}

const TAKEN: readonly (readonly [text: string, command: Command])[] = [
  ["git-upload-pack 'team/project.git'", git("upload-pack", "team/project.git")],
  ["git-upload-pack '/team/project.git'", git("upload-pack", "team/project.git")],
  ["git-upload-pack '/team/project.git/'", git("upload-pack", "team/project.git")],
  ["git-receive-pack 'team/project.git'", git("receive-pack", "team/project.git")],
  ["git-upload-archive 'team/project.git'", git("upload-archive", "team/project.git")],
  ["git upload-pack 'team/project.git'", git("upload-pack", "team/project.git")],
  ["git receive-pack 'team/project.git'", git("receive-pack", "team/project.git")],
  ["git upload-archive 'team/project.git'", git("upload-archive", "team/project.git")],
  ["git-upload-pack team/project.git", git("upload-pack", "team/project.git")],
  ['git-upload-pack "team/project.git"', git("upload-pack", "team/project.git")],
  ["git-upload-pack 'it'\\''s here'\\!''", git("upload-pack", "it's here!")],
  ["git-upload-pack 'Größe/日本.git'", git("upload-pack", "Größe/日本.git")],
  ["git-upload-pack '100%.git'", git("upload-pack", "100%.git")],
  ["git-upload-pack 'team/%41.git'", git("upload-pack", "team/%41.git")],
  ["git-upload-pack '.github'", git("upload-pack", ".github")],
  ["git-upload-pack 'C#/a~b'", git("upload-pack", "C#/a~b")],
  ["git-lfs-authenticate 'team/project.git' download", lfs("download", "team/project.git")],
  ["git-lfs-authenticate team/project.git upload", lfs("upload", "team/project.git")],
  ["hg -R team/project serve --stdio", hg("team/project")],
  ["hg -R 'team/my project' serve --stdio", hg("team/my project")],
  ['hg -R "team/my project" serve --stdio', hg("team/my project")],
  ["hg -R /team/project serve --stdio", hg("team/project")],
];

const REFUSED_LINES: readonly string[] = [
  // No command, or another one.
  ...[
    "",
    " ",
    "git",
    "hg",
    "git-upload-pack",
    "git-upload-pack ",
    "git-shell 'a'",
    "id",
    "scp -f a",
  ],
  ...["/usr/bin/git-upload-pack 'a'", "GIT-UPLOAD-PACK 'a'", "git-upload-packs 'a'", "sh -c id"],
  ...[
    "git  upload-pack 'a'",
    " git-upload-pack 'a'",
    "git-upload-pack  'a'",
    "git-upload-pack\t'a'",
  ],
  ...[
    "git -c core.x=y upload-pack 'a'",
    "git --exec-path=. upload-pack 'a'",
    "git\u00a0upload-pack a",
  ],
  ...["'git-upload-pack' 'a'", "git-lfs-transfer 'a' download", "hg init a", "hg -R a"],
  // Another number of arguments.
  ...[
    "git-upload-pack 'a' 'b'",
    "git-upload-pack 'a' ",
    "git-upload-pack a b",
    "git-upload-pack ''",
  ],
  ...["git-upload-pack --strict 'a'", "git-upload-pack -- 'a'", "git-lfs-authenticate 'a'"],
  ...["git-lfs-authenticate 'a' delete", "git-lfs-authenticate 'a' download 0123"],
  ...["git-lfs-authenticate 'a' 'download'", "git-upload-pack 'a' download"],
  // Execution.
  ...[
    "git-upload-pack 'a;id'",
    "git-upload-pack 'a';id",
    "git-upload-pack a;id",
    "git-upload-pack a&id",
  ],
  ...[
    "git-upload-pack `id`",
    "git-upload-pack '`id`'",
    "git-upload-pack $(id)",
    "git-upload-pack '$(id)'",
  ],
  ...[
    'git-upload-pack "$(id)"',
    'git-upload-pack "$HOME"',
    "git-upload-pack a|id",
    "git-upload-pack a>b",
  ],
  ...[
    "git-upload-pack 'a'\nid",
    "git-upload-pack 'a\nid'",
    "git-upload-pack 'a\r'",
    "git-upload-pack 'a",
  ],
  ...["git-upload-pack a'", 'git-upload-pack "a', "git-upload-pack a\\;id", "git-upload-pack a\\"],
  ...[
    "git-upload-pack --upload-pack=id",
    "git-upload-pack '--upload-pack=id'",
    "git-upload-pack '-x'",
  ],
  ...["git-upload-pack '/--help'", "git-upload-pack -oProxyCommand=id", "git-upload-pack ''-x''"],
  ...["git-upload-pack ‘a’", "git-upload-pack “a”", "git-upload-pack *", "git-upload-pack '{a,b}'"],
  ...["hg -R --debugger serve --stdio", "hg -R '--debugger' serve --stdio", "hg --debugger serve"],
  ...["hg -R x serve --stdio --config extensions.x=y", "hg -R x --config a.b=c serve --stdio"],
  ...[
    "hg -R x serve",
    "hg -R x serve --stdio ",
    "hg -R 'x' 'serve' --stdio",
    "hg serve --stdio -R x",
  ],
  ...[
    "hg -R bundle:x serve --stdio",
    "hg -R ssh://-oProxyCommand=id/x serve --stdio",
    "hg -Rx serve",
  ],
];

/** In single quotes they reach the check of the name. */
const REFUSED_NAMES: readonly string[] = [
  ...[
    "../a",
    "a/../b",
    "a/..",
    "..",
    ".",
    "./a",
    "a/./b",
    "a//b",
    "//a",
    "a//",
    "/",
    "a\\b",
    "..\\a",
  ],
  ...[
    "%2e%2e/a",
    "a/%2E%2e/b",
    "a%2fb",
    "a%5Cb",
    "a%00b",
    "%252e%252e",
    "~",
    "~/a",
    "/~/a",
    "~root/a",
  ],
  ...[".git/../..", ".git", "a/.git", "a/.GIT", "a.git/hooks", "a/.hg/store", "git~1", "a/GIT~1/x"],
  ...[
    "a./b",
    "a.",
    "a /b",
    " a",
    "a ",
    "a/ b",
    "a/-b",
    "...",
    "c:/x",
    "a\0b",
    "a\u200bb",
    "a\u202eb",
  ],
  ...[
    "a\u0085b",
    "a\u2028b",
    "a\u00a0b",
    "a\u007fb",
    "e\u0301",
    "\ufeffa",
    "a\ue000",
    "a\u001b[31m",
  ],
];

describe("a command", () => {
  for (const [text, command] of TAKEN) {
    it(`is taken: ${text}`, () => assert.deepEqual(parse(text), command));
  }

  const names = REFUSED_NAMES.map((name) => `git-upload-pack '${name}'`);
  for (const text of [...REFUSED_LINES, ...names]) {
    it(`is refused, with one harmless sentence: ${JSON.stringify(text)}`, () => {
      const parsed = parse(text);
      assert.ok(isRefusal(parsed), JSON.stringify(parsed));
      assert.match(parsed.refused, /^[\x20-\x7e]{10,200}\.$/);
    });
  }

  it("is refused when it is longer than its limit, and taken at the limit", () => {
    const name = "a".repeat(1_024);
    assert.ok(!isRefusal(parse(`git-upload-pack '${name}'`)));
    assert.ok(isRefusal(parse(`git-upload-pack '${name}a'`)));
    assert.ok(isRefusal(parse(`git-upload-pack '${"ä".repeat(513)}'`)));
    assert.ok(isRefusal(parse(`git-upload-pack '${"a".repeat(65_536)}'`)));
    const options = completeCommandOptions({ commandMaxBytes: 64, repositoryMaxBytes: 64 });
    const line = `git-upload-pack ${"a".repeat(48)}`;
    assert.ok(!isRefusal(parseCommand(Buffer.from(line), options)));
    const refused = parseCommand(Buffer.from(`${line}a`), options);
    assert.deepEqual(refused, { refused: "The command is longer than 64 bytes." });
  });

  it("is refused when it is no UTF-8, also overlong and in surrogates", () => {
    for (const bytes of [[0xff], [0xc0, 0xae, 0xc0, 0xae], [0xed, 0xa0, 0x80], [0xe2, 0x82]]) {
      const line = Buffer.concat([
        Buffer.from("git-upload-pack 'a"),
        Buffer.from(bytes),
        Buffer.from("'"),
      ]);
      assert.deepEqual(parseCommand(line), { refused: "The command is not valid UTF-8." });
    }
  });

  it("says what could not be run, when that is a plain word", () => {
    assert.match((parse("scp -t .") as { refused: string }).refused, /^The command scp, /);
    assert.match((parse("rm$IFS-rf") as { refused: string }).refused, /^That cannot be run here/);
  });

  it("is the same when it comes back from what is sent to a backend", () => {
    for (const [, command] of TAKEN) {
      assert.deepEqual(parse(formatBackendCommand(command, command.repository)), command);
    }
  });
});

it("the limits of a command are refused out of range, with both numbers", () => {
  assert.throws(() => completeCommandOptions({ commandMaxBytes: 63 }), /is 63; .* 64 to 65536/);
  assert.throws(() => completeCommandOptions({ commandMaxBytes: NaN }), RangeError);
  assert.throws(() => completeCommandOptions({ repositoryMaxBytes: 0 }), /is 0; .* from 1/);
  const input = { commandMaxBytes: 100, repositoryMaxBytes: 101 };
  assert.throws(() => completeCommandOptions(input), /is 101; .* 100$/);
});
