/** Any bytes are a command that keeps all promises about repositories, or one harmless sentence. */
import assert from "node:assert/strict";
import { it } from "node:test";
import fc from "fast-check";
import { formatBackendCommand } from "./backend-command.ts";
import { isRefusal, parseCommand } from "./parse-command.ts";

const RUNS = { numRuns: 20_000 };

const part = fc.oneof(
  fc.constantFrom(
    "'",
    '"',
    "\\",
    "\\'",
    "\\!",
    "'\\''",
    " ",
    "/",
    "..",
    ".",
    ".git",
    "~",
    "-",
    "%2e",
  ),
  fc.constantFrom("a", "team", "x.git", ";id", "$(id)", "`", "\n", "\0", "ä", "e\u0301", "\u202e"),
  fc.string({ unit: "binary", maxLength: 3 }),
);
const name = fc.array(part, { maxLength: 8 }).map((parts) => parts.join(""));
const quoted = fc.oneof(
  name,
  name.map((text) => `'${text}'`),
  name.map((text) => `"${text}"`),
);
const head = fc.constantFrom(
  ...["git-upload-pack ", "git receive-pack ", "git-upload-archive ", "git-lfs-authenticate "],
  ...["hg -R ", "hg ", "git ", ""],
);
const tail = fc.constantFrom("", "", " ", " download", " upload", " serve --stdio", " --config a");
const line = fc.tuple(head, quoted, tail).map((parts) => Buffer.from(parts.join("")));

it("any command line near the grammar is a command or a sentence", () => {
  fc.assert(fc.property(line, checkLine), RUNS);
});

it("any bytes are", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 5_000 }), checkLine), { numRuns: 5_000 });
});

it("any change of one byte of a good command is", () => {
  const good = Buffer.from("hg -R 'team/it'\\''s' serve --stdio");
  fc.assert(
    fc.property(fc.nat(good.length - 1), fc.nat(255), (at, byte) => {
      const changed = Buffer.from(good);
      changed[at] = byte;
      checkLine(changed);
    }),
    RUNS,
  );
});

function checkLine(bytes: Uint8Array): void {
  const parsed = parseCommand(bytes);
  if (isRefusal(parsed)) {
    assert.match(parsed.refused, /^[\x20-\x7e]{10,200}\.$/);
    return;
  }
  const { repository } = parsed;
  assert.ok(repository !== "" && Buffer.byteLength(repository) <= 1_024);
  assert.ok(repository.isWellFormed() && repository === repository.normalize("NFC"));
  // oxlint-disable-next-line no-control-regex -- control characters are what this is about
  assert.doesNotMatch(repository, /[\u0000-\u001f\u007f-\u009f"$&()*:;<>?[\\\]^`{|}]/);
  for (const each of repository.split("/")) assert.doesNotMatch(each, /^$|^\.\.?$|^-|^ | $/);
  assert.doesNotMatch(repository, /^~|(?:^|\/)\.git(?:\/|$)/i);
  const again = parseCommand(Buffer.from(formatBackendCommand(parsed, repository)));
  assert.deepEqual(again, parsed);
}
